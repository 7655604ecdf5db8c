#include "stream/delivery.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/digest.h"
#include "base/status.h"
#include "base/termination.h"
#include "base/units.h"
#include "net/grace.h"
#include "store/receipt.h"

enum {
	JOIN_MAX = 100,		/* suspects that others are joined to, */
	BATCHES_MAX = 8,	/* in a batch of this many at most */
	FIRST_STRIKES = 8,	/* in a first pass, when nothing is taken */
};

struct turn {			/* one batch, one receiver */
	struct delivery *d;
	struct receiver *s;
	struct batch *b;
	size_t strikes, taken;	/* in this pass */
	bool told;		/* the receiver, of lines that are missing */
};

void
delivery_init(struct delivery *d, const struct stream *st, struct queue *queue)
{
	*d = (struct delivery){ .st = st, .queue = queue };
	pthread_mutex_init(&d->lock, NULL);
	if (st->spool != NULL)
		spool_report_load(st->spool, &d->report);
	dead_letters_init(&d->dead, st->dead_letter, st->spool, st->url,
	    st->tell);
}

void
delivery_free(struct delivery *d)
{
	dead_letters_free(&d->dead);
	pthread_mutex_destroy(&d->lock);
}

void
delivery_fail(struct delivery *d, int status)
{
	pthread_mutex_lock(&d->lock);
	d->status = status_worse(d->status, status);
	d->given_up = true;
	pthread_mutex_unlock(&d->lock);
}

static bool
read_flag(struct delivery *d, const bool *flag)
{
	bool yes;

	pthread_mutex_lock(&d->lock);
	yes = *flag;
	pthread_mutex_unlock(&d->lock);
	return yes;
}

bool
delivery_given_up(struct delivery *d)
{
	return read_flag(d, &d->given_up);
}

void
delivery_drained(struct delivery *d)
{
	pthread_mutex_lock(&d->lock);
	d->drained = true;
	pthread_mutex_unlock(&d->lock);
}

/*
 * Save what --status says; the caller holds the lock.  A failure is no reason
 * to stop.
 */
static void
save_report(struct delivery *d)
{
	if (d->st->spool != NULL)
		spool_report_save(d->st->spool, &d->report);
}

/*
 * Print a reason once, however many items fail for it.  That we end is none of
 * the receiver's.
 */
static void
tell_once(struct turn *t)
{
	struct delivery *d = t->d;
	const char *reason = t->s->error;
	bool ends = termination_asked();

	pthread_mutex_lock(&d->lock);
	d->failing += !t->b->failing;
	t->b->failing = true;
	if (strcmp(d->told, reason) != 0 &&
	    !(ends && strcmp(reason, "interrupted") == 0)) {
		snprintf(d->told, sizeof d->told, "%s", reason);
		d->st->tell("%s: %s%s", d->st->url, reason,
		    ends && queue_is_kept(d->queue) ? "" : "; trying again");
		snprintf(d->report.last_error, sizeof d->report.last_error,
		    "%s", reason);
		if (d->report.failing_since == 0)
			d->report.failing_since = (int64_t)time(NULL);
		save_report(d);
	}
	pthread_mutex_unlock(&d->lock);
}

/* Print what a receiver warned of, once. */
static void
tell_warning(struct turn *t)
{
	struct delivery *d = t->d;

	pthread_mutex_lock(&d->lock);
	if (strcmp(d->warned, t->s->warning) != 0) {
		snprintf(d->warned, sizeof d->warned, "%s", t->s->warning);
		d->st->tell("%s: the receiver warns: %s", d->st->url,
		    d->warned);
	}
	pthread_mutex_unlock(&d->lock);
	t->s->warning[0] = '\0';
}

void
delivery_count_on(struct delivery *d, struct receiver *s)
{
	if (d->counted || d->st->spool == NULL || !queue_has_turn(d->queue))
		return;
	d->counted = true;
	pthread_mutex_lock(&d->lock);
	spool_report_load(d->st->spool, &d->report);
	s->lost += d->report.untold;
	pthread_mutex_unlock(&d->lock);
}

void
delivery_tell_losses(struct delivery *d, struct receiver *s)
{
	const struct stream *st = d->st;
	struct queue_losses lost = queue_losses(d->queue, true);

	pthread_mutex_lock(&d->lock);
	if (lost.known)
		spool_report_missing(&d->report, &lost.dropped, &lost.damaged);
	if (lost.dropped + lost.damaged > 0)
		save_report(d);
	if (lost.damaged > 0)
		d->status = status_worse(d->status, STATUS_NO);
	pthread_mutex_unlock(&d->lock);
	s->lost += lost.dropped + lost.damaged;
	if (lost.disk_full)
		st->tell("%s: %s; waiting for room", st->spool,
		    strerror(ENOSPC));
	if (lost.dropping)
		st->tell("%s: full, dropping the oldest", st->spool);
	if (lost.dropped > 0)
		st->tell("%s: %llu records were dropped", st->spool,
		    (unsigned long long)lost.dropped);
	if (lost.damaged > 0)
		st->tell("%s: %llu records are damaged%s", st->spool,
		    (unsigned long long)lost.damaged, lost.kept ?
		    ", what is left of them is kept in its folder damaged" :
		    "");
}

