/*
 * verify - whether a file holds the bytes that it should
 */
#ifndef INPUT_VERIFY_H
#define INPUT_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/input.h"

struct content {
	uint64_t size;
	uint32_t crc;		/* the CRC-32; both are 0 for no bytes */
};

void content_add(struct content *c, const void *p, size_t n);

/*
 * Count the bytes that in gives, raw (without unpacking) or unpacked.  Returns
 * 0, or -1, see input_error.
 */
int content_read(struct content *c, struct input *in, bool raw);

/*
 * Read the file fd again from its start and compare.  Returns 0, or -1 with the
 * reason in *why, which lasts until the next call in this thread.
 */
int content_check(const struct content *c, int fd, bool raw, const char **why);

/*
 * Whether these n bytes are at that place of the file fd.  For n = 0, whether
 * the file ends there.
 */
bool content_at(int fd, off_t at, const void *p, size_t n);

/* Whether packed unpacks to the contents of plain.  Both are descriptors. */
bool content_is(int packed, int plain);

#endif
