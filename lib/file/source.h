/*
 * source - a file that goes away once something else stands for it
 */
#ifndef FILE_SOURCE_H
#define FILE_SOURCE_H

#include <stdbool.h>
#include <sys/stat.h>

struct source {
	int fd;			/* open for reading only */
	int dir;		/* the folder */
	const char *base; /* its name in the folder; points into the path */
	struct stat st;		/* the file as source_mark found it */
};

/*
 * Open a regular file; no link is followed.  path is kept.  Returns 0, or -1
 * with errno: EISDIR, ELOOP for a link, ENOTSUP for anything else that is no
 * file.
 */
int source_open(struct source *s, const char *path);
int source_mark(struct source *s); /* from now on the file must not change */

/*
 * Whether it, and its name too, is still the file that was marked, with that
 * size and mtime.
 */
bool source_unchanged(const struct source *s);

/*
 * Whether both are the same file (device, inode) with the same size and mtime.
 */
bool source_is_same(const struct stat *a, const struct stat *b);
/*
 * Whether base in the folder dir is the name of the file st.  False with an
 * errno, or ESTALE.
 */
bool source_is_named(int dir, const char *base, const struct stat *st);

/*
 * Remove the file and sync the folder, if it is unchanged.  Returns 0, or -1
 * with errno: ESTALE if another file has the name now, or the file has changed.
 * _at takes the name base in the folder dir, and the file's result of fstat(2).
 */
int source_remove(const struct source *s);
int source_remove_at(int dir, const char *base, const struct stat *st);
void source_close(struct source *s);

#endif
