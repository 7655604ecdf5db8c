#include "net/retry.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/termination.h"
#include "base/units.h"

enum { FIRST_MS = 200, LONGEST_MS = 20 * 1000 };

void
retry_begin(struct retry *r, int64_t deadline_ms)
{
	r->tries = 0;
	r->deadline_ms = deadline_ms;
	r->end_ms = deadline_ms > 0 ? units_now_ms() + deadline_ms : 0;
}

void
retry_restart(struct retry *r)
{
	retry_begin(r, r->deadline_ms);
}

static int64_t
random_below(int64_t n)
{
	uint64_t v = 0;

	if (getrandom(&v, sizeof v, 0) < 0)
		v = (uint64_t)units_now_ms();
	return (int64_t)(v % (uint64_t)n);
}

int64_t
retry_next_ms(struct retry *r, int64_t after_ms)
{
	int64_t most = LONGEST_MS, wait;

	if (r->tries < 16 && (int64_t)FIRST_MS << r->tries < LONGEST_MS)
		most = (int64_t)FIRST_MS << r->tries;
	r->tries++;
	wait = random_below(most + 1);
	if (wait < after_ms)
		wait = after_ms;
	if (r->end_ms != 0 && units_now_ms() + wait >= r->end_ms)
		return -1;
	return wait;
}

bool
retry_wait(struct retry *r, int64_t after_ms)
{
	struct pollfd p = { .fd = termination_fd(), .events = POLLIN };
	int64_t wait = retry_next_ms(r, after_ms), end = units_now_ms() + wait;

	if (wait < 0)
		return false;
	while (!termination_asked() && (wait = end - units_now_ms()) > 0)
		poll(&p, 1, (int)wait);
	return !termination_asked();
}

int64_t
retry_left_ms(const struct retry *r)
{
	int64_t left;

	if (r->end_ms == 0)
		return 0;
	left = r->end_ms - units_now_ms();
	return left > 1 ? left : 1;
}
