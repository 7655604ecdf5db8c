#include "drain/drain.h"

#include <errno.h>
#include <stdlib.h>

#include "base/status.h"
#include "base/termination.h"
#include "base/units.h"
#include "stream/spool.h"
#include "stream/spool_status.h"

enum { TROUBLE_MS = 10 * 1000 };	/* then a drain is tried anew */

static int
set_names(struct drain *d, const char *spools)
{
	buf_printf(&d->name, "%s (%s)", d->id, d->settings->shown.p);
	buf_printf(&d->spool, "%s/%s", spools, d->id);
	d->stream.url = buf_str(&d->name);
	d->stream.spool = buf_str(&d->spool);
	d->stream.spool_max = d->settings->max;
	if (d->settings->batch_bytes > 0)
		d->stream.batch_bytes = d->settings->batch_bytes;
	if (d->settings->batch_lines > 0)
		d->stream.batch_lines = d->settings->batch_lines;
	if (d->settings->batch_s > 0)
		d->stream.batch_ms = (int64_t)d->settings->batch_s * 1000;
	d->stream.drop = d->stream.patient = true;
	d->stream.deadline_ms = 0;
	d->settings->receiver.tells_losses = true;
	return d->stream.url == NULL || d->stream.spool == NULL ? -1 : 0;
}

static int
open_spool(struct drain *d, struct buf *error)
{
	struct spool_state state;

	d->queue = queue_drain(d->stream.spool, d->settings->max);
	if (d->queue == NULL || spool_look(d->stream.spool, &state) < 0) {
		buf_printf(error, "%s: %s", d->stream.spool, strerror(errno));
		return -1;
	}
	d->next = queue_next(d->queue);
	d->acked = state.delivered;
	d->oldest_ms = state.oldest_ms;
	return 0;
}

struct drain *
drain_new(const char *id, struct drain_settings *settings,
    const struct stream *defaults, const char *spools, struct buf *error)
{
	struct drain *d = calloc(1, sizeof *d);

	if (d == NULL) {
		buf_adds(error, strerror(errno));
		return NULL;
	}
	d->stream = *defaults;
	d->settings = settings;
	d->due_ms = -1;
	if ((d->id = strdup(id)) == NULL || set_names(d, spools) < 0)
		buf_adds(error, strerror(ENOMEM));
	else if ((d->conditions = condition_set_new(settings->where, d,
	    error)) != NULL && open_spool(d, error) == 0) {
		delivery_init(&d->delivery, &d->stream, d->queue);
		return d;
	}
	d->settings = NULL;
	drain_free(d);
	return NULL;
}

int
drain_free(struct drain *d)
{
	int status;

	if (d == NULL)
		return STATUS_OK;
	/* What is in the spool is not given up. */
	status = d->delivery.status == STATUS_RETRY ? STATUS_OK :
	    d->delivery.status;
	if (d->broken)
		status = status_worse(status, STATUS_TROUBLE);
	receiver_free(d->receiver);
	batch_free(&d->batch);
	batch_free(&d->more);
	if (d->delivery.st != NULL)
		delivery_free(&d->delivery);
	queue_free(d->queue);
	condition_set_free(d->conditions);
	drain_settings_free(d->settings);
	buf_free(&d->name);
	buf_free(&d->spool);
	free(d->id);
	free(d);
	return status;
}

static bool
open_receiver(struct drain *d)
{
	const char *why;

	if (d->receiver != NULL)
		return true;
	d->receiver = receiver_open(&d->settings->receiver, &why);
	if (d->receiver == NULL) {
		d->stream.tell("%s: %s", d->stream.url, why);
		return false;
	}
	d->receiver->lost = d->lost;
	d->receiver->refused = d->refused;
	return true;
}

/* What the receiver was not told yet is for the next one. */
static void
close_receiver(struct drain *d)
{
	if (d->receiver == NULL)
		return;
	d->lost = d->receiver->lost;
	d->refused = d->receiver->refused;
	receiver_free(d->receiver);
	d->receiver = NULL;
}

void
drain_rest(struct drain *d)
{
	close_receiver(d);
	batch_free(&d->more);
	if (d->batch.n == 0 || d->batch.unjudged) {
		queue_rewind(d->queue);
		batch_rest(&d->batch);
	}
}

