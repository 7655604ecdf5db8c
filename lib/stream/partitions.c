#include "stream/partitions.h"

#include <errno.h>
#include <stdlib.h>

#include "base/status.h"
#include "base/termination.h"
#include "base/timed_wait.h"
#include "base/units.h"
#include "stream/partition_key.h"

struct partition {
	struct partitions *all;
	struct receiver *receiver;
	pthread_t thread;

	struct batch filling;
	size_t bytes;
	uint64_t first;		/* number of the first frame in filling */
	int64_t due_ms;		/* when it is sent even if it is not full */
	bool full;

	struct batch sending; /* while state is BUSY, only the thread uses it */
	uint64_t sending_first;
	/*
	 * Read and set under the lock.  BUSY stays when the delivery is given
	 * up; for STUCK see delivery.h.
	 */
	enum { IDLE, BUSY, STUCK } state;
};

struct partitions {
	struct delivery *d;
	const struct stream *st;
	struct queue *queue;
	struct partition *part;
	unsigned n;
	struct partition_key *key;	/* NULL when there is one partition */

	struct frame held; /* taken from the queue, but not in a batch yet */
	/* The partition for held; NULL when nothing is held. */
	struct partition *holder;
	/*
	 * The frames before this one are acknowledged; UINT64_MAX: none has
	 * come yet.
	 */
	uint64_t acked;
	/* Until when we wait for another process; 0: not set. */
	int64_t turn_end_ms;

	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned moves; /* how many batches were delivered or given up */
	bool ending;
};

/* --- a partition's own thread --- */

static void
partition_send(struct partition *l)
{
	struct partitions *w = l->all;
	enum delivered r = delivery_send(w->d, l->receiver, &l->sending);

	pthread_mutex_lock(&w->lock);
	if (r != DELIVERY_GIVEN_UP)
		l->state = r == DELIVERY_STUCK ? STUCK : IDLE;
	w->moves++;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
}

static void *
partition_run(void *arg)
{
	struct partition *l = arg;
	struct partitions *w = l->all;
	bool busy;

	do {
		pthread_mutex_lock(&w->lock);
		while (l->state != BUSY && !w->ending)
			pthread_cond_wait(&w->moved, &w->lock);
		busy = l->state == BUSY;
		pthread_mutex_unlock(&w->lock);
		if (!busy)
			break;
		partition_send(l);
		queue_wake(w->queue);
	} while (!delivery_given_up(w->d));
	return NULL;
}

/* --- the thread that fills the batches --- */

static int
state_of(struct partitions *w, const struct partition *l)
{
	int state;

	pthread_mutex_lock(&w->lock);
	state = (int)l->state;
	pthread_mutex_unlock(&w->lock);
	return state;
}

/*
 * Give the batch to the partition's thread.  A partition that is the only one
 * has no thread: its batch is sent here.
 */
static void
hand_over(struct partitions *w, struct partition *l)
{
	pthread_mutex_lock(&w->lock);
	l->state = BUSY;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
	if (w->n == 1)
		partition_send(l);
}

static void
launch(struct partitions *w, struct partition *l)
{
	struct batch empty = l->sending;

	batch_ready(&l->filling);
	if (l->receiver->whole)
		queue_plan(w->queue, queue_number(w->queue) -
		    (w->holder != NULL));
	l->sending = l->filling;
	l->filling = empty;
	batch_clear(&l->filling);
	l->sending_first = l->first;
	l->full = false;
	hand_over(w, l);
}

/* Try the stuck batch again, together with the lines that have come since. */
static void
relaunch(struct partitions *w, struct partition *l)
{
	batch_ready(&l->filling);
	batch_join(&l->sending, &l->filling);
	batch_clear(&l->filling);
	l->full = false;
	hand_over(w, l);
}

/* Returns when the partition's next batch is to be launched; -1: not now. */
static int64_t
due_of(struct partitions *w, const struct partition *l)
{
	int state = state_of(w, l);
	bool some = l->filling.n > 0;

	if (state == BUSY || (state == IDLE && !some))
		return -1;
	if (some && l->full)
		return 0;
	if (state == IDLE || (some && l->due_ms < l->sending.due_ms))
		return l->due_ms;
	return l->sending.due_ms;
}

/*
 * Launch the batches that are full or due, or, with all, any that have lines.
 * Returns when the next batch will be due, or -1.  Busy partitions do not
 * count: they wake us when their batch has moved.
 */
static int64_t
launch_due(struct partitions *w, bool all)
{
	int64_t now = units_now_ms(), next = -1, due;

	for (struct partition *l = w->part; l < w->part + w->n; l++) {
		due = due_of(w, l);
		if (due >= 0 && (all || due <= now)) {
			if (state_of(w, l) == STUCK)
				relaunch(w, l);
			else
				launch(w, l);
			due = due_of(w, l);	/* it may be stuck already */
		}
		if (due >= 0 && (next < 0 || due < next))
			next = due;
	}
	return next;
}

/*
 * Put the held frame into its partition's batch.  Returns false when there is
 * no room.
 */
