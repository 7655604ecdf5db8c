/*
 * retry - when to try again: exponential back-off with full jitter
 */
#ifndef NET_RETRY_H
#define NET_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct retry {
	int64_t end_ms;		/* units_now_ms of the deadline, 0 for none */
	int64_t deadline_ms;	/* how long it was from the beginning */
	unsigned tries;		/* how many tries failed so far */
};

void retry_begin(struct retry *r, int64_t deadline_ms);	/* 0 for no deadline */
void retry_restart(struct retry *r);	/* begins again, as a part was done */

/*
 * Returns how long to wait after a failure: a random time of up to 200 ms, a
 * limit that doubles with each failure up to 20 s, but at least after_ms.  -1
 * means that no time is left for another try.
 */
int64_t retry_next_ms(struct retry *r, int64_t after_ms);

/*
 * Wait that long.  Returns false when no time is left, or after
 * termination_asked.
 */
bool retry_wait(struct retry *r, int64_t after_ms);

/* At least 1, or 0 without a deadline. */
int64_t retry_left_ms(const struct retry *r);

#endif