/* Refuse an item that the receiver will never take. */
static void
refuse(struct turn *t, struct item *item)
{
	struct delivery *d = t->d;
	int r;

	item->state = ITEM_REFUSED;
	t->s->refused++;
	t->b->refused++;
	pthread_mutex_lock(&d->lock);
	d->refused++;
	d->status = status_worse(d->status, STATUS_NO);
	r = dead_letters_add(&d->dead, item->line,
	    item->reason != NULL ? item->reason : t->s->error);
	pthread_mutex_unlock(&d->lock);
	if (r < 0)
		delivery_fail(d, STATUS_TROUBLE);
}

/*
 * Sort the items after an attempt: those that were taken count as evidence, and
 * those that were refused are reported.  Returns how many others stay in items.
 */
static size_t
sort_out(struct turn *t, struct item **items, size_t n)
{
	struct delivery *d = t->d;
	size_t left = 0;

	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < n; i++)
		if (items[i]->state == ITEM_DONE) {
			evidence_add(&d->evidence, items[i]->group);
			t->taken++;
		}
	pthread_mutex_unlock(&d->lock);
	for (size_t i = 0; i < n; i++)
		if (items[i]->state == ITEM_WAITING)
			items[left++] = items[i];
		else if (items[i]->state == ITEM_REFUSED)
			refuse(t, items[i]);
	return left;
}

static bool
taken_since(struct turn *t, const struct item *item, uint64_t at)
{
	bool yes;

	pthread_mutex_lock(&t->d->lock);
	yes = evidence_since(&t->d->evidence, item->group, at);
	pthread_mutex_unlock(&t->d->lock);
	return yes;
}

static uint64_t
taken(struct delivery *d)
{
	uint64_t n;

	pthread_mutex_lock(&d->lock);
	n = d->evidence.taken;
	pthread_mutex_unlock(&d->lock);
	return n;
}

/* Note that the item failed alone. */
static void
strike(struct turn *t, struct item *item)
{
	t->strikes++;
	if (item->reason == NULL)
		item->reason = strdup(t->s->error);
	if (t->s->strikes <= 1) {
		item->strikes = 1;
		item->struck_at = t->b->began_at;
	} else if (item->strikes == 0 ||
	    taken_since(t, item, item->struck_at)) {
		item->strikes++;
		item->struck_at = taken(t->d);
	}
}

/* Whether it is the item that is to blame. */
static bool
is_proven(struct turn *t, const struct item *item)
{
	if (item->strikes == 0 || item->state != ITEM_WAITING)
		return false;
	return t->s->strikes > 1 ? item->strikes >= t->s->strikes :
	    taken_since(t, item, item->struck_at);
}

/* What this receiver has told counts no more; others tell what they have. */
static enum attempt
attempt(struct turn *t, struct item **items, size_t n)
{
	struct spool_report *report = &t->d->report;
	uint64_t lost = t->s->lost;
	enum attempt r = t->s->attempt(t->s, items, n);

	if (t->s->lost < lost) {
		lost -= t->s->lost;
		pthread_mutex_lock(&t->d->lock);
		report->untold -= lost < report->untold ? lost : report->untold;
		pthread_mutex_unlock(&t->d->lock);
		t->told = true;
	}
	return r;
}

static enum attempt probe(struct turn *t, struct item **items, size_t n);

/*
 * Try items one after the other.  When an item has to fail more than once, it
 * is tried again after each other one that was taken.
 */
static enum attempt
probe_each(struct turn *t, struct item **items, size_t n)
{
	size_t first = n;	/* the first item that failed */

	for (size_t i = 0; i < n; i++) {
		if (probe(t, &items[i], 1) == ATTEMPT_LATER)
			return ATTEMPT_LATER;
		if (items[i]->state == ITEM_WAITING && first == n)
			first = i;
		for (size_t k = first; t->s->strikes > 1 && k < i &&
		    items[i]->state == ITEM_DONE; k++)
			if (items[k]->state == ITEM_WAITING &&
			    !is_proven(t, items[k]) &&
			    probe(t, &items[k], 1) == ATTEMPT_LATER)
				return ATTEMPT_LATER;
	}
	return ATTEMPT_DONE;
}

