#include "stream/queue.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/eventfd.h>

#include "base/timed_wait.h"
#include "base/units.h"
#include "net/grace.h"
#include "stream/spool.h"
#include "stream/spool_status.h"

enum {
	BLOCK_SIZE = 128 * 1024, QUEUE_MAX = 4 << 20,
	SPOOL_BLOCKS = 16,	/* a spool holds as many at least */
	FULL_POLL_MS = 50,	/* how often a full spool is tried again */
	TURN_POLL_MS = 200,	/* and whether the other sender has gone, */
	TURN_MS = 1000,		/* for so long, before the caller is asked */
	LEAVE_MS = 4000,	/* a full disk holds up the end no longer */
};

struct block {
	struct block *next;
	struct buf frames;
	size_t n;
};

struct queue {
	pthread_mutex_t lock; /* of what both threads use: to the blank line */
	pthread_cond_t moved;
	bool closed, gave_up, woken;
	int error;
	struct queue_losses losses;
	struct block *head, **tail;	/* memory only */
	size_t queued;		/* bytes in the queue */
	uint64_t put, delivered;	/* frames */

	struct buf filling;	/* the reader's: not flushed yet */
	size_t n_filling, block_size;
	struct spool_writer *writer;	/* NULL: memory */
	bool drop;
	int64_t last_ms;	/* of the last line */

	struct block *current;	/* the sender's: what it takes frames from */
	struct span rest;
	uint64_t got;
	bool at_end;		/* nothing more will come */
	struct spool_reader *reader;	/* NULL: memory, or not our turn yet */
	const char *dir;
	int bell;		/* eventfd: wakes a sender that waits; or -1 */
	bool unwatched;		/* nobody waits in queue_get */
};

static struct queue *
new_queue(void)
{
	struct queue *r;

	if ((r = calloc(1, sizeof *r)) == NULL)
		return NULL;
	pthread_mutex_init(&r->lock, NULL);
	timed_wait_init(&r->moved);
	r->tail = &r->head;
	r->block_size = BLOCK_SIZE;
	r->bell = -1;
	return r;
}

struct queue *
queue_memory(void)
{
	return new_queue();
}

/* With waits, queue_get can wait. */
static struct queue *
new_spool(const char *dir, uint64_t max, bool drop, bool waits)
{
	struct queue *r;

	if ((r = new_queue()) == NULL)
		return NULL;
	r->dir = dir;
	r->drop = drop;
	if (max / SPOOL_BLOCKS < BLOCK_SIZE)
		r->block_size = (size_t)(max / SPOOL_BLOCKS);
	r->unwatched = !waits;
	r->writer = waits ? spool_writer_new(dir, max) :
	    spool_writer_unsynced(dir, max);
	if (r->writer != NULL && (!waits ||
	    (r->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) >= 0))
		return r;
	queue_free(r);
	return NULL;
}

struct queue *
queue_spool(const char *dir, uint64_t max, bool drop)
{
	return new_spool(dir, max, drop, true);
}

static void
free_block(struct block *b)
{
	if (b == NULL)
		return;
	buf_free(&b->frames);
	free(b);
}

