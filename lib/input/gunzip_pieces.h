/*
 * gunzip_pieces - read a .gz that has an index, unpacking ahead on several threads
 */
#ifndef INPUT_GUNZIP_PIECES_H
#define INPUT_GUNZIP_PIECES_H

#include <stdint.h>
#include <sys/types.h>

#include "input/gzip_index.h"

struct gunzip_pieces;

/*
 * Read the regular file fd, which is not closed by us.  Returns NULL when it
 * has no index.
 */
struct gunzip_pieces *gunzip_pieces_new(int fd, unsigned threads);
/*
 * Leave out pieces that are not wanted; see gzip_index_choose.  Call it before
 * the first read.  Pieces that are left out are not checked, and then the
 * checksum of the whole is not, either.  Returns how many are left out.
 */
size_t gunzip_pieces_choose(struct gunzip_pieces *p,
    const struct gzip_wanted *wanted, int64_t near);
/* Returns 0 at the end, -1. */
ssize_t gunzip_pieces_read(
    struct gunzip_pieces *p, void *buf, size_t n);
/* The reason, after -1. */
const char *gunzip_pieces_error(const struct gunzip_pieces *p);
void gunzip_pieces_free(struct gunzip_pieces *p);

#endif
