/*
 * pieces - read a .gz that has an index, unpacking ahead on several threads
 */
#ifndef PIECES_H
#define PIECES_H

#include <stdint.h>
#include <sys/types.h>

struct pieces;

/* fd: of a regular file, not closed by us.  NULL: it has no index. */
struct pieces *pieces_new(int fd, unsigned threads);
/*
 * Before the first read: leave out pieces whose lines are all from before from
 * or not from before until, as the index tells.  Those that are left out are
 * not checked, nor is the whole.
 */
void pieces_between(struct pieces *p, int64_t from, int64_t until);
ssize_t pieces_read(struct pieces *p, void *buf, size_t n);	/* 0: end; -1 */
const char *pieces_error(const struct pieces *p);	/* after -1 */
void pieces_free(struct pieces *p);

#endif