void
queue_free(struct queue *r)
{
	struct block *b;

	if (r == NULL)
		return;
	while ((b = r->head) != NULL) {
		r->head = b->next;
		free_block(b);
	}
	free_block(r->current);
	buf_free(&r->filling);
	spool_writer_free(r->writer);
	spool_reader_free(r->reader);
	if (r->bell >= 0)
		close(r->bell);
	pthread_cond_destroy(&r->moved);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void
fail(struct queue *r, int why)
{
	pthread_mutex_lock(&r->lock);
	r->error = why;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
}

/* --- the reader's side --- */

static int
flush_memory(struct queue *r)
{
	struct block *b;
	int result;

	if ((b = calloc(1, sizeof *b)) == NULL) {
		fail(r, ENOMEM);
		return -1;
	}
	b->frames = r->filling;
	b->n = r->n_filling;
	pthread_mutex_lock(&r->lock);
	while (r->queued > QUEUE_MAX && !r->gave_up)
		pthread_cond_wait(&r->moved, &r->lock);
	*r->tail = b;
	r->tail = &b->next;
	r->queued += b->frames.len;
	r->put += b->n;
	result = r->gave_up ? -1 : 0;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
	r->filling = (struct buf){ 0 };
	return result;
}

bool
queue_refuses(struct queue *r)
{
	bool yes;

	pthread_mutex_lock(&r->lock);
	yes = r->gave_up || r->error != 0;
	pthread_mutex_unlock(&r->lock);
	return yes;
}

/*
 * The spool, or the disk, is full: make room, or wait a while.  -1: there will
 * be none.
 */
static int
make_room(struct queue *r, bool first)
{
	bool dropped = r->drop && spool_drop_oldest(r->writer) == 0;

	pthread_mutex_lock(&r->lock);
	r->losses.dropping |= dropped;
	r->losses.disk_full |= first && spool_disk_is_full(r->writer);
	pthread_mutex_unlock(&r->lock);
	if (dropped)
		return 0;
	if (queue_refuses(r) || (r->unwatched && grace_left_ms() < LEAVE_MS))
		return -1;
	poll(NULL, 0, FULL_POLL_MS);
	return 0;
}

static int
flush_spool(struct queue *r)
{
	bool first = true;

	while (spool_write(r->writer, buf_span(&r->filling),
	    r->n_filling) < 0) {
		if (errno != ENOSPC) {
			fail(r, errno);
			return -1;
		}
		if (make_room(r, first) < 0)
			return -1;
		first = false;
	}
	/* Many queues that were busy once do not hold on to their memory. */
	if (r->unwatched && r->filling.len < r->filling.cap / 4)
		buf_free(&r->filling);
	return 0;
}

int
queue_flush(struct queue *r)
{
	int result;

	if (r->n_filling == 0)
		return 0;
	result = r->writer != NULL ? flush_spool(r) : flush_memory(r);
	/* What could not be written is tried again while there is room. */
	if (result < 0 && r->unwatched && r->filling.len < r->block_size)
		return -1;
	buf_clear(&r->filling);
	r->n_filling = 0;
	return result;
}

/* Returns the present time, but never a time before that of an earlier line. */
static int64_t
next_time(struct queue *r)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (r->writer != NULL && r->last_ms == 0)
		r->last_ms = spool_last_ms(r->writer);
	if (ms > r->last_ms)
		r->last_ms = ms;
	return r->last_ms;
}

int
queue_put(struct queue *r, const struct frame *f)
{
	struct frame timed = *f;

	timed.time_ms = next_time(r);
	r->filling.failed = false;	/* the frames in it are whole */
	/* When memory is short, what is there goes first. */
	if (frame_pack(&r->filling, &timed) < 0 && (queue_flush(r) < 0 ||
	    frame_pack(&r->filling, &timed) < 0)) {
		fail(r, errno);
		return -1;
	}
	r->n_filling++;
	return r->filling.len < r->block_size ? 0 : queue_flush(r);
}

int
queue_sync(struct queue *r)
{
	if (queue_flush(r) < 0)
		return -1;
	if (r->writer == NULL || spool_sync(r->writer) == 0)
		return 0;
	fail(r, errno);
	return -1;
}

int
queue_settle(struct queue *r)
{
	int result;

	if (queue_sync(r) < 0)
		return -1;
	if (r->writer != NULL)
		return 0;
	pthread_mutex_lock(&r->lock);
	while (r->delivered < r->put && !r->gave_up && r->error == 0)
		pthread_cond_wait(&r->moved, &r->lock);
	result = r->delivered < r->put ? -1 : 0;
	pthread_mutex_unlock(&r->lock);
	return result;
}

