/*
 * source - a file that goes away once something else stands for it
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <sys/stat.h>

struct source {
	int fd;			/* read only */
	int dir;		/* the folder */
	const char *base;	/* its name there; points into the path */
	struct stat st;		/* as source_mark found it */
};

/*
 * Open a regular file; no link is followed.  path is kept.  0, or -1 with
 * errno: EISDIR, ELOOP for a link, ENOTSUP for anything else that is no file.
 */
int source_open(struct source *s, const char *path);
int source_mark(struct source *s);	/* from now on it must not change */

/* Is it, by name too, the file that was marked, with that size and mtime? */
bool source_unchanged(const struct source *s);

/* Remove it and sync the folder, if unchanged: 0, or -1 (errno ESTALE). */
int source_remove(const struct source *s);
void source_close(struct source *s);

#endif
