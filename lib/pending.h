/*
 * pending - a file that says which processes have work that is not done yet
 *
 * Several processes may share it: each marks itself and clears its own mark.
 * The mark of one that is no more is taken over by whoever looks next.  What
 * cannot be read as a mark counts as one, so that a damaged file causes work
 * to be done once more, not to be forgotten.
 */
#ifndef PENDING_H
#define PENDING_H

#include <time.h>

struct pending;

/* The file is made when it is missing.  NULL with errno. */
struct pending *pending_open(const char *path);

/*
 * Mark this process, on disk when it returns.  *since: when its work came; of
 * marks taken over the earliest is stored there.  dead, if not NULL, is called
 * with the number of each process that left one, 0 when not known.  1 when some
 * were, 0, or -1 with errno.
 */
int pending_mark(struct pending *p, struct timespec *since,
    void (*dead)(void *arg, long pid), void *arg);

/* As pending_mark, but without marks to take over this process gets none. */
int pending_adopt(struct pending *p, struct timespec *since,
    void (*dead)(void *arg, long pid), void *arg);

int pending_clear(struct pending *p);	/* 0, or -1 with errno */
void pending_free(struct pending *p);

#endif
