/*
 * deflate - pieces of a deflate stream (RFC 1951), made one by one
 *
 * Each piece is compressed by itself, ends on a byte boundary and is not the
 * last: pieces made by different threads make one stream when they are put one
 * after the other, and any of them can be unpacked alone.
 */
#ifndef DEFLATE_H
#define DEFLATE_H

#include <stddef.h>

/* Ends a deflate stream after the last piece: an empty last block. */
#define DEFLATE_END "\x03\0"
enum { DEFLATE_END_SIZE = 2 };

struct deflate;

/* For one thread at a time.  NULL: ENOMEM. */
struct deflate *deflate_new(void);

/* Room that a piece of n bytes may need. */
size_t deflate_bound(size_t n);

/*
 * Compress n bytes, above 0, to out and compare.  level: 1 (fastest) to 12, as
 * libdeflate has them.  The piece's size, or 0 with errno: ENOMEM, or EIO when
 * it does not unpack to the same (which is a bug, or bad memory).
 */
size_t deflate_piece(struct deflate *d, int level, const void *in, size_t n,
    void *out);
void deflate_free(struct deflate *d);

#endif
