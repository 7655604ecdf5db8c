/*
 * feed - a burst's data, kept in a file until a command has read it
 */
#ifndef FEED_H
#define FEED_H

#include <stddef.h>

struct feed {
	int fd;			/* -1: nothing yet */
	char *path;		/* NULL: the file has no name */
};

/*
 * Add data, or none to have an empty file.  With base the file is named
 * "BASE.PID.N" (N: number), so that it can be found when we are no more;
 * without, it lies in TMPDIR and has no name.  0, or -1 with errno.
 */
int feed_add(struct feed *f, const char *base, unsigned number, const void *p,
    size_t n);

/* Add the files that the process pid left, and remove them; 0, or -1. */
int feed_adopt(struct feed *f, const char *base, unsigned number, long pid);

void feed_free(struct feed *f);		/* and remove it; back to { -1 } */

#endif