static bool
place(struct partitions *w)
{
	const struct stream *st = w->st;
	struct partition *l = w->holder;
	size_t more = w->held.data.len + 1 + l->receiver->overhead;
	int64_t planned = l->receiver->whole ? queue_planned(w->queue) : -1;

	if (l->full)
		return false;
	if (planned < 0 && l->filling.n > 0 &&
	    l->bytes + more > st->batch_bytes) {
		l->full = true;
		return false;
	}
	if (l->filling.n == 0) {
		l->bytes = 0;
		l->first = queue_number(w->queue) - 1;
		l->due_ms = units_now_ms() + (l->receiver->at_once ||
		    st->confirm ? 0 : st->batch_ms);
	}
	l->bytes += more;
	if (batch_add(&l->filling, &w->held,
	    queue_number(w->queue) - 1) < 0) {
		st->tell("%s", strerror(errno));
		delivery_fail(w->d, STATUS_TROUBLE);
		return false;
	}
	w->holder = NULL;
	l->full = planned == 0 ||
	    (planned < 0 && l->filling.n >= st->batch_lines);
	return true;
}

static struct partition *
partition_for(struct partitions *w, const struct frame *f)
{
	return w->key == NULL ? w->part :
	    &w->part[partition_key_of(w->key, f->data, f->stream) % w->n];
}

/* Fill batches until one is full, or due.  Returns as queue_get does. */
static int
fill(struct partitions *w, int64_t until)
{
	struct partition *l;
	int got;

	while ((got = queue_get(w->queue, &w->held, until)) > 0) {
		delivery_count_on(w->d, w->part[0].receiver);
		if (w->acked == UINT64_MAX)
			w->acked = queue_number(w->queue) - 1;
		l = w->holder = partition_for(w, &w->held);
		if (!place(w) || l->full)
			break;
		if (until < 0 || l->due_ms < until)
			until = l->due_ms;
	}
	delivery_count_on(w->d, w->part[0].receiver);
	return got;
}

/* Acknowledge all frames before the first one that is not settled. */
static void
acknowledge(struct partitions *w)
{
	uint64_t end = queue_number(w->queue) - (w->holder != NULL);

	for (const struct partition *l = w->part; l < w->part + w->n; l++) {
		if (state_of(w, l) != IDLE)
			end = l->sending_first < end ? l->sending_first : end;
		else if (l->filling.n > 0)
			end = l->first < end ? l->first : end;
	}
	if (w->acked == UINT64_MAX || end <= w->acked)
		return;
	w->acked = end;
	if (queue_ack(w->queue, end) == 0)
		return;
	w->st->tell("%s: %s", w->st->spool, strerror(errno));
	delivery_fail(w->d, STATUS_TROUBLE);
}

static unsigned
moves(struct partitions *w)
{
	unsigned n;

	pthread_mutex_lock(&w->lock);
	n = w->moves;
	pthread_mutex_unlock(&w->lock);
	return n;
}

/* Wait until moves is no longer `since`, or until the time `until`. */
static void
wait_moved(struct partitions *w, unsigned since, int64_t until)
{
	bool late = false;

	pthread_mutex_lock(&w->lock);
	while (w->moves == since && !late)
		late = !timed_wait(&w->moved, &w->lock, until);
	pthread_mutex_unlock(&w->lock);
}

/* No frame came: whether we still wait for another process to end its turn. */
static bool
wait_on(struct partitions *w)
{
	int64_t now = units_now_ms();

	if (queue_has_turn(w->queue) || !queue_closed(w->queue))
		return true;
	if (w->turn_end_ms == 0 && w->st->deadline_ms > 0)
		w->turn_end_ms = now + w->st->deadline_ms;
	return !termination_asked() &&
	    (w->turn_end_ms == 0 || now < w->turn_end_ms);
}

static bool
all_launched(struct partitions *w)
{
	for (struct partition *l = w->part; l < w->part + w->n; l++)
		if (l->filling.n > 0 || state_of(w, l) == STUCK)
			return false;
	return true;
}

static void
dispatch(struct partitions *w)
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
		} else if (got < 0) {
			delivery_drained(w->d);
		}
	}
}

/* Start the partitions' threads.  Returns how many could be started. */
static unsigned
start(struct partitions *w, struct receiver *const *receivers)
{
	unsigned i;

	for (i = 0; i < w->n; i++)
		w->part[i] =
		    (struct partition){ .all = w, .receiver = receivers[i] };
	if (w->n == 1)
		return 0;
	if ((w->key = partition_key_new()) == NULL)
		return 0;
	for (i = 0; i < w->n; i++)
		if ((errno = pthread_create(&w->part[i].thread, NULL,
			 partition_run, &w->part[i])) != 0)
			break;
	return i;
}

static void
stop(struct partitions *w, unsigned threads)
{
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(w->part[i].thread, NULL);
	acknowledge(w);
	for (unsigned i = 0; i < w->n; i++) {
		batch_free(&w->part[i].filling);
		batch_free(&w->part[i].sending);
	}
	partition_key_free(w->key);
}

void
partitions_run(struct delivery *d, struct receiver *const *receivers, unsigned n)
{
	struct partitions w = {
		.d = d, .st = d->st, .queue = d->queue, .n = n,
		.acked = UINT64_MAX, .lock = PTHREAD_MUTEX_INITIALIZER,
	};
	unsigned threads = 0;

	timed_wait_init(&w.moved);
	if ((w.part = calloc(n, sizeof *w.part)) != NULL)
		threads = start(&w, receivers);
	if (w.part == NULL || (n > 1 && threads < n)) {
		w.st->tell("%s", strerror(errno));
		delivery_fail(d, STATUS_TROUBLE);
	}
	if (w.part != NULL)
		dispatch(&w);
	queue_give_up(d->queue);
	if (delivery_given_up(d))
		termination_ask(); /* the reader of the input can stop */
	if (w.part != NULL)
		stop(&w, threads);
	delivery_tell_losses(d, receivers[0]);
	free(w.part);
	pthread_cond_destroy(&w.moved);
	pthread_mutex_destroy(&w.lock);
}
