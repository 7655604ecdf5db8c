/*
 * deflate_piece - pieces of a deflate stream (RFC 1951), made one by one
 *
 * Each piece is compressed by itself, ends on a byte boundary and is not the
 * last: pieces made by different threads make one stream when they are put one
 * after the other, and any of them can be unpacked alone.
 */
#ifndef INPUT_DEFLATE_PIECE_H
#define INPUT_DEFLATE_PIECE_H

#include <stddef.h>

/* An empty last block, which ends a deflate stream after the last piece. */
#define DEFLATE_END "\x03\0"
enum { DEFLATE_END_SIZE = 2 };

struct deflate;

/*
 * Make what one thread at a time compresses pieces with.  Returns NULL with
 * errno ENOMEM.
 */
struct deflate *deflate_new(void);

/* The bytes that a piece of n bytes may need. */
size_t deflate_bound(size_t n);

/*
 * Compress n bytes, more than 0, to out, unpack them and compare.  level is 1
 * (fastest) to 12, as in libdeflate.  Returns the piece's size, or 0 with
 * errno: ENOMEM, or EIO when it does not unpack to the same (which is a bug, or
 * bad memory).
 */
size_t deflate_piece(struct deflate *d, int level, const void *in, size_t n,
    void *out);
void deflate_free(struct deflate *d);

#endif
