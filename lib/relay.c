#include "relay.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/eventfd.h>

#include "spool.h"
#include "units.h"

enum {
	BLOCK_SIZE = 128 * 1024, QUEUE_MAX = 4 << 20,
	SPOOL_BLOCKS = 16,	/* a spool holds as many at least */
	FULL_POLL_MS = 50,	/* how often a full spool is tried again */
	TURN_POLL_MS = 200,	/* and whether the other sender has gone, */
	TURN_MS = 1000,		/* for so long, before the caller is asked */
};

struct block {
	struct block *next;
	struct buf frames;
	size_t n;
};

struct relay {
	pthread_mutex_t lock;	/* of what both threads use: to the blank line */
	pthread_cond_t moved;
	bool closed, gave_up, dropping, woken;
	int error;
	uint64_t lost, lost_told;
	struct block *head, **tail;	/* memory only */
	size_t queued;		/* bytes in the queue */
	uint64_t put, delivered;	/* frames */

	struct buf filling;	/* the reader's: not flushed yet */
	size_t n_filling, block_size;
	struct spool_writer *writer;	/* NULL: memory */
	bool drop;

	struct block *current;	/* the sender's: what it takes frames from */
	struct span rest;
	uint64_t got, lost_seen;
	struct spool_reader *reader;	/* NULL: memory, or not our turn yet */
	const char *dir;
	int bell;		/* eventfd: wakes a sender that waits */
};

static struct relay *
new_relay(void)
{
	pthread_condattr_t attr;
	struct relay *r;

	if ((r = calloc(1, sizeof *r)) == NULL)
		return NULL;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->moved, &attr);
	pthread_condattr_destroy(&attr);
	r->tail = &r->head;
	r->block_size = BLOCK_SIZE;
	r->bell = -1;
	return r;
}

struct relay *
relay_memory(void)
{
	return new_relay();
}