void
queue_close(struct queue *r)
{
	pthread_mutex_lock(&r->lock);
	r->closed = true;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
	if (r->bell >= 0)
		eventfd_write(r->bell, 1);
}

int
queue_tail(struct queue *r, struct frame *last, size_t n, struct buf *text)
{
	return r->writer == NULL ? 0 : spool_tail(r->writer, last, n, text);
}

/* --- the sender's side --- */

static int
get_memory(struct queue *r, struct frame *f, int64_t until_ms)
{
	bool late = false, closed = false;

	while (frame_unpack(f, &r->rest) <= 0) {
		free_block(r->current);
		r->current = NULL;
		r->rest = span_of(NULL, 0);
		pthread_mutex_lock(&r->lock);
		while (r->head == NULL && !r->closed && !r->woken && !late)
			late = !timed_wait(&r->moved, &r->lock, until_ms);
		if ((r->current = r->head) != NULL) {
			if ((r->head = r->current->next) == NULL)
				r->tail = &r->head;
			r->queued -= r->current->frames.len;
			r->rest = buf_span(&r->current->frames);
			pthread_cond_broadcast(&r->moved);
		}
		closed = r->closed;
		r->woken = false;
		pthread_mutex_unlock(&r->lock);
		if (r->current == NULL)
			return closed ? -1 : 0;
	}
	return 1;
}

/* Another process sends.  Is all that we wrote delivered? */
static bool
others_sent_all(struct queue *r)
{
	struct spool_state st;

	return spool_look(r->dir, &st) == 0 &&
	    st.delivered >= spool_next(r->writer);
}

/* Copy the losses that are settled to where any thread may see them. */
static void
see_losses(struct queue *r)
{
	uint64_t damaged;
	bool kept;

	if (r->at_end)
		spool_end(r->reader);
	damaged = spool_damaged(r->reader, &kept);
	pthread_mutex_lock(&r->lock);
	r->losses.known = true;
	r->losses.delivered = spool_delivered(r->reader);
	r->losses.dropped = spool_dropped(r->reader);
	r->losses.kept |= kept && damaged > r->losses.damaged;
	r->losses.damaged = damaged;
	pthread_mutex_unlock(&r->lock);
}

/* Returns false with errno. */
static bool
begin_reading(struct queue *r)
{
	r->reader = r->unwatched ? spool_reader_unsynced(r->dir) :
	    spool_reader_new(r->dir);
	if (r->reader == NULL || r->unwatched ||
	    spool_watch(r->reader, r->dir) == 0)
		return r->reader != NULL;
	spool_reader_free(r->reader);
	r->reader = NULL;
	return false;
}

/*
 * Become the reader of the spool.  Returns 1; 0 too late; -1 when needless, or
 * an error.
 */
static int
take_turn(struct queue *r, int64_t until_ms)
{
	if (until_ms < 0)
		until_ms = units_now_ms() + TURN_MS;
	while (!begin_reading(r)) {
		if (errno != EWOULDBLOCK && errno != ENOSPC) {
			fail(r, errno);
			return -1;
		}
		if (errno == EWOULDBLOCK && queue_closed(r) && others_sent_all(r))
			return -1;
		if (units_now_ms() >= until_ms)
			return 0;
		poll(NULL, 0, TURN_POLL_MS);
	}
	r->got = spool_number(r->reader);
	see_losses(r);
	return 1;
}

static bool
take_woken(struct queue *r)
{
	bool yes;

	pthread_mutex_lock(&r->lock);
	yes = r->woken;
	r->woken = false;
	pthread_mutex_unlock(&r->lock);
	return yes;
}

/* Wait until something was written, or the bell rings, or it is too late. */
static void
wait_spool(struct queue *r, int64_t until_ms)
{
	struct pollfd p[2] = {
		{ .fd = spool_fd(r->reader), .events = POLLIN },
		{ .fd = r->bell, .events = POLLIN },
	};
	int64_t left = until_ms < 0 ? -1 : until_ms - units_now_ms();
	eventfd_t rung;

	if (until_ms >= 0 && left < 0)
		left = 0;
	poll(p, 2, (int)left);
	eventfd_read(r->bell, &rung);
	spool_fd_clear(r->reader);
}

