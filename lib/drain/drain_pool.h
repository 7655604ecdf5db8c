/*
 * drain_pool - threads that give drains their turns
 *
 * There are as many threads as drains that are under way at once, within a
 * limit; drains that fail are given a part of these at most, so that they never
 * hold up the others.
 */
#ifndef DRAIN_DRAIN_POOL_H
#define DRAIN_DRAIN_POOL_H

#include "drain/drain.h"

struct drain_pool;

struct drain_pool *drain_pool_new(void);	/* NULL with errno */
/*
 * Threads that do not end within ms are left alone: then it returns false, and
 * the pool and the drains that run must be kept.  Else it frees the retired ones,
 * too, and *status gets worse by theirs.
 */
bool drain_pool_free(struct drain_pool *p, int64_t ms, int *status);

/* Note how many frames the queue has now, after a flush of some bytes. */
void drain_pool_flushed(struct drain_pool *p, struct drain *d, uint64_t bytes);
/*
 * Have the drain's turn come if it is due, or has long been idle.  To be called
 * for each drain, once in a while.
 */
void drain_pool_check(struct drain_pool *p, struct drain *d, int64_t now);
/* No more lines will come: none waits for others any more. */
void drain_pool_hurry(struct drain_pool *p);
/* Give it no more turns, and have it freed when it has none. */
void drain_pool_retire(struct drain_pool *p, struct drain *d);
/* Free those.  Returns how many have a turn still; *status gets worse by theirs. */
size_t drain_pool_reap(struct drain_pool *p, int *status);

struct drain_progress {
	uint64_t next, acked;	/* frames flushed, and settled */
	int64_t oldest_ms;
	uint64_t turns;		/* how many it has had */
	bool busy;		/* has a turn now, or will at once */
	bool ended;
};

struct drain_progress drain_pool_look(struct drain_pool *p, struct drain *d);
/* Wait until some turn has ended since the last call, ms at most. */
void drain_pool_wait(struct drain_pool *p, int64_t ms);

#endif
