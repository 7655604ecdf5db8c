#include "lanes.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "finish.h"
#include "origin.h"
#include "status.h"
#include "stream.h"
#include "units.h"

struct lane {
	struct lanes *all;
	struct sender *sender;
	pthread_t thread;

	struct batch filling;
	size_t bytes;
	uint64_t first;		/* number of its first frame */
	int64_t due_ms;		/* it goes, full or not */
	bool full;

	struct batch sending;	/* the thread's while busy */
	uint64_t sending_first;
	bool busy;		/* under the lock; stays when d is given up */
};

struct lanes {
	struct delivery *d;
	const struct stream *st;
	struct relay *relay;
	struct lane *lane;
	unsigned n;
	struct origin *origin;	/* NULL: there is one lane */

	struct frame held;	/* got, but not in a batch yet */
	struct lane *holder;	/* the lane it takes; NULL: nothing is held */
	uint64_t acked;		/* frames before this one; UINT64_MAX: none got */
	int64_t turn_end_ms;	/* to wait for another process, 0: not yet */

	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned moves;		/* batches delivered or given up */
	bool ending;
};

/* --- a lane's own thread --- */

static void
lane_send(struct lane *l)
{
	struct lanes *w = l->all;
	bool sent = delivery_send(w->d, l->sender, &l->sending);

	pthread_mutex_lock(&w->lock);
	l->busy = !sent;
	w->moves++;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
}

static void *
lane_run(void *arg)
{
	struct lane *l = arg;
	struct lanes *w = l->all;
	bool busy;

	do {
		pthread_mutex_lock(&w->lock);
		while (!l->busy && !w->ending)
			pthread_cond_wait(&w->moved, &w->lock);
		busy = l->busy;
		pthread_mutex_unlock(&w->lock);
		if (!busy)
			break;
		lane_send(l);
		relay_wake(w->relay);
	} while (!delivery_given_up(w->d));
	return NULL;
}

/* --- the thread that fills the batches --- */

static bool
is_busy(struct lanes *w, const struct lane *l)
{
	bool busy;

	pthread_mutex_lock(&w->lock);
	busy = l->busy;
	pthread_mutex_unlock(&w->lock);
	return busy;
}

/* The batch goes to the lane's thread; the only lane has none. */
static void
launch(struct lanes *w, struct lane *l)
{
	struct batch empty = l->sending;

	batch_ready(&l->filling);
	if (l->sender->whole)
		relay_plan(w->relay, relay_number(w->relay) -
		    (w->holder != NULL));
	l->sending = l->filling;
	l->filling = empty;
	batch_clear(&l->filling);
	l->sending_first = l->first;
	l->full = false;
	pthread_mutex_lock(&w->lock);
	l->busy = true;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
	if (w->n == 1)
		lane_send(l);
}

/*
 * Launch what is full, or due, or (all) anything.  When the next batch will be
 * due, or -1; those of busy lanes are looked at when these have moved.
 */
static int64_t
launch_due(struct lanes *w, bool all)
{
	int64_t now = units_now_ms(), next = -1;

	for (struct lane *l = w->lane; l < w->lane + w->n; l++) {
		if (l->filling.n == 0 || is_busy(w, l))
			continue;
		if (all || l->full || l->due_ms <= now)
			launch(w, l);
		else if (next < 0 || l->due_ms < next)
			next = l->due_ms;
	}
	return next;
}

/* Put the frame held into its lane's batch; false: there is no room. */
static bool
place(struct lanes *w)
{
	const struct stream *st = w->st;
	struct lane *l = w->holder;
	size_t more = w->held.data.len + 1 + l->sender->overhead;
	int64_t planned = l->sender->whole ? relay_planned(w->relay) : -1;

	if (l->full)
		return false;
	if (planned < 0 && l->filling.n > 0 &&
	    l->bytes + more > st->batch_bytes) {
		l->full = true;
		return false;
	}
	if (l->filling.n == 0) {
		l->bytes = 0;
		l->first = relay_number(w->relay) - 1;
		l->due_ms = units_now_ms() + (l->sender->at_once ||
		    st->confirm ? 0 : st->batch_ms);
	}
	l->bytes += more;
	batch_add(&l->filling, &w->held);
	w->holder = NULL;
	l->full = planned == 0 ||
	    (planned < 0 && l->filling.n >= st->batch_lines);
	return true;
}

static struct lane *
lane_for(struct lanes *w, const struct frame *f)
{
	return w->origin == NULL ? w->lane :
	    &w->lane[origin_of(w->origin, f->data, f->stream) % w->n];
}

/* Fill batches until one is full, or due.  As relay_get. */
static int
fill(struct lanes *w, int64_t until)
{
	struct lane *l;
	int got;

	while ((got = relay_get(w->relay, &w->held, until)) > 0) {
		if (w->acked == UINT64_MAX)
			w->acked = relay_number(w->relay) - 1;
		l = w->holder = lane_for(w, &w->held);
		if (!place(w) || l->full)
			break;
		if (until < 0 || l->due_ms < until)
			until = l->due_ms;
	}
	return got;
}

