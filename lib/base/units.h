/*
 * units - durations and sizes as people write them
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdint.h>

/*
 * Read a duration: 30, 1.5s, 500ms, 5m, 2h, 7d; a bare number is seconds.
 * Returns 0, or -1 when s is none of these or does not fit.
 */
int units_duration_ms(const char *s, int64_t *ms);

/*
 * Read a size: 4096, 64K, 8M, 1G, 2T (powers of 1024; k, KiB and KB mean the
 * same).  Returns 0 or -1, as above.
 */
int units_size(const char *s, uint64_t *bytes);

int64_t units_now_ms(void);	/* CLOCK_MONOTONIC */

#endif