static enum attempt
probe_halves(struct turn *t, struct item **items, size_t n)
{
	if (probe(t, items, n / 2) == ATTEMPT_LATER)
		return ATTEMPT_LATER;
	return probe(t, items + n / 2, n - n / 2);
}

/*
 * Try to deliver items, and find those that are to blame themselves.  Returns
 * LATER when it is of no use to go on now.
 */
static enum attempt
probe(struct turn *t, struct item **items, size_t n)
{
	struct receiver *s = t->s;
	enum attempt r = attempt(t, items, n);

	n = sort_out(t, items, n);
	if (s->warning[0] != '\0')
		tell_warning(t);
	if (delivery_given_up(t->d) ||
	    (t->taken == 0 && t->strikes >= (size_t)FIRST_STRIKES
	    << (t->b->passes < 16 ? t->b->passes : 16)))
		return ATTEMPT_LATER;
	if (n == 0)
		return ATTEMPT_DONE;
	switch (r) {
	case ATTEMPT_DONE:
		for (size_t i = 0; i < n; i++)
			if (items[i]->suspect)
				strike(t, items[i]);
		return ATTEMPT_DONE;
	case ATTEMPT_SUSPECT:
		if (n > 1)
			return s->one_by_one ? probe_each(t, items, n) :
			    probe_halves(t, items, n);
		strike(t, items[0]);
		return ATTEMPT_DONE;
	case ATTEMPT_SPLIT:
		if (n > 1)
			return probe_halves(t, items, n);
		/* FALLTHROUGH */
	case ATTEMPT_REFUSED:
		for (size_t i = 0; i < n; i++)
			refuse(t, items[i]);
		return ATTEMPT_DONE;
	default:
		return ATTEMPT_LATER;
	}
}

/* Find the batch's items that wait.  Returns how many there are. */
static size_t
find_waiting(struct batch *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->items[i].state == ITEM_WAITING)
			b->waiting[n++] = &b->items[i];
	return n;
}

/* Try an item that failed among others once more, alone. */
static bool
fails_alone(struct turn *t, struct item *item)
{
	attempt(t, &item, 1);
	return sort_out(t, &item, 1) > 0 && item->suspect;
}

/*
 * Refuse what is proven.  The very last item of a stream has no others after
 * it: for some receivers the items that they took before are proof enough.
 * Returns how many wait.
 */
static size_t
refuse_proven(struct turn *t)
{
	struct batch *b = t->b;
	size_t left;

	for (size_t i = 0; i < b->n; i++)
		if (is_proven(t, &b->items[i]) && (!b->items[i].suspect ||
		    fails_alone(t, &b->items[i])))
			refuse(t, &b->items[i]);
	left = find_waiting(b);
	if (left == 1 && b->waiting[0]->strikes > 0 && t->s->trusts_past &&
	    read_flag(t->d, &t->d->drained) && taken(t->d) > 0) {
		refuse(t, b->waiting[0]);
		left = 0;
	}
	return left;
}

/*
 * Returns how long to wait before the next try, or -1 to give up.  The deadline
 * counts without a spool, or once all input is read.
 */
static int64_t
time_to_retry(struct turn *t)
{
	struct delivery *d = t->d;
	const struct stream *st = d->st;
	struct retry *retry = &t->b->retry;
	bool kept = queue_is_kept(d->queue), finishing = termination_asked();
	int64_t now = units_now_ms(), end = 0;

	delivery_tell_losses(d, t->s);
	if (delivery_given_up(d) || (finishing && kept))
		return -1;
	if (finishing)	/* records that no spool keeps get some more tries */
		end = now + grace_left_ms();
	if (st->deadline_ms > 0 && (!kept || queue_closed(d->queue)) &&
	    (end == 0 || now + st->deadline_ms < end))
		end = now + st->deadline_ms;
	if (end > 0 && (retry->end_ms == 0 || (finishing && end < retry->end_ms)))
		retry->end_ms = end;
	return retry_next_ms(retry, t->s->retry_after_ms);
}

/* Whether other items can help to tell whether those that wait are to blame. */
static bool
may_join(struct turn *t, size_t n)
{
	const struct stream *st = t->d->st;

	if (n > JOIN_MAX || t->b->n > BATCHES_MAX * st->batch_lines ||
	    t->b->text.len > BATCHES_MAX * st->batch_bytes ||
	    read_flag(t->d, &t->d->drained) || termination_asked())
		return false;
	for (size_t i = 0; i < n; i++)
		if (t->b->waiting[i]->strikes == 0)
			return false;
	return true;
}

static bool
is_unjudged(const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->items[i].state != ITEM_WAITING ||
		    b->items[i].suspect || b->items[i].strikes > 0)
			return false;
	return true;
}

