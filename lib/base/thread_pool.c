#include "base/thread_pool.h"

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

struct thread_pool {
	void (*work)(void *), (*report)(void *);
	pthread_mutex_t lock;
	/* More is for the workers, done for thread_pool_take. */
	pthread_cond_t more, done;
	struct item *first, *last;	/* in the order of thread_pool_put */
	struct item *todo;		/* the first that no thread has begun */
	size_t count;
	bool closing;
	unsigned threads;
	pthread_t thread[];
};

/* Take the oldest job out of the queue. */
static void *
pop(struct thread_pool *j)
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
	struct thread_pool *j = arg;
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

/*
 * Start the threads with all signals blocked: signals are for the main thread.
 */
static int
start_threads(struct thread_pool *j, unsigned threads)
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
	if (j->threads > 0)	/* fewer threads are only slower */
		return 0;
	errno = r;
	return -1;
}

struct thread_pool *
thread_pool_new(unsigned threads, void (*work)(void *))
{
	struct thread_pool *j;

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
thread_pool_put(struct thread_pool *j, void *job)
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
thread_pool_count(struct thread_pool *j)
{
	size_t n;

	pthread_mutex_lock(&j->lock);
	n = j->count;
	pthread_mutex_unlock(&j->lock);
	return n;
}

void *
thread_pool_take(struct thread_pool *j)
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
thread_pool_report(struct thread_pool *j, void (*report)(void *))
{
	j->report = report;
}

void
thread_pool_wait(struct thread_pool *j, size_t count)
{
	pthread_mutex_lock(&j->lock);
	while (j->count > count)
		pthread_cond_wait(&j->done, &j->lock);
	pthread_mutex_unlock(&j->lock);
}

void
thread_pool_free(struct thread_pool *j)
{
	if (j == NULL)
		return;
	pthread_mutex_lock(&j->lock);
	j->closing = true;
	pthread_cond_broadcast(&j->more);
	pthread_mutex_unlock(&j->lock);
	for (unsigned i = 0; i < j->threads; i++)
		pthread_join(j->thread[i], NULL);
	while (thread_pool_take(j) != NULL)
		;
	free(j);
}

unsigned
thread_pool_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}
