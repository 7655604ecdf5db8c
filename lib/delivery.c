#include "delivery.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "finish.h"
#include "hash.h"
#include "json.h"
#include "payload.h"
#include "receipt.h"
#include "retry.h"
#include "status.h"
#include "stream.h"
#include "timestamp.h"
#include "units.h"

enum {
	FEW_TRIES = 3,
	GRACE_MS = 10 * 1000,	/* after SIGTERM, for what no spool keeps */
};

struct turn {			/* one batch, one sender */
	struct delivery *d;
	struct sender *s;
	size_t refused;		/* lines */
	bool failing;
};

void
delivery_init(struct delivery *d, const struct stream *st, struct relay *relay)
{
	*d = (struct delivery){ .st = st, .relay = relay };
	pthread_mutex_init(&d->lock, NULL);
}

void
delivery_fail(struct delivery *d, int status)
{
	pthread_mutex_lock(&d->lock);
	d->status = status_worse(d->status, status);
	d->given_up = true;
	pthread_mutex_unlock(&d->lock);
}

bool
delivery_given_up(struct delivery *d)
{
	bool yes;

	pthread_mutex_lock(&d->lock);
	yes = d->given_up;
	pthread_mutex_unlock(&d->lock);
	return yes;
}

/* However many fail for one reason, it is told once. */
static void
tell_once(struct turn *t)
{
	struct delivery *d = t->d;
	const char *reason = t->s->error;

	pthread_mutex_lock(&d->lock);
	d->failing += !t->failing;
	t->failing = true;
	if (strcmp(d->told, reason) != 0) {
		snprintf(d->told, sizeof d->told, "%s", reason);
		d->st->tell("%s: %s; trying again", d->st->url, reason);
	}
	pthread_mutex_unlock(&d->lock);
}

void
delivery_tell_losses(struct delivery *d, struct sender *s)
{
	const struct stream *st = d->st;
	uint64_t lost;

	if (relay_dropping(d->relay))
		st->tell("%s: full, dropping the oldest", st->spool);
	lost = relay_lost(d->relay);
	s->lost += lost;
	if (lost > 0)
		st->tell("%s: %llu records were dropped or damaged", st->spool,
		    (unsigned long long)lost);
}

/* One line of the dead letters: why, when, where, and the record. */
static int
write_dead_letter(const struct stream *st, const struct item *item,
    const char *why)
{
	char when[TIMESTAMP_SIZE];
	struct timestamp now = { .sec = time(NULL) };
	struct buf b = { 0 };
	bool lossy = false;
	int r;

	buf_adds(&b, "{\"time\":\"");
	buf_add(&b, when, timestamp_print(when, &now));
	buf_adds(&b, "\",\"url\":");
	json_add_string(&b, span_str(st->url), &lossy);
	buf_adds(&b, ",\"error\":");
	json_add_string(&b, span_str(why), &lossy);
	buf_adds(&b, ",\"record\":");
	payload_add(&b, item->line);
	buf_adds(&b, "}\n");
	r = b.failed || write(st->dead_letter, b.p, b.len) !=
	    (ssize_t)b.len ? -1 : 0;
	buf_free(&b);
	return r;
}

/* Nothing will make the receiver take this one. */
static int
refuse(struct turn *t, struct item *item)
{
	struct delivery *d = t->d;
	const struct stream *st = d->st;
	const char *why = item->reason != NULL ? item->reason : t->s->error;
	bool first;

	item->state = ITEM_REFUSED;
	t->s->refused++;
	t->refused++;
	pthread_mutex_lock(&d->lock);
	first = d->refused++ == 0;
	d->status = status_worse(d->status, STATUS_NO);
	pthread_mutex_unlock(&d->lock);
	if (first)
		st->tell("%s: refused: %s", st->url, why);
	if (st->dead_letter < 0 || write_dead_letter(st, item, why) == 0)
		return 0;
	st->tell("dead letters: %s", strerror(errno));
	delivery_fail(d, STATUS_TROUBLE);
	return -1;
}

/*
 * Wait before the next try.  Without a spool, or once all input is read, the
 * deadline runs.  False: give up.
 */
