/*
 * pack - bytes to gzip, on several threads
 *
 * The result is one gzip member, which every gunzip reads.  It is made of
 * pieces (deflate.h) that end with a line where they can.  Their size depends
 * on level and input only, so the bytes do not depend on the number of threads.
 * Each is unpacked and compared before it is written: if in the end so many
 * bytes with that CRC-32 are there, they unpack to what was taken.
 */
#ifndef PACK_H
#define PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pack {
	int level;		/* 1 to 9, as gzip's */
	unsigned threads;
	/*
	 * Pieces end where the contents say so: what follows a change in them
	 * is soon packed to the same bytes again.  They get no index.
	 */
	bool rsyncable;
	/* All n bytes: 0, or -1 with errno. */
	int (*sink)(void *arg, const void *p, size_t n);
	/*
	 * Writes n bytes again at the start of what the sink got; NULL when it
	 * cannot.  With it and size, how many bytes there will be, they get an
	 * index (gzindex.h) if they are more than one piece.
	 */
	int (*again)(void *arg, const void *p, size_t n);
	uint64_t size;
	void *arg;		/* for both */

	/* Results, good after pack_end. */
	uint64_t in, out;	/* bytes taken, bytes written */
	uint32_t crc, out_crc;	/* CRC-32 of them */
	struct packer *packer;	/* private */
};

/* 0 (or a pointer), or -1 (NULL) with errno: the sink's or ENOMEM. */
int pack_begin(struct pack *p);		/* fields above results are set */
void *pack_room(struct pack *p, size_t *n);	/* n bytes to fill in, above 0 */
void pack_filled(struct pack *p, size_t n);	/* so many were */
int pack_add(struct pack *p, const void *bytes, size_t n);	/* both in one */
int pack_end(struct pack *p);
void pack_free(struct pack *p);		/* after begin, whatever it returned */

#endif
