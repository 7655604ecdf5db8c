/*
 * receipt - proof of delivery: one JSON line for each file or batch
 */
#ifndef RECEIPT_H
#define RECEIPT_H

#include <stdint.h>
#include <stdio.h>

#include "buf.h"

struct receipt {
	const char *file;	/* NULL: a batch */
	struct span url, etag;
	uint64_t size;		/* bytes delivered */
	const char *sha256;	/* in hex, or NULL */
};

/*
 * Append it, with the time, to fd (opened with O_APPEND) in one write and sync
 * it.  0, or -1 with errno.
 */
int receipt_write(int fd, const struct receipt *r);

/*
 * Does the file f hold a receipt for a file of this name (the last part of its
 * path) with these contents?  1, 0, or -1 with errno.
 */
int receipt_find(FILE *f, const char *name, uint64_t size, const char *sha256);

#endif
