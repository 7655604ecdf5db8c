/*
 * gzindex - where the pieces of a gzip member begin, told in its own header
 *
 * A gzip header may hold extra fields (RFC 1952, 2.3.1.1), which who does not
 * know them passes over.  Ours is "LF": 16 bytes for each piece, four numbers
 * of 32 bits, low byte first, as in struct gzpiece.  What is left of the room
 * for them is zero.  A piece is deflate data (deflate.h) that can be unpacked
 * alone; the first follows the header at once, and DEFLATE_END the last.
 */
#ifndef GZINDEX_H
#define GZINDEX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct gzpiece {
	uint32_t packed, unpacked;	/* sizes in bytes */
	uint32_t first, last;		/* seconds; 0: not all times known */
};

struct gzindex {
	struct gzpiece *piece;
	size_t n, room;		/* used, and room for */
	unsigned run;		/* so many pieces are told as one */
	off_t start;		/* of the first piece in the file */
	uint32_t crc;		/* of the whole, from the trailer */
};

enum { GZ_HEADER = 10, GZ_TRAILER = 8 };

/*
 * Make room for the pieces to come; as a header holds no more than 4095 of
 * them, several may have to share one.  0, or -1: ENOMEM.
 */
int gzindex_new(struct gzindex *x, uint64_t pieces);
void gzindex_add(struct gzindex *x, uint64_t nth, const struct gzpiece *piece);

/* Size of a header with the index. */
size_t gzindex_size(const struct gzindex *x);
/* Complete a header whose first GZ_HEADER bytes are there. */
void gzindex_put(const struct gzindex *x, unsigned char *header);

/*
 * Read the index of the file.  0, or -1 when there is none that fits the whole
 * of it, and no piece larger than 64 MiB.
 */
int gzindex_read(struct gzindex *x, int fd);
void gzindex_free(struct gzindex *x);

#endif
