/*
 * units - durations and sizes as people write them
 */
#ifndef UNITS_H
#define UNITS_H

#include <stdint.h>

/*
 * 30, 1.5s, 500ms, 5m, 2h, 7d; a bare number is seconds.  Returns 0, or -1 when
 * it is none of these or does not fit.
 */
int units_duration_ms(const char *s, int64_t *ms);

/* 4096, 64K, 8M, 1G, 2T (powers of 1024; k, KiB and KB mean the same). */
int units_size(const char *s, uint64_t *bytes);

int64_t units_now_ms(void);	/* CLOCK_MONOTONIC */

#endif
