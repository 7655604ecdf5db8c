#include "jobs.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

struct item {
	void *job;
	bool done;
	struct item *next;
};

struct jobs {
	void (*work)(void *), (*report)(void *);
	pthread_mutex_t lock;
	pthread_cond_t more, done;	/* for the workers, for jobs_take */
	struct item *first, *last;	/* in the order of jobs_put */
	struct item *todo;		/* the first that no thread has begun */
	size_t count;
	bool closing;
	unsigned threads;
	pthread_t thread[];
};

/* The oldest job leaves the queue. */
static void *
pop(struct jobs *j)
{
	struct item *it = j->first;
	void *job = it->job;

	j->first = it->next;
	j->count--;
	free(it);
	return job;
}

static void *
worker(void *arg)
{
	struct jobs *j = arg;
	struct item *it;

	pthread_mutex_lock(&j->lock);
	for (;;) {
		while ((it = j->todo) == NULL && !j->closing)
			pthread_cond_wait(&j->more, &j->lock);
		if (it == NULL)
			break;
		j->todo = it->next;
		pthread_mutex_unlock(&j->lock);
		j->work(it->job);
		pthread_mutex_lock(&j->lock);
		it->done = true;
		while (j->report != NULL && j->first != NULL && j->first->done)
			j->report(pop(j));
		pthread_cond_signal(&j->done);
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

/* Start them with signals blocked: those are the main thread's. */
static int
start_threads(struct jobs *j, unsigned threads)
{
	sigset_t all, old;
	int r = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (j->threads < threads && r == 0)
		if ((r = pthread_create(&j->thread[j->threads], NULL, worker,
		    j)) == 0)
			j->threads++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (j->threads > 0)	/* fewer are slower, no more */
		return 0;
	errno = r;
	return -1;
}

struct jobs *
jobs_new(unsigned threads, void (*work)(void *))
{
	struct jobs *j;

	j = calloc(1, sizeof *j + threads * sizeof j->thread[0]);
	if (j == NULL)
		return NULL;
	j->work = work;
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->more, NULL);
	pthread_cond_init(&j->done, NULL);
	if (start_threads(j, threads) < 0) {
		free(j);
		return NULL;
	}
	return j;
}

int
jobs_put(struct jobs *j, void *job)
{
	struct item *it;

	if ((it = calloc(1, sizeof *it)) == NULL)
		return -1;
	it->job = job;
	pthread_mutex_lock(&j->lock);
	if (j->first == NULL)
		j->first = it;
	else
		j->last->next = it;
	j->last = it;
	if (j->todo == NULL)
		j->todo = it;
	j->count++;
	pthread_cond_signal(&j->more);
	pthread_mutex_unlock(&j->lock);
	return 0;
}

size_t
jobs_count(struct jobs *j)
{
	size_t n;

	pthread_mutex_lock(&j->lock);
	n = j->count;
	pthread_mutex_unlock(&j->lock);
	return n;
}

void *
jobs_take(struct jobs *j)
{
	struct item *it;
	void *job = NULL;

	pthread_mutex_lock(&j->lock);
	if ((it = j->first) != NULL) {
		while (!it->done)
			pthread_cond_wait(&j->done, &j->lock);
		job = pop(j);
	}
	pthread_mutex_unlock(&j->lock);
	return job;
}

void
jobs_report(struct jobs *j, void (*report)(void *))
{
	j->report = report;
}

void
jobs_wait(struct jobs *j, size_t count)
{
	pthread_mutex_lock(&j->lock);
	while (j->count > count)
		pthread_cond_wait(&j->done, &j->lock);
	pthread_mutex_unlock(&j->lock);
}

void
jobs_free(struct jobs *j)
{
	if (j == NULL)
		return;
	pthread_mutex_lock(&j->lock);
	j->closing = true;
	pthread_cond_broadcast(&j->more);
	pthread_mutex_unlock(&j->lock);
	for (unsigned i = 0; i < j->threads; i++)
		pthread_join(j->thread[i], NULL);
	while (jobs_take(j) != NULL)
		;
	free(j);
}

unsigned
jobs_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}
