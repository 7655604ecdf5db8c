#include "drain/drain_pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/status.h"
#include "base/termination.h"
#include "base/timed_wait.h"
#include "base/units.h"

enum {
	THREADS_MAX = 512,
	FAILING_MAX = 64,	/* of these are given to drains that fail */
	STACK = 512 << 10,
	LEAVE_MS = 10 * 1000,	/* a thread without work ends then */
	REST_MS = 30 * 1000,	/* so does a drain's connection */
	AGAIN_MS = 200,		/* when lines wait that could not be got */
};

struct list {
	struct drain *first, **end;
	unsigned n;
};

struct drain_pool {
	pthread_mutex_t lock;
	pthread_cond_t work, moved;
	struct list ready, failing;	/* drains that wait for a thread */
	unsigned threads, idle, failing_now;
	pthread_t ended;	/* the thread that ended last, if any did */
	bool any_ended;
	struct drain *retired;	/* drains that are to be freed */
	unsigned moves;
	bool hurry, ending;
};

struct drain_pool *
drain_pool_new(void)
{
	struct drain_pool *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	pthread_mutex_init(&p->lock, NULL);
	timed_wait_init(&p->work);
	timed_wait_init(&p->moved);
	p->ready.end = &p->ready.first;
	p->failing.end = &p->failing.first;
	return p;
}

/* --- which drain is next; the caller holds the lock --- */

static void
append(struct list *l, struct drain *d)
{
	d->next_ready = NULL;
	*l->end = d;
	l->end = &d->next_ready;
	l->n++;
}

static struct drain *
take_first(struct list *l)
{
	struct drain *d = l->first;

	if (d == NULL)
		return NULL;
	if ((l->first = d->next_ready) == NULL)
		l->end = &l->first;
	l->n--;
	return d;
}

static struct drain *
take_next(struct drain_pool *p)
{
	struct drain *d = take_first(&p->ready);

	if (d == NULL && p->failing_now < FAILING_MAX &&
	    (d = take_first(&p->failing)) != NULL)
		p->failing_now++;
	return d;
}

static void *serve(void *arg);

static void
add_thread(struct drain_pool *p)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	if (pthread_create(&thread, &attr, serve, p) == 0)
		p->threads++;
	pthread_attr_destroy(&attr);
}

/*
 * A thread that was signalled is idle until it runs, so each drain that waits
 * for one counts: another's turn may last long.
 */
static void
make_ready(struct drain_pool *p, struct drain *d)
{
	unsigned may_fail = FAILING_MAX - p->failing_now;

	d->state = DRAIN_READY;
	append(d->failing ? &p->failing : &p->ready, d);
	if (p->failing.n < may_fail)
		may_fail = p->failing.n;
	if (p->ready.n + may_fail > p->idle && p->threads < THREADS_MAX)
		add_thread(p);
	pthread_cond_signal(&p->work);
}

/*
 * Whether lines may wait.  Where frames are damaged, who writes and who reads
 * may have counted them otherwise, so the numbers alone do not say.
 */
static bool
may_wait(const struct drain *d)
{
	return d->next > d->acked || d->unsent > 0 || d->failing || d->stuck;
}

/* Returns when the lines that wait are due, or -1. */
static int64_t
lines_due(const struct drain_pool *p, const struct drain *d, int64_t now)
{
	const struct stream *st = &d->stream;

	if (!may_wait(d))
		return -1;
	return p->hurry || d->settings->at_once ||
	    (d->next > d->acked && d->next - d->acked >= st->batch_lines) ||
	    d->unsent >= st->batch_bytes ? now : now + st->batch_ms;
}

/* Give an idle drain its turn at `due`, or earlier if that is agreed already. */
static void
set_due(struct drain_pool *p, struct drain *d, int64_t due, int64_t now)
{
	if (d->retired || d->ended || due < 0 ||
	    (d->state == DRAIN_DUE && (d->failing || d->due_ms < due)))
		return;
	d->state = DRAIN_DUE;
	d->due_ms = due;
	if (due <= now)
		make_ready(p, d);
}

/* --- the threads --- */

/* What comes after a turn. */
static void
settle(struct drain_pool *p, struct drain *d, enum drain_turn r, int64_t due)
{
	int64_t now = units_now_ms();

	if (d->failing)
		p->failing_now--;
	d->failing = r == DRAIN_FAILED;
	d->used_ms = now;
	d->turns++;
	d->state = DRAIN_IDLE;
	d->ended = r == DRAIN_GAVE_UP ||
	    (termination_asked() && (r == DRAIN_FAILED || r == DRAIN_STUCK));
	if (r == DRAIN_FAILED || r == DRAIN_STUCK) {
		set_due(p, d, due, now);
		return;
	}
	/* There are more than were counted. */
	due = r == DRAIN_DELIVERED && d->acked > d->next ? now :
	    lines_due(p, d, now);
	if (r == DRAIN_NOTHING && due >= 0)
		due = now + AGAIN_MS;
	set_due(p, d, due, now);
}

/* The caller holds the lock, which is released during the turn. */
static void
give_turn(struct drain_pool *p, struct drain *d)
{
	uint64_t acked = d->acked;
	int64_t due = 0, oldest;
	bool rest = !may_wait(d);
	enum drain_turn r = DRAIN_NOTHING;

	d->state = DRAIN_RUNNING;
	d->unsent = 0;
	if (d->retired)
		goto done;
	pthread_mutex_unlock(&p->lock);
	if (rest) {
		drain_rest(d);
		oldest = 0;
	} else {
		r = drain_take_turn(d, &due, &acked, &oldest);
	}
	pthread_mutex_lock(&p->lock);
	d->open = !rest;
	if (acked > d->acked)
		d->acked = acked;
	/* There are less than were counted, when that is found twice. */
	if (r == DRAIN_NOTHING && acked > 0 && d->unsent == 0) {
		if (d->none_at == d->next && d->acked < d->next)
			d->acked = d->next;
		d->none_at = d->next;
	}
	d->oldest_ms = oldest;
done:
	settle(p, d, r, due);
	p->moves++;
	pthread_cond_broadcast(&p->moved);
}

