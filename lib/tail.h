/*
 * tail - what is appended to files, across rotation, as one stream of lines
 *
 * Lines of several files are not mixed, see watch.h; of a line that is cut off
 * by another file's an LF is made the end.
 */
#ifndef TAIL_H
#define TAIL_H

#include <stddef.h>
#include <sys/types.h>

struct tail;

/*
 * Follow the files paths (see watch_add), which end with NULL.  NULL with errno;
 * *bad is the path that was at fault.
 */
struct tail *tail_new(char *const *paths, size_t max_line, const char **bad);

/*
 * Read some data, of one file, from the tail arg.  Before it waits it calls
 * input_idle, see there.  0 at the end: when that says so, after finish_asked(),
 * or when files can no longer be followed.
 */
ssize_t tail_read(void *arg, void *p, size_t n);

const char *tail_name(struct tail *t);	/* of that file, until the next read */
int tail_free(struct tail *t);		/* 0, or the errno that ended it */

#endif
