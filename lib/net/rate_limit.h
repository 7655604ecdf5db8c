/*
 * rate_limit - how fast bytes are sent
 */
#ifndef NET_RATE_LIMIT_H
#define NET_RATE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begin with { .rate = ... }; it belongs to one thread. */
struct rate_limit {
	uint64_t rate;		/* bytes a second, 0 for no limit */
	double paid_ms;		/* units_now_ms when more may be sent */
};

/* Say that so many bytes are sent now. */
void rate_limit_add(struct rate_limit *l, uint64_t bytes);

/*
 * Wait until more may be sent.  Returns early after termination was asked for,
 * or when until_done at the end of its grace (see grace.h).
 */
void rate_limit_wait(const struct rate_limit *l, bool until_done);

/* How many of n bytes to send at once: a tenth of a second's, or all. */
size_t rate_limit_portion(const struct rate_limit *l, size_t n);

#endif
