/*
 * receipt - proof of delivery: one JSON line for each file or batch
 */
#ifndef STORE_RECEIPT_H
#define STORE_RECEIPT_H

#include <stdint.h>

#include "base/buf.h"

struct receipt {
	const char *file;	/* NULL for a batch */
	struct span url, etag;
	uint64_t size;		/* bytes delivered */
	const char *sha256;	/* in hex, or NULL */
	struct span ids; /* the ids of documents, a JSON array; or empty */
};

/* The beginnings of a receipt, for append_log_open. */
extern const char *const receipt_begin[];

/*
 * Append the receipt, with the time, to fd (see append_log.h) and sync it.
 * Returns 0, or -1 with errno.
 */
int receipt_write(int fd, const struct receipt *r);

#endif
