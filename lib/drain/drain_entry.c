#include "drain/drain_entry.h"

#include <stdlib.h>
#include <string.h>

#include "drain/drain_status.h"

struct drain_entry *
drain_entry_new(const char *id)
{
	struct drain_entry *e = calloc(1, sizeof *e);

	if (e != NULL && (e->id = strdup(id)) == NULL) {
		free(e);
		e = NULL;
	}
	return e;
}

void
drain_entry_free(struct drain_entry *e, struct file_watch *watch)
{
	for (size_t i = 0; i < DRAIN_NAMED; i++)
		file_watch_remove(watch, e->named[i]);
	buf_free(&e->status);
	free(e->id);
	free(e);
}

/* Have *f watch that path, or nothing when it is empty. */
static int
rename_watched(struct file_watch *watch, struct watched_file **f,
    const char *path)
{
	if (strcmp(*f == NULL ? "" : file_watch_path(*f), path) == 0)
		return 0;
	file_watch_remove(watch, *f);
	*f = *path == '\0' ? NULL : file_watch_add(watch, path);
	return *f == NULL && *path != '\0' ? -1 : 0;
}

int
drain_entry_name(struct drain_entry *e, struct file_watch *watch,
    struct span text)
{
	struct buf path[DRAIN_NAMED] = { { 0 } };
	int r = 0;

	drain_folder_name(text, path);
	for (size_t i = 0; i < DRAIN_NAMED; i++) {
		if (r == 0)
			r = rename_watched(watch, &e->named[i],
			    path[i].len == 0 ? "" : path[i].p);
		buf_free(&path[i]);
	}
	return r;
}

bool
drain_entry_look(const struct drain_entry *e, struct file_watch *watch,
    struct stat st[DRAIN_NAMED], int64_t ms)
{
	struct stat now[DRAIN_NAMED] = { { 0 } };

	for (size_t i = 0; i < DRAIN_NAMED; i++)
		if (e->named[i] != NULL &&
		    !file_watch_look(watch, e->named[i], &now[i], ms))
			return false;
	memcpy(st, now, sizeof now);
	return true;
}

bool
drain_entry_write_status(struct drain_entry *e, struct drain_pool *pool,
    int dir)
{
	struct drain_progress p;
	struct buf text = { 0 };

	if (e->drain == NULL)
		return false;
	p = drain_pool_look(pool, e->drain);
	if (e->is_told && p.next == e->told.next && p.turns == e->told.turns)
		return false;
	e->is_told = drain_status_print(e->drain, &p, &text) == 0 &&
	    (span_eq(buf_span(&text), buf_span(&e->status)) ||
	    drain_status_write(dir, e->id, buf_span(&text),
	    e->loaded.own.st_mode) == 0);
	if (e->is_told) {
		e->told = p;
		buf_free(&e->status);
		e->status = text;
	} else {
		buf_free(&text);
	}
	return true;
}
