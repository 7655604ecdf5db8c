/*
 * pack - bytes to gzip, on several threads
 *
 * The result is one gzip member, which every gunzip reads.  It is made of
 * pieces (deflate.h) that end with a line where they can.  Their size depends
 * on level and input only, so the bytes do not depend on the number of threads.
 */
#ifndef PACK_H
#define PACK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pack {
	int level;		/* 1 to 9, as gzip's */
	unsigned threads;
	/* As read(2): 0 at the end, -1 with errno. */
	ssize_t (*source)(void *arg, void *p, size_t n);
	/* All n bytes: 0, or -1 with errno. */
	int (*sink)(void *arg, const void *p, size_t n);
	/*
	 * Writes n bytes again at the start of what the sink got; NULL when it
	 * cannot.  With it and size, what the source is to give, there will be
	 * an index (gzindex.h) if there is more than one piece.
	 */
	int (*again)(void *arg, const void *p, size_t n);
	uint64_t size;
	void *arg;		/* for all */

	/* Results. */
	uint64_t in, out;	/* bytes read, bytes written */
	uint32_t crc;		/* CRC-32 of what was read */
};

/* 0, or -1 with errno: of the source, of the sink, or ENOMEM. */
int pack_run(struct pack *p);

#endif
