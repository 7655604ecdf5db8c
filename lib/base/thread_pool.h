/*
 * thread_pool - pieces of work on several threads, results in the order of the pieces
 */
#ifndef BASE_THREAD_POOL_H
#define BASE_THREAD_POOL_H

#include <stddef.h>

struct thread_pool;

/*
 * Make a pool of 1 to 256 threads, which call work for each job.  Returns NULL
 * with errno on failure.
 */
struct thread_pool *thread_pool_new(unsigned threads, void (*work)(void *job));

/*
 * Queue a job.  Returns 0, or -1 with errno ENOMEM.  It never waits: a caller
 * that wants bounded memory takes a job back when thread_pool_count has reached
 * a limit of its own.
 */
int thread_pool_put(struct thread_pool *j, void *job);
/* Jobs put and not yet taken. */
size_t thread_pool_count(struct thread_pool *j);
/* Waits for the oldest job; NULL when none is left. */
void *thread_pool_take(
    struct thread_pool *j);

/*
 * Have report called with each job as soon as it and all jobs before it are
 * done, by one thread at a time.  This replaces thread_pool_take, and is set
 * before the first job is put.
 */
void thread_pool_report(struct thread_pool *j, void (*report)(void *job));
/* Waits until only count jobs are left. */
void thread_pool_wait(
    struct thread_pool *j, size_t count);
void thread_pool_free(
    struct thread_pool *j); /* waits for all jobs; those not taken are lost */

unsigned thread_pool_cpus(void); /* how many CPUs this process may use */

#endif