/* Acknowledge all before the first frame that is not settled. */
static void
acknowledge(struct lanes *w)
{
	uint64_t end = relay_number(w->relay) - (w->holder != NULL);

	for (const struct lane *l = w->lane; l < w->lane + w->n; l++) {
		if (is_busy(w, l))
			end = l->sending_first < end ? l->sending_first : end;
		else if (l->filling.n > 0)
			end = l->first < end ? l->first : end;
	}
	if (w->acked == UINT64_MAX || end <= w->acked)
		return;
	w->acked = end;
	if (relay_ack(w->relay, end) == 0)
		return;
	w->st->tell("%s: %s", w->st->spool, strerror(errno));
	delivery_fail(w->d, STATUS_TROUBLE);
}

static unsigned
moves(struct lanes *w)
{
	unsigned n;

	pthread_mutex_lock(&w->lock);
	n = w->moves;
	pthread_mutex_unlock(&w->lock);
	return n;
}

/* Wait until some lane has moved since, but not for longer than until. */
static void
wait_moved(struct lanes *w, unsigned since, int64_t until)
{
	struct timespec ts = { .tv_sec = until / 1000,
	    .tv_nsec = until % 1000 * 1000000 };
	int late = 0;

	pthread_mutex_lock(&w->lock);
	while (w->moves == since && late == 0)
		late = until < 0 ? pthread_cond_wait(&w->moved, &w->lock) :
		    pthread_cond_timedwait(&w->moved, &w->lock, &ts);
	pthread_mutex_unlock(&w->lock);
}

/* Nothing came: are we still waiting for another process to end its turn? */
static bool
wait_on(struct lanes *w)
{
	int64_t now = units_now_ms();

	if (relay_has_turn(w->relay) || !relay_closed(w->relay))
		return true;
	if (w->turn_end_ms == 0 && w->st->deadline_ms > 0)
		w->turn_end_ms = now + w->st->deadline_ms;
	return !finish_asked() &&
	    (w->turn_end_ms == 0 || now < w->turn_end_ms);
}

static bool
all_launched(struct lanes *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->lane[i].filling.n > 0)
			return false;
	return true;
}

static void
dispatch(struct lanes *w)
{
	unsigned since;
	int64_t until;
	int got = 1;

	while (!delivery_given_up(w->d)) {
		since = moves(w);
		until = launch_due(w, got < 0);
		acknowledge(w);
		if (w->holder != NULL) {
			if (!place(w))
				wait_moved(w, since, until);
		} else if (got < 0) {
			if (all_launched(w))
				break;
			wait_moved(w, since, -1);
		} else if ((got = fill(w, until)) == 0 && !wait_on(w)) {
			delivery_fail(w->d, STATUS_RETRY);
		}
	}
}

/* How many of the lanes' threads could be started. */
static unsigned
start(struct lanes *w, struct sender *const *senders)
{
	unsigned i;

	for (i = 0; i < w->n; i++)
		w->lane[i] = (struct lane){ .all = w, .sender = senders[i] };
	if (w->n == 1)
		return 0;
	if ((w->origin = origin_new()) == NULL)
		return 0;
	for (i = 0; i < w->n; i++)
		if ((errno = pthread_create(&w->lane[i].thread, NULL, lane_run,
		    &w->lane[i])) != 0)
			break;
	return i;
}

static void
stop(struct lanes *w, unsigned threads)
{
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(w->lane[i].thread, NULL);
	acknowledge(w);
	for (unsigned i = 0; i < w->n; i++) {
		batch_free(&w->lane[i].filling);
		batch_free(&w->lane[i].sending);
	}
	origin_free(w->origin);
}

static void
init_condition(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

void
lanes_run(struct delivery *d, struct sender *const *senders, unsigned n)
{
	struct lanes w = {
		.d = d, .st = d->st, .relay = d->relay, .n = n,
		.acked = UINT64_MAX, .lock = PTHREAD_MUTEX_INITIALIZER,
	};
	unsigned threads = 0;

	init_condition(&w.moved);
	if ((w.lane = calloc(n, sizeof *w.lane)) != NULL)
		threads = start(&w, senders);
	if (w.lane == NULL || (n > 1 && threads < n)) {
		w.st->tell("%s", strerror(errno));
		delivery_fail(d, STATUS_TROUBLE);
	}
	if (w.lane != NULL)
		dispatch(&w);
	relay_give_up(d->relay);
	if (delivery_given_up(d))
		finish_ask();		/* whoever reads need read no more */
	if (w.lane != NULL)
		stop(&w, threads);
	delivery_tell_losses(d, senders[0]);
	free(w.lane);
	pthread_cond_destroy(&w.moved);
	pthread_mutex_destroy(&w.lock);
}