struct relay *
relay_spool(const char *dir, uint64_t max, bool drop)
{
	struct relay *r;

	if ((r = new_relay()) == NULL)
		return NULL;
	r->dir = dir;
	r->drop = drop;
	if (max / SPOOL_BLOCKS < BLOCK_SIZE)
		r->block_size = (size_t)(max / SPOOL_BLOCKS);
	if ((r->writer = spool_writer_new(dir, max)) != NULL &&
	    (r->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) >= 0)
		return r;
	relay_free(r);
	return NULL;
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
relay_free(struct relay *r)
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
fail(struct relay *r, int why)
{
	pthread_mutex_lock(&r->lock);
	r->error = why;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
}

/* --- the reader's side --- */

static int
flush_memory(struct relay *r)
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
relay_refuses(struct relay *r)
{
	bool yes;

	pthread_mutex_lock(&r->lock);
	yes = r->gave_up || r->error != 0;
	pthread_mutex_unlock(&r->lock);
	return yes;
}

/* The spool is full: make room, or wait a while.  -1: there will be none. */
static int
make_room(struct relay *r)
{
	if (r->drop && spool_drop_oldest(r->writer) == 0) {
		pthread_mutex_lock(&r->lock);
		r->dropping = true;
		pthread_mutex_unlock(&r->lock);
		return 0;
	}
	if (relay_refuses(r))
		return -1;
	poll(NULL, 0, FULL_POLL_MS);
	return 0;
}

static int
flush_spool(struct relay *r)
{
	while (spool_write(r->writer, buf_span(&r->filling),
	    r->n_filling) < 0) {
		if (errno != ENOSPC) {
			fail(r, errno);
			return -1;
		}
		if (make_room(r) < 0)
			return -1;
	}
	buf_clear(&r->filling);
	return 0;
}

int
relay_flush(struct relay *r)
{
	int result;

	if (r->n_filling == 0)
		return 0;
	result = r->writer != NULL ? flush_spool(r) : flush_memory(r);
	r->n_filling = 0;
	return result;
}

int
relay_put(struct relay *r, const struct frame *f)
{
	if (frame_pack(&r->filling, f) < 0) {
		fail(r, errno);
		return -1;
	}
	r->n_filling++;
	return r->filling.len < r->block_size ? 0 : relay_flush(r);
}

int
relay_sync(struct relay *r)
{
	if (relay_flush(r) < 0)
		return -1;
	if (r->writer == NULL || spool_sync(r->writer) == 0)
		return 0;
	fail(r, errno);
	return -1;
}

int
relay_settle(struct relay *r)
{
	int result;

	if (relay_sync(r) < 0)
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
relay_close(struct relay *r)
{
	pthread_mutex_lock(&r->lock);
	r->closed = true;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
	if (r->bell >= 0)
		eventfd_write(r->bell, 1);
}

int
relay_tail(struct relay *r, struct frame *last, size_t n, struct buf *text)
{
	return r->writer == NULL ? 0 : spool_tail(r->writer, last, n, text);
}

/* --- the sender's side --- */

static int
get_memory(struct relay *r, struct frame *f, int64_t until_ms)
{
	struct timespec ts = { .tv_sec = until_ms / 1000,
	    .tv_nsec = until_ms % 1000 * 1000000 };
	int late = 0;

	while (frame_unpack(f, &r->rest) <= 0) {
		free_block(r->current);
		r->current = NULL;
		r->rest = span_of(NULL, 0);
		pthread_mutex_lock(&r->lock);
		while (r->head == NULL && !r->closed && !r->woken && late == 0)
			late = until_ms < 0 ?
			    pthread_cond_wait(&r->moved, &r->lock) :
			    pthread_cond_timedwait(&r->moved, &r->lock, &ts);
		if ((r->current = r->head) != NULL) {
			if ((r->head = r->current->next) == NULL)
				r->tail = &r->head;
			r->queued -= r->current->frames.len;
			r->rest = buf_span(&r->current->frames);
			pthread_cond_broadcast(&r->moved);
		} else if (r->closed) {
			late = -1;
		}
		r->woken = false;
		pthread_mutex_unlock(&r->lock);
		if (r->current == NULL)
			return late < 0 ? -1 : 0;
	}
	return 1;
}

/* Another process sends.  Is all that we wrote delivered? */
static bool
others_sent_all(struct relay *r)
{
	struct spool_state st;

	return spool_look(r->dir, &st) == 0 &&
	    st.delivered >= spool_next(r->writer);
}

/* Become the reader of the spool: 1; 0 too late; -1 needless, or an error. */
static int
take_turn(struct relay *r, int64_t until_ms)
{
	if (until_ms < 0)
		until_ms = units_now_ms() + TURN_MS;
	while ((r->reader = spool_reader_new(r->dir)) == NULL) {
		if (errno != EWOULDBLOCK) {
			fail(r, errno);
			return -1;
		}
		if (relay_closed(r) && others_sent_all(r))
			return -1;
		if (units_now_ms() >= until_ms)
			return 0;
		poll(NULL, 0, TURN_POLL_MS);
	}
	r->got = spool_number(r->reader);
	return 1;
}

static bool
take_woken(struct relay *r)
{
	bool yes;

	pthread_mutex_lock(&r->lock);
	yes = r->woken;
	r->woken = false;
	pthread_mutex_unlock(&r->lock);
	return yes;
}

/* What spool_lost says, where any thread may see it. */
static void
see_lost(struct relay *r)
{
	uint64_t lost = spool_lost(r->reader);

	if (lost == r->lost_seen)
		return;
	r->lost_seen = lost;
	pthread_mutex_lock(&r->lock);
	r->lost = lost;
	pthread_mutex_unlock(&r->lock);
}

/* Until something was written, or the bell rings, or it is too late. */
static void
wait_spool(struct relay *r, int64_t until_ms)
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
get_spool(struct relay *r, struct frame *f, int64_t until_ms)
{
	bool closed;
	int got;

	if (r->reader == NULL && (got = take_turn(r, until_ms)) <= 0)
		return got;
	for (;;) {
		closed = relay_closed(r);
		if ((got = spool_read(r->reader, f)) != 0)
			break;
		if (closed)
			return -1;
		if (take_woken(r) ||
		    (until_ms >= 0 && units_now_ms() >= until_ms))
			return 0;
		wait_spool(r, until_ms);
	}
	see_lost(r);
	if (got < 0)
		fail(r, errno);
	return got;
}

int
relay_get(struct relay *r, struct frame *f, int64_t until_ms)
{
	int got = r->writer != NULL ? get_spool(r, f, until_ms) :
	    get_memory(r, f, until_ms);

	if (got > 0)
		r->got = r->writer != NULL ? spool_number(r->reader) : r->got + 1;
	return got;
}

uint64_t
relay_number(const struct relay *r)
{
	return r->got;
}

bool
relay_has_turn(const struct relay *r)
{
	return r->writer == NULL || r->reader != NULL;
}

int
relay_ack(struct relay *r, uint64_t number)
{
	if (r->writer != NULL)
		return spool_ack(r->reader, number);
	pthread_mutex_lock(&r->lock);
	r->delivered = number;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
	return 0;
}

int
relay_plan(struct relay *r, uint64_t number)
{
	return r->reader == NULL ? 0 : spool_plan(r->reader, number);
}

int64_t
relay_planned(const struct relay *r)
{
	uint64_t end = r->reader == NULL ? 0 : spool_planned(r->reader);

	return end >= r->got ? (int64_t)(end - r->got) : -1;
}

void
relay_wake(struct relay *r)
{
	pthread_mutex_lock(&r->lock);
	r->woken = true;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
	if (r->bell >= 0)
		eventfd_write(r->bell, 1);
}

void
relay_give_up(struct relay *r)
{
	pthread_mutex_lock(&r->lock);
	r->gave_up = true;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
}

bool
relay_closed(struct relay *r)
{
	bool yes;

	pthread_mutex_lock(&r->lock);
	yes = r->closed;
	pthread_mutex_unlock(&r->lock);
	return yes;
}

bool
relay_is_kept(const struct relay *r)
{
	return r->writer != NULL;
}

uint64_t
relay_lost(struct relay *r)
{
	uint64_t more;

	pthread_mutex_lock(&r->lock);
	more = r->lost - r->lost_told;
	r->lost_told = r->lost;
	pthread_mutex_unlock(&r->lock);
	return more;
}

bool
relay_dropping(struct relay *r)
{
	bool yes;

	pthread_mutex_lock(&r->lock);
	yes = r->dropping;
	r->dropping = false;
	pthread_mutex_unlock(&r->lock);
	return yes;
}

const char *
relay_error(struct relay *r)
{
	int why;

	pthread_mutex_lock(&r->lock);
	why = r->error;
	pthread_mutex_unlock(&r->lock);
	return why != 0 ? strerror(why) : NULL;
}
