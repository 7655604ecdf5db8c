#include "net/rate_limit.h"

#include <poll.h>

#include "base/termination.h"
#include "base/units.h"
#include "net/grace.h"

enum { NAP_MS = 1000, PORTIONS = 10 };

void
rate_limit_add(struct rate_limit *l, uint64_t bytes)
{
	double now = (double)units_now_ms();

	if (l->rate == 0)
		return;
	if (l->paid_ms < now)
		l->paid_ms = now;
	l->paid_ms += (double)bytes * 1000 / (double)l->rate;
}

void
rate_limit_wait(const struct rate_limit *l, bool until_done)
{
	struct pollfd p = {
		.fd = until_done ? -1 : termination_fd(), .events = POLLIN,
	};
	double left;

	if (l->rate == 0)
		return;
	while ((left = l->paid_ms - (double)units_now_ms()) > 0 &&
	    (until_done ? grace_left_ms() > 0 : !termination_asked()))
		poll(&p, 1, left < NAP_MS ? (int)left + 1 : NAP_MS);
}

size_t
rate_limit_portion(const struct rate_limit *l, size_t n)
{
	uint64_t most = l->rate / PORTIONS + 1;

	return l->rate > 0 && n > most ? (size_t)most : n;
}
