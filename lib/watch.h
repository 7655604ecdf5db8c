/*
 * watch - what is appended to files, across rotation (inotify(7))
 *
 * A file is followed by its name: what it holds when the watch begins is old;
 * one that appears later is new from its first byte.  A file that was renamed
 * is followed until the next but one of its name appears, since its writer may
 * not have noticed yet; one that was truncated is read from its start.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct watch;

struct watch *watch_new(void);		/* NULL with errno */

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

/* Read data of one file; 0 when there is none, after all. */
ssize_t watch_read(struct watch *w, void *p, size_t n);

void watch_free(struct watch *w);

#endif
