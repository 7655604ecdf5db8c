/*
 * state_file - a file that says which processes have work that is not done yet
 *
 * Several processes may share it: each marks itself and clears its own mark.
 * The mark of a process that has ended is taken over by the next one that
 * looks.  A line that cannot be read as a mark counts as one, so that a damaged
 * file causes work to be done once more, not to be forgotten.
 */
#ifndef TRIGGER_STATE_FILE_H
#define TRIGGER_STATE_FILE_H

#include <time.h>

struct state_file;

/*
 * Open the file, which is made when it is missing.  Returns NULL with errno:
 * EEXIST for a file that we did not write.
 */
struct state_file *state_file_open(const char *path);

/*
 * Mark this process, on disk when it returns.  *since is when its work came; if
 * marks are taken over, the earliest time is stored there.  dead, if not NULL,
 * is called with the number of each process that left a mark, 0 when not known,
 * while both its mark and ours are on disk; when it returns -1, both stay.
 * Returns 1 when marks were taken over, 0, or -1 with errno.
 */
int state_file_mark(struct state_file *p, struct timespec *since,
    int (*dead)(void *arg, long pid), void *arg);

/*
 * As state_file_mark, but when there are no marks to take over this process is
 * not marked.
 */
int state_file_adopt(struct state_file *p, struct timespec *since,
    int (*dead)(void *arg, long pid), void *arg);

int state_file_clear(struct state_file *p); /* returns 0, or -1 with errno */
void state_file_free(struct state_file *p);

#endif
