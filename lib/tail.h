/*
 * tail - what is appended to files, across rotation, as if it came by a pipe
 */
#ifndef TAIL_H
#define TAIL_H

struct tail;

/*
 * Follow the files paths (see watch_add), which end with NULL, in a thread,
 * until finish_asked().  NULL with errno; *bad is the path that was at fault.
 */
struct tail *tail_new(char *const *paths, const char **bad);

int tail_fd(const struct tail *t);	/* the pipe, which the caller closes */

/* After that: 0, or the errno that ended it. */
int tail_free(struct tail *t);

#endif
