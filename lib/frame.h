/*
 * frame - a line on its way to a receiver: where it came from, and its bytes
 *
 * Packed, it is a 24-byte head (length, CRC-32 of all that follows the CRC,
 * stream, position; little endian) and the data, so that a file of frames can
 * be read up to the one that a crash tore.
 */
#ifndef FRAME_H
#define FRAME_H

#include <stdint.h>

#include "buf.h"

enum { FRAME_HEAD = 24, FRAME_MAX = 1 << 26 };	/* bytes; FRAME_MAX of data */

struct frame {
	uint64_t stream;	/* which input, by its first line */
	uint64_t position;	/* bytes of it before this line */
	struct span data;
};

int frame_pack(struct buf *to, const struct frame *f);	/* -1 with errno */

/*
 * Take the first frame off bytes; its data points into them.  1; 0 when bytes
 * end before it does; -1 for what cannot be a frame (length or CRC is wrong).
 */
int frame_unpack(struct frame *f, struct span *bytes);

#endif
