/* jobs: work on several threads, results in order */
#include <stdlib.h>
#include <unistd.h>

#include "base/thread_pool.h"
#include "tap.h"

struct job {
	int n, square;
};

static void
work(void *arg)
{
	struct job *job = arg;

	usleep((useconds_t)(job->n % 3) * 1000);	/* end out of order */
	job->square = job->n * job->n;
}

int
main(void)
{
	struct job job[100], *got;
	struct thread_pool *j = thread_pool_new(4, work);
	bool in_order = true;
	int n = 0;

	ok(j != NULL && thread_pool_take(j) == NULL,
	    "where no job was put there is none to take");
	for (int i = 0; i < 100; i++) {
		job[i] = (struct job){ .n = i };
		if (thread_pool_put(j, &job[i]) < 0)
			abort();
	}
	ok(thread_pool_count(j) == 100, "all jobs are counted");
	for (; (got = thread_pool_take(j)) != NULL; n++)
		in_order = in_order && got->n == n && got->square == n * n;
	ok(n == 100 && in_order, "every job was done, and taken in order");
	if (thread_pool_put(j, &job[0]) < 0)
		abort();
	thread_pool_free(j);
	ok(thread_pool_cpus() >= 1, "there is a processor");
	return done_testing();
}
