/*
 * jobs - pieces of work on several threads, results in the order of the pieces
 */
#ifndef JOBS_H
#define JOBS_H

#include <stddef.h>

struct jobs;

/* work is called in one of threads (1 to 256) for each job.  NULL with errno. */
struct jobs *jobs_new(unsigned threads, void (*work)(void *job));

/*
 * Queue a job.  0, or -1 with errno ENOMEM.  It never waits: whoever wants
 * bounded memory takes one back when jobs_count is as large as it may be.
 */
int jobs_put(struct jobs *j, void *job);
size_t jobs_count(struct jobs *j);	/* put and not yet taken */
void *jobs_take(struct jobs *j);	/* waits for the oldest; NULL: none left */

/*
 * Instead of jobs_take: report is called with each job as soon as it and all
 * before it are done, by one thread at a time.  To be set before the first put.
 */
void jobs_report(struct jobs *j, void (*report)(void *job));
void jobs_wait(struct jobs *j, size_t count);	/* until so many are left */
void jobs_free(struct jobs *j);		/* waits for all; what was not taken is lost */

unsigned jobs_cpus(void);		/* as many as this process may use */

#endif
