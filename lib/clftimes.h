/*
 * clftimes - the times of a block of access-log lines
 */
#ifndef CLFTIMES_H
#define CLFTIMES_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

/*
 * The first and the last time in the block, in seconds since 1970.  False when
 * any line is not plainly one of an access log: HOST IDENTITY USER [TIME] "...
 */
bool clftimes(struct span block, uint32_t *first, uint32_t *last);

#endif