static enum delivered
deliver(struct turn *t)
{
	struct batch *b = t->b;
	size_t n, left;
	int64_t ms;

	while ((n = find_waiting(b)) > 0) {
		t->strikes = t->taken = 0;
		probe(t, b->waiting, n);
		b->passes += t->strikes > 0;
		left = refuse_proven(t);
		if (delivery_given_up(t->d))
			return DELIVERY_GIVEN_UP;
		if (left == 0)
			break;
		if (left < n)
			b->retry.tries = 0;
		t->s->leave_server = t->taken == 0 && t->strikes > 0;
		tell_once(t);
		if ((ms = time_to_retry(t)) < 0) {
			delivery_fail(t->d, STATUS_RETRY);
			return DELIVERY_GIVEN_UP;
		}
		b->due_ms = units_now_ms() + ms;
		if (may_join(t, left))
			return DELIVERY_STUCK;
		if (t->d->st->patient) {
			b->unjudged = is_unjudged(b);
			return DELIVERY_LATER;
		}
		poll(&(struct pollfd){ .fd = termination_fd(),
			 .events = POLLIN }, !termination_asked(),
		    (int)(ms < INT32_MAX ? ms : INT32_MAX));
	}
	return DELIVERY_DONE;
}

/* Add the ids of the items that were delivered, as an array of JSON. */
static void
add_ids(struct buf *ids, const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->items[i].state == ITEM_DONE) {
			buf_adds(ids, ids->len == 0 ? "[\"" : ",\"");
			buf_add(ids, b->items[i].id, ITEM_ID);
			buf_addc(ids, '"');
		}
	buf_addc(ids, ']');
}

static bool
take_receipt(struct turn *t)
{
	const struct stream *st = t->d->st;
	const struct batch *b = t->b;
	unsigned char digest[SHA256_SIZE];
	char hex[SHA256_HEX];
	struct buf ids = { 0 };
	struct receipt r = {
		.url = t->s->url.len > 0 ? buf_span(&t->s->url) :
		    span_str(st->url),
		.etag = buf_span(&t->s->etag),
		.size = b->text.len, .sha256 = hex,
	};
	int got;

	if (st->receipts < 0 || b->refused == b->n)
		return true;
	sha256(b->text.p, b->text.len, digest);
	digest_hex(digest, sizeof digest, hex);
	if (t->s->has_ids)
		add_ids(&ids, b);
	r.ids = buf_span(&ids);
	if ((got = ids.failed ? -1 : receipt_write(st->receipts, &r)) < 0) {
		st->tell("receipts: %s", strerror(errno));
		delivery_fail(t->d, STATUS_TROUBLE);
	}
	buf_free(&ids);
	return got == 0;
}

/*
 * End a batch whose items are settled.  Receipts and dead letters are on disk
 * before the items are acknowledged.
 */
static bool
end_turn(struct turn *t)
{
	struct delivery *d = t->d;
	struct batch *b = t->b;
	int r = 0;

	pthread_mutex_lock(&d->lock);
	if (b->refused > 0)
		r = dead_letters_sync(&d->dead);
	pthread_mutex_unlock(&d->lock);
	if (r < 0)
		delivery_fail(d, STATUS_TROUBLE);
	if (r < 0 || !take_receipt(t))
		return false;
	pthread_mutex_lock(&d->lock);
	d->delivered += b->n;
	d->report.refused += b->refused;
	if (b->failing && --d->failing == 0) {
		if (d->told[0] != '\0' && b->refused < b->n)
			d->st->tell("%s: delivering again", d->st->url);
		d->told[0] = '\0';
	}
	if ((d->failing == 0 && d->report.failing_since != 0) ||
	    b->refused > 0 || t->told) {
		if (d->failing == 0) {
			d->report.failing_since = 0;
			d->report.last_error[0] = '\0';
		}
		save_report(d);
	}
	pthread_mutex_unlock(&d->lock);
	return true;
}

enum delivered
delivery_send(struct delivery *d, struct receiver *s, struct batch *b)
{
	struct turn t = { .d = d, .s = s, .b = b };
	enum delivered r;

	if (b->failed) {
		d->st->tell("%s", strerror(ENOMEM));
		delivery_fail(d, STATUS_TROUBLE);
		return DELIVERY_GIVEN_UP;
	}
	if (!b->begun) {
		b->begun = true;
		b->began_at = taken(d);
		retry_begin(&b->retry, 0);
	}
	delivery_tell_losses(d, s);
	if ((r = deliver(&t)) == DELIVERY_DONE && !end_turn(&t))
		r = DELIVERY_GIVEN_UP;
	return r;
}