static void *
serve(void *arg)
{
	struct drain_pool *p = arg;
	struct drain *d;
	pthread_t before;
	bool any_before;
	int64_t leave;

	pthread_mutex_lock(&p->lock);
	while (!p->ending) {
		leave = units_now_ms() + LEAVE_MS;
		p->idle++;
		while ((d = take_next(p)) == NULL && !p->ending &&
		    units_now_ms() < leave)
			timed_wait(&p->work, &p->lock, leave);
		p->idle--;
		if (d == NULL)
			break;
		give_turn(p, d);
	}
	p->threads--;
	before = p->ended;
	any_before = p->any_ended;
	p->ended = pthread_self();
	p->any_ended = true;
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->lock);
	/* Each waits for the one before it, and who frees the pool for the last. */
	if (any_before)
		pthread_join(before, NULL);
	return NULL;
}

static void
free_list(struct drain *first, int *status)
{
	struct drain *d;

	while ((d = first) != NULL) {
		first = d->next_retired;
		*status = status_worse(*status, drain_free(d));
	}
}

bool
drain_pool_free(struct drain_pool *p, int64_t ms, int *status)
{
	int64_t end = units_now_ms() + ms;
	bool all;

	if (p == NULL)
		return true;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_broadcast(&p->work);
	while (p->threads > 0 && units_now_ms() < end)
		timed_wait(&p->moved, &p->lock, end);
	all = p->threads == 0;
	pthread_mutex_unlock(&p->lock);
	if (!all)
		return false;
	if (p->any_ended)
		pthread_join(p->ended, NULL);
	free_list(p->retired, status);	/* also what waits for a thread */
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->moved);
	pthread_mutex_destroy(&p->lock);
	free(p);
	return true;
}

/* --- for others --- */

void
drain_pool_flushed(struct drain_pool *p, struct drain *d, uint64_t bytes)
{
	int64_t now = units_now_ms();

	pthread_mutex_lock(&p->lock);
	d->next = queue_next(d->queue);
	d->unsent += bytes;
	if (d->state == DRAIN_IDLE || d->state == DRAIN_DUE)
		set_due(p, d, lines_due(p, d, now), now);
	pthread_mutex_unlock(&p->lock);
}

void
drain_pool_check(struct drain_pool *p, struct drain *d, int64_t now)
{
	pthread_mutex_lock(&p->lock);
	if (d->state == DRAIN_IDLE && d->open && !d->retired &&
	    now - d->used_ms > REST_MS)
		make_ready(p, d);
	else if (d->state == DRAIN_READY && p->threads == 0)
		add_thread(p);	/* there was no thread to be had */
	else if (d->state == DRAIN_DUE && d->failing && termination_asked())
		d->ended = true;
	else if (d->state == DRAIN_DUE && !d->retired && (d->due_ms <= now ||
	    (p->hurry && !d->failing && !d->stuck)))
		make_ready(p, d);
	else if (d->state == DRAIN_IDLE || (d->state == DRAIN_DUE && p->hurry &&
	    !d->failing && !d->stuck))
		set_due(p, d, lines_due(p, d, now), now);
	pthread_mutex_unlock(&p->lock);
}

void
drain_pool_hurry(struct drain_pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->hurry = true;
	pthread_mutex_unlock(&p->lock);
}

void
drain_pool_retire(struct drain_pool *p, struct drain *d)
{
	pthread_mutex_lock(&p->lock);
	d->retired = true;
	d->next_retired = p->retired;
	p->retired = d;
	pthread_mutex_unlock(&p->lock);
}

/* The caller has the lock.  Returns those that have no turn, as a list. */
static struct drain *
take_retired(struct drain_pool *p, size_t *left)
{
	struct drain *d, *done = NULL, **at = &p->retired;

	*left = 0;
	while ((d = *at) != NULL)
		if (d->state == DRAIN_IDLE || d->state == DRAIN_DUE) {
			*at = d->next_retired;
			d->next_retired = done;
			done = d;
		} else {
			at = &d->next_retired;
			++*left;
		}
	return done;
}

size_t
drain_pool_reap(struct drain_pool *p, int *status)
{
	struct drain *done;
	size_t left;

	pthread_mutex_lock(&p->lock);
	done = take_retired(p, &left);
	pthread_mutex_unlock(&p->lock);
	free_list(done, status);
	return left;
}

struct drain_progress
drain_pool_look(struct drain_pool *p, struct drain *d)
{
	struct drain_progress r;

	pthread_mutex_lock(&p->lock);
	r = (struct drain_progress){
		.next = d->next > d->acked ? d->next : d->acked,
		.acked = d->acked,
		.oldest_ms = d->oldest_ms, .turns = d->turns,
		.busy = d->state == DRAIN_READY || d->state == DRAIN_RUNNING ||
		    (d->unsent > 0 && !d->ended),
		.ended = d->ended,
	};
	pthread_mutex_unlock(&p->lock);
	return r;
}

void
drain_pool_wait(struct drain_pool *p, int64_t ms)
{
	int64_t end = units_now_ms() + ms;
	unsigned before;

	pthread_mutex_lock(&p->lock);
	before = p->moves;
	while (p->moves == before && units_now_ms() < end)
		timed_wait(&p->moved, &p->lock, end);
	pthread_mutex_unlock(&p->lock);
}