static int
get_spool(struct queue *r, struct frame *f, int64_t until_ms)
{
	bool closed;
	int got;

	if (r->reader == NULL && (got = take_turn(r, until_ms)) <= 0)
		return got;
	for (;;) {
		closed = queue_closed(r);
		if ((got = spool_read(r->reader, f)) != 0)
			break;
		if (closed) {
			r->at_end = true;
			see_losses(r);
			return -1;
		}
		if (take_woken(r) ||
		    (until_ms >= 0 && units_now_ms() >= until_ms))
			return 0;
		wait_spool(r, until_ms);
	}
	if (got < 0)
		fail(r, errno);
	return got;
}

int
queue_get(struct queue *r, struct frame *f, int64_t until_ms)
{
	int got = r->writer != NULL ? get_spool(r, f, until_ms) :
	    get_memory(r, f, until_ms);

	if (got > 0)
		r->got =
		    r->writer != NULL ? spool_number(r->reader) : r->got + 1;
	return got;
}

uint64_t
queue_number(const struct queue *r)
{
	return r->got;
}

bool
queue_at_end(const struct queue *r)
{
	return r->at_end;
}

bool
queue_has_turn(const struct queue *r)
{
	return r->writer == NULL || r->reader != NULL;
}

int
queue_ack(struct queue *r, uint64_t number)
{
	if (r->writer != NULL) {
		if (spool_ack(r->reader, number) < 0)
			return -1;
		see_losses(r);
		return 0;
	}
	pthread_mutex_lock(&r->lock);
	r->delivered = number;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
	return 0;
}

void
queue_rewind(struct queue *r)
{
	spool_reader_free(r->reader);
	r->reader = NULL;
	r->at_end = false;
}

struct queue *
queue_drain(const char *dir, uint64_t max)
{
	struct queue *r = new_spool(dir, max, true, false);

	/* From now on it is known what is dropped without being read. */
	if (r != NULL && take_turn(r, 0) > 0)
		queue_rewind(r);
	return r;
}

uint64_t
queue_next(const struct queue *r)
{
	return spool_next(r->writer);
}

int
queue_plan(struct queue *r, uint64_t number)
{
	return r->reader == NULL ? 0 : spool_plan(r->reader, number);
}

int64_t
queue_planned(const struct queue *r)
{
	uint64_t end = r->reader == NULL ? 0 : spool_planned(r->reader);

	return end >= r->got ? (int64_t)(end - r->got) : -1;
}

void
queue_wake(struct queue *r)
{
	pthread_mutex_lock(&r->lock);
	r->woken = true;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
	if (r->bell >= 0)
		eventfd_write(r->bell, 1);
}

void
queue_give_up(struct queue *r)
{
	pthread_mutex_lock(&r->lock);
	r->gave_up = true;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
}

bool
queue_closed(struct queue *r)
{
	bool yes;

	pthread_mutex_lock(&r->lock);
	yes = r->closed;
	pthread_mutex_unlock(&r->lock);
	return yes;
}

bool
queue_is_kept(const struct queue *r)
{
	return r->writer != NULL;
}

struct queue_losses
queue_losses(struct queue *r, bool asked)
{
	struct queue_losses losses;

	pthread_mutex_lock(&r->lock);
	losses = r->losses;
	r->losses.kept &= !asked;
	r->losses.dropping &= !asked;
	r->losses.disk_full &= !asked;
	pthread_mutex_unlock(&r->lock);
	return losses;
}

const char *
queue_error(struct queue *r)
{
	int why;

	pthread_mutex_lock(&r->lock);
	why = r->error;
	pthread_mutex_unlock(&r->lock);
	return why != 0 ? strerror(why) : NULL;
}
