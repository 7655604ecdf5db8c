/*
 * gzip_writer - bytes to gzip, on several threads
 *
 * The result is one gzip member, which every gunzip reads.  It is made of
 * pieces (deflate_piece.h) that end with a line where they can.  Their size
 * depends on level and input only, so the bytes do not depend on the number of
 * threads.  Each piece is unpacked and compared before it is written.  So if
 * the output has the right size and CRC-32 in the end, it unpacks to the input.
 */
#ifndef PACK_GZIP_WRITER_H
#define PACK_GZIP_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pack {
	int level;		/* 1 to 9, as in gzip */
	unsigned threads;
	/*
	 * Pieces end where the contents say so: soon after a change, they are
	 * packed to the same bytes again.  They get no index.
	 */
	bool rsyncable;
	/* Writes all n bytes.  Returns 0, or -1 with errno. */
	int (*sink)(void *arg, const void *p, size_t n);
	/*
	 * The output gets an index (gzip_index.h).  More than one piece get one
	 * only with again, which writes n bytes again at the start of what the
	 * sink got; or NULL.
	 */
	bool indexed;
	int (*again)(void *arg, const void *p, size_t n);
	void *arg;		/* the argument of both */
	/* How many bytes there will be, for the room of the index; 0: many. */
	uint64_t size;
	/* The time of the input's last change, or ZONE_NOW; for the index. */
	int64_t near;

	/* The results, valid after pack_end. */
	uint64_t in, out;	/* bytes taken, bytes written */
	uint32_t crc, out_crc;	/* the CRC-32 of both */
	struct packer *packer;	/* private */
};

/*
 * These return 0 (or a pointer), or -1 (NULL) with errno: the sink's or ENOMEM.
 */
int pack_begin(struct pack *p); /* the fields above the results must be set */
void *pack_room(struct pack *p, size_t *n); /* n bytes to fill in, at least 1 */
/* Says that n bytes were filled in. */
void pack_filled(struct pack *p, size_t n);
/* pack_room and pack_filled in one. */
int pack_add(struct pack *p, const void *bytes, size_t n);
int pack_end(struct pack *p);
void pack_free(struct pack *p); /* after pack_begin, whatever it returned */

#endif
