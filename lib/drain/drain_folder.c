#include "drain/drain_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "drain/drain_settings.h"
#include "file/path.h"
#include "record/json.h"

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
add_name(struct drain_names *names, struct buf *pointers, const char *name)
{
	char *copy = strdup(name);

	if (copy == NULL || buf_add(pointers, &copy, sizeof copy) < 0) {
		free(copy);
		return -1;
	}
	names->name = (void *)pointers->p;
	names->n++;
	return 0;
}

int
drain_folder_list(int dir, struct drain_names *names)
{
	DIR *d = path_list(dir);
	struct buf pointers = { 0 };
	const struct dirent *e;
	int r = 0;

	*names = (struct drain_names){ 0 };
	if (d == NULL)
		return -1;
	while (r == 0 && (errno = 0, e = readdir(d)) != NULL)
		if (drain_settings_is_id(e->d_name))
			r = add_name(names, &pointers, e->d_name);
	if (r == 0 && errno != 0)
		r = -1;
	closedir(d);
	if (r < 0)
		drain_names_free(names);
	else if (names->n > 0)
		qsort(names->name, names->n, sizeof(char *), compare_names);
	return r;
}

void
drain_names_free(struct drain_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
	*names = (struct drain_names){ 0 };
}

/* Returns NULL, or what is wrong. */
static const char *
read_file(int fd, struct stat *st, struct buf *text)
{
	ssize_t n;

	if (fstat(fd, st) < 0)
		return strerror(errno);
	if (!S_ISREG(st->st_mode))
		return "is no file";
	if ((st->st_mode & S_IWOTH) != 0)
		return "anybody may change it";
	if (st->st_size > DRAIN_FILE_MAX)
		return "is too large";
	if (buf_reserve(text, DRAIN_FILE_MAX) < 0)
		return strerror(errno);
	while ((n = read(fd, text->p + text->len, text->cap - text->len)) > 0)
		text->len += (size_t)n;
	return n < 0 ? strerror(errno) : NULL;
}

int
drain_folder_read(int dir, const char *id, struct stat *st, struct buf *text,
    struct buf *error)
{
	int fd = openat(dir, id, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY);
	const char *why = fd < 0 ? strerror(errno) : read_file(fd, st, text);
	int failed = errno;

	if (fd >= 0)
		close(fd);
	if (why != NULL)
		buf_adds(error, why);
	errno = failed;
	return why != NULL ? -1 : 0;
}

void
drain_folder_name(struct span text, struct buf named[DRAIN_NAMED])
{
	static const char *const members[DRAIN_NAMED] =
	    { "auth_file", "cacert" };
	struct json_value v;

	for (size_t i = 0; i < DRAIN_NAMED; i++) {
		buf_clear(&named[i]);
		if (!json_get(text, members[i], &v) ||
		    v.type != JSON_STRING || json_decode(&named[i], &v) < 0 ||
		    buf_str(&named[i]) == NULL)
			buf_clear(&named[i]);
	}
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size && a->st_mode == b->st_mode &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	    a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

bool
drain_folder_is_same(const struct drain_look *a, const struct drain_look *b)
{
	for (size_t i = 0; i < DRAIN_NAMED; i++)
		if (!is_same(&a->named[i], &b->named[i]))
			return false;
	return is_same(&a->own, &b->own);
}
