/*
 * frame - a line on its way to a receiver: where it came from, and its bytes
 *
 * Packed, it is a 32-byte head (length, CRC-32 of all that follows the CRC,
 * stream, position, time; little endian) and the data, so that a file of frames
 * can be read up to the one that a crash tore, and on after one that is damaged.
 * Bit 31 of the length says that there is a time: older heads have 24 bytes.
 */
#ifndef STREAM_FRAME_H
#define STREAM_FRAME_H

#include <stdint.h>

#include "base/buf.h"

enum { FRAME_HEAD = 32, FRAME_MAX = 1 << 26 };	/* bytes; FRAME_MAX of data */

struct frame {
	uint64_t stream; /* a hash that names the input, by its first line */
	/* How many bytes of the input come before this line. */
	uint64_t position;
	struct span data;
	int64_t time_ms;	/* when it was read, since 1970; 0: not known */
};

/*
 * Returns a hash that tells inputs from each other, by this machine's name and
 * their first line: so a file keeps its identity when it is renamed, packed, or
 * sent again.
 */
uint64_t frame_stream(const char *host, struct span first_line);

int frame_pack(struct buf *to, const struct frame *f);	/* -1 with errno */

/*
 * Take the first frame off bytes; its data points into them.  Returns 1; 0 when
 * bytes end before it does; -1 when they cannot be a frame (length or CRC is
 * wrong).
 */
int frame_unpack(struct frame *f, struct span *bytes);

/*
 * Returns where in bytes, not at their beginning, a whole frame begins;
 * bytes.len when there is none.
 */
size_t frame_find(struct span bytes);

/*
 * How many frames bytes are, by the lengths in their heads, whatever else is
 * damaged; 1 when the lengths do not lead to the end of bytes.
 */
size_t frame_count(struct span bytes);

/* Whether bytes are just one frame with a damaged length. */
bool frame_has_wrong_length(struct span bytes);

#endif
