/*
 * retry - when to try again: exponential back-off with full jitter
 */
#ifndef RETRY_H
#define RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct retry {
	int64_t end_ms;		/* units_now_ms of the deadline, 0: none */
	int64_t deadline_ms;	/* how long that was from the beginning */
	unsigned tries;		/* that failed so far */
};

void retry_begin(struct retry *r, int64_t deadline_ms);	/* 0: none */
void retry_restart(struct retry *r);	/* a part was done: from here again */

/*
 * How long to wait after a failure: a random time of up to 200 ms, doubling
 * with each failure up to 20 s, but at least after_ms.  -1: no time is left for
 * another try.
 */
int64_t retry_next_ms(struct retry *r, int64_t after_ms);

/* Wait so long.  False: no time is left, or finish_asked. */
bool retry_wait(struct retry *r, int64_t after_ms);

int64_t retry_left_ms(const struct retry *r);	/* at least 1; 0: no deadline */

#endif
