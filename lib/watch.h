/*
 * watch - what is appended to files, across rotation (inotify(7))
 *
 * A file is followed by its name: what it holds when the watch begins is old;
 * one that appears later is new from its first byte.  A file that was renamed
 * is followed until the next but one of its name appears, since its writer may
 * not have noticed yet; one that was truncated is read from its start.
 *
 * Data is given in whole lines.  The start of a line is held back until its end
 * is there, too, as another file's lines may come in between.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

struct watch;

/*
 * What is longer than max_line without an LF is not held back any more.  NULL
 * with errno.
 */
struct watch *watch_new(size_t max_line);

/*
 * Follow the file path, which need not be there yet; its folder must.  The
 * last part may be a pattern, see glob(7).  0, or -1 with errno.
 */
int watch_add(struct watch *w, const char *path);

int watch_fd(const struct watch *w);	/* poll for POLLIN, then watch_ready */

/*
 * Look at what has happened.  1 when there is data to be read, 0 when there is
 * none, -1 with errno: files can no longer be followed (ENOENT: the folder has
 * gone).
 */
int watch_ready(struct watch *w);

/* Only what is there by now is wanted, of what is written on.  -1 with errno. */
int watch_last(struct watch *w);

/* It lasts until the next call. */
struct watch_data {
	struct span bytes;
	const char *path;	/* of the file, by the name it was found under */
	bool other;		/* what was given before is another file's: */
				/* if that lacks an LF, it is still to get one */
};

/*
 * Read data of one file: 1, bytes may be empty when all is held back; 0 when
 * there is none, after all; -1 with errno.
 */
int watch_read(struct watch *w, struct watch_data *d);

/* Give what is held back of one file: 1, or 0 when there is no more. */
int watch_rest(struct watch *w, struct watch_data *d);

void watch_free(struct watch *w);

#endif
