#include "drain/drain_entry.h"

#include <stdlib.h>

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
drain_entry_free(struct drain_entry *e)
{
	for (size_t i = 0; i < DRAIN_NAMED; i++)
		buf_free(&e->named[i]);
	buf_free(&e->status);
	free(e->id);
	free(e);
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