static bool
wait_to_retry(struct turn *t, struct retry *retry)
{
	struct delivery *d = t->d;
	const struct stream *st = d->st;
	bool kept = relay_is_kept(d->relay), finishing = finish_asked();
	int64_t now = units_now_ms(), end = 0, ms;

	delivery_tell_losses(d, t->s);
	if (delivery_given_up(d) || (finishing && kept))
		return false;
	if (finishing)
		end = now + GRACE_MS;
	if (st->deadline_ms > 0 && (!kept || relay_closed(d->relay)) &&
	    (end == 0 || now + st->deadline_ms < end))
		end = now + st->deadline_ms;
	if (end > 0 && retry->end_ms == 0)
		retry->end_ms = end;
	ms = retry_next_ms(retry, t->s->retry_after_ms);
	if (ms >= 0)
		poll(&(struct pollfd){ .fd = finish_fd(), .events = POLLIN },
		    !finishing, (int)(ms < INT32_MAX ? ms : INT32_MAX));
	return ms >= 0;
}

/* Settle those that were refused by name; keep those that wait: how many. */
static size_t
sort_out(struct turn *t, struct item **items, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (items[i]->state == ITEM_WAITING)
			items[left++] = items[i];
		else if (items[i]->state == ITEM_REFUSED &&
		    refuse(t, items[i]) < 0)
			return SIZE_MAX;
	return left;
}

static bool
refuse_all(struct turn *t, struct item **items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (refuse(t, items[i]) < 0)
			return false;
	return true;
}

static bool
deliver(struct turn *t, struct item **items, size_t n)
{
	struct sender *s = t->s;
	struct retry retry;
	unsigned few = 0;
	enum attempt r;
	size_t left;

	retry_begin(&retry, 0);
	while (n > 0) {
		r = s->attempt(s, items, n);
		if ((left = sort_out(t, items, n)) == SIZE_MAX)
			return false;
		if (left < n)
			retry.tries = 0;
		n = left;
		if (r == ATTEMPT_SPLIT && n > 1)
			return deliver(t, items, n / 2) &&
			    deliver(t, items + n / 2, n - n / 2);
		if (r == ATTEMPT_REFUSED || r == ATTEMPT_SPLIT ||
		    (r == ATTEMPT_FEW && ++few > FEW_TRIES))
			return refuse_all(t, items, n);
		if (n == 0)
			break;
		if (r == ATTEMPT_HOPELESS) {
			t->d->st->tell("%s: %s", t->d->st->url, s->error);
			delivery_fail(t->d, STATUS_TROUBLE);
			return false;
		}
		tell_once(t);
		if (!wait_to_retry(t, &retry)) {
			delivery_fail(t->d, STATUS_RETRY);
			return false;
		}
	}
	return true;
}

static bool
take_receipt(struct turn *t, const struct batch *b)
{
	const struct stream *st = t->d->st;
	unsigned char digest[SHA256_SIZE];
	char hex[SHA256_HEX];
	struct receipt r = {
		.url = t->s->url.len > 0 ? buf_span(&t->s->url) :
		    span_str(st->url),
		.etag = buf_span(&t->s->etag),
		.size = b->text.len, .sha256 = hex,
	};

	if (st->receipts < 0)
		return true;
	sha256(b->text.p, b->text.len, digest);
	hash_hex(digest, sizeof digest, hex);
	if (receipt_write(st->receipts, &r) == 0)
		return true;
	st->tell("receipts: %s", strerror(errno));
	delivery_fail(t->d, STATUS_TROUBLE);
	return false;
}

static void
end_turn(struct turn *t, size_t n)
{
	struct delivery *d = t->d;

	pthread_mutex_lock(&d->lock);
	d->delivered += n;
	if (t->failing && --d->failing == 0)
		d->told[0] = '\0';
	pthread_mutex_unlock(&d->lock);
}

bool
delivery_send(struct delivery *d, struct sender *s, struct batch *b)
{
	struct turn t = { .d = d, .s = s };

	if (b->failed) {
		d->st->tell("%s", strerror(ENOMEM));
		delivery_fail(d, STATUS_TROUBLE);
		return false;
	}
	for (size_t i = 0; i < b->n; i++)
		b->waiting[i] = &b->items[i];
	delivery_tell_losses(d, s);
	if (!deliver(&t, b->waiting, b->n))
		return false;
	if (t.refused > 0 && d->st->dead_letter >= 0)
		fdatasync(d->st->dead_letter);
	if (t.refused < b->n && !take_receipt(&t, b))
		return false;
	end_turn(&t, b->n);
	return true;
}
