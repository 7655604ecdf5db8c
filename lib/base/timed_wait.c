#include "base/timed_wait.h"

#include <time.h>

void
timed_wait_init(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

bool
timed_wait(pthread_cond_t *c, pthread_mutex_t *lock, int64_t until_ms)
{
	struct timespec ts = { .tv_sec = until_ms / 1000,
	    .tv_nsec = until_ms % 1000 * 1000000 };

	return (until_ms < 0 ? pthread_cond_wait(c, lock) :
	    pthread_cond_timedwait(c, lock, &ts)) == 0;
}
