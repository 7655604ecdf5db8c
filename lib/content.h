/*
 * content - whether a file holds what it is to hold
 */
#ifndef CONTENT_H
#define CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"

struct content {
	uint64_t size;
	uint32_t crc;		/* CRC-32; both 0 for nothing yet */
};

void content_add(struct content *c, const void *p, size_t n);

/* What in gives, raw (as it is) or unpacked.  0, or -1, see input_error. */
int content_read(struct content *c, struct input *in, bool raw);

/*
 * Read the file fd again from its start and compare.  0, or -1 and *why tells
 * the reason, until the next call in this thread.
 */
int content_check(const struct content *c, int fd, bool raw, const char **why);

/* Are these n bytes at that place of the file fd?  n = 0: does it end there? */
bool content_at(int fd, off_t at, const void *p, size_t n);

/* Is what packed unpacks to the contents of plain?  Both are descriptors. */
bool content_is(int packed, int plain);

#endif
