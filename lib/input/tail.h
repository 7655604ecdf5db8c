/*
 * tail - what is appended to files, across rotation, as one stream of lines
 *
 * Lines of several files are not mixed, see watch.h.  When data of another file
 * comes before a line has its LF, an LF is added.
 */
#ifndef INPUT_TAIL_H
#define INPUT_TAIL_H

#include <stddef.h>
#include <sys/types.h>

struct tail;

/*
 * Follow the files in paths (see watch_add), which ends with NULL. Returns NULL
 * with errno; *bad is the path that was at fault.
 */
struct tail *tail_new(char *const *paths, size_t max_line, const char **bad);

/*
 * Read some data, of one file, from the tail arg.  Before it waits it calls
 * input_idle, see input.h.  Returns 0 at the end: when input_idle says so,
 * after termination_asked(), or when files can no longer be followed.
 */
ssize_t tail_read(void *arg, void *p, size_t n);

/* The name of that file, until the next read. */
const char *tail_name(struct tail *t);
int tail_free(struct tail *t); /* returns 0, or the errno that ended it */

#endif