/* Whether the batch has all its lines, so many bytes; it is the one planned. */
static bool
is_full(const struct drain *d, const struct batch *b, size_t bytes)
{
	int64_t more = d->receiver->whole && b->n > 0 ?
	    queue_planned(d->queue) : -1;

	return more >= 0 ? more == 0 : b->n >= d->stream.batch_lines ||
	    bytes >= d->stream.batch_bytes;
}

/*
 * Fill a batch with what there is.  It may be one line more than is asked.
 * Returns -1 when the spool could not be read.
 */
static int
fill(struct drain *d, struct batch *b)
{
	size_t bytes = 0;
	struct frame f;
	int got = 0;

	while (!is_full(d, b, bytes) &&
	    (got = queue_get(d->queue, &f, units_now_ms())) > 0) {
		bytes += f.data.len + 1 + d->receiver->overhead;
		/* A frame that is lost here would not be got again. */
		if (batch_add(b, &f, queue_number(d->queue) - 1) < 0)
			b->failed = true;
	}
	batch_ready(b);
	if (d->receiver->whole && b->n > 0)
		queue_plan(d->queue, queue_number(d->queue));
	if (got < 0 && queue_error(d->queue) == NULL)
		delivery_drained(&d->delivery);
	return got < 0 && queue_has_turn(d->queue) &&
	    !queue_at_end(d->queue) ? -1 : 0;
}

/* Something is wrong with us, not the receiver: begin anew in a while. */
static enum drain_turn
trouble(struct drain *d, int64_t *due_ms)
{
	struct delivery *y = &d->delivery;

	batch_free(&d->batch);
	batch_free(&d->more);
	d->batch = d->more = (struct batch){ 0 };
	queue_rewind(d->queue);
	d->stuck = false;
	pthread_mutex_lock(&y->lock);
	y->given_up = false;
	y->failing = 0;
	pthread_mutex_unlock(&y->lock);
	*due_ms = units_now_ms() + TROUBLE_MS;
	return DRAIN_FAILED;
}

static enum drain_turn
send(struct drain *d, int64_t *due_ms)
{
	enum delivered r = delivery_send(&d->delivery, d->receiver, &d->batch);

	*due_ms = d->batch.due_ms;
	d->stuck = r == DELIVERY_STUCK;
	switch (r) {
	case DELIVERY_STUCK:
		return DRAIN_STUCK;
	case DELIVERY_LATER:
		drain_rest(d);
		return DRAIN_FAILED;
	case DELIVERY_DONE:
		if (queue_ack(d->queue, queue_number(d->queue)) == 0) {
			delivery_tell_losses(&d->delivery, d->receiver);
			/* Others need the memory meanwhile. */
			batch_free(&d->batch);
			d->batch = (struct batch){ 0 };
			return DRAIN_DELIVERED;
		}
		d->stream.tell("%s: %s", d->stream.spool, strerror(errno));
		return trouble(d, due_ms);
	default:
		return termination_asked() ? DRAIN_GAVE_UP :
		    trouble(d, due_ms);
	}
}

static enum drain_turn
unreadable(struct drain *d, int64_t *due_ms)
{
	d->stream.tell("%s: %s", d->stream.spool, queue_error(d->queue));
	return trouble(d, due_ms);
}

/* No line has come, but others may be missing. */
static enum drain_turn
nothing(struct drain *d, uint64_t *acked)
{
	*acked = 0;
	if (queue_has_turn(d->queue)) {
		delivery_count_on(&d->delivery, d->receiver);
		delivery_tell_losses(&d->delivery, d->receiver);
		*acked = queue_number(d->queue);
	}
	return DRAIN_NOTHING;
}

enum drain_turn
drain_take_turn(struct drain *d, int64_t *due_ms, uint64_t *acked,
    int64_t *oldest_ms)
{
	enum drain_turn r;
	int got = 0;

	*oldest_ms = 0;
	if (!open_receiver(d))
		return trouble(d, due_ms);
	if (d->stuck) {
		fill(d, &d->more);
		d->batch.failed |= batch_join(&d->batch, &d->more) < 0;
		batch_clear(&d->more);
	} else if (d->batch.n == 0) {
		got = fill(d, &d->batch);
	}
	if (d->batch.n == 0)
		return got < 0 ? unreadable(d, due_ms) : nothing(d, acked);
	delivery_count_on(&d->delivery, d->receiver);
	*acked = d->batch.items[0].number;
	*oldest_ms = d->batch.items[0].time_ms;
	if ((r = send(d, due_ms)) == DRAIN_DELIVERED) {
		*acked = queue_number(d->queue);
		*oldest_ms = 0;
	}
	return r;
}
