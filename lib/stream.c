#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "batch.h"
#include "confirm.h"
#include "finish.h"
#include "hash.h"
#include "input.h"
#include "json.h"
#include "line.h"
#include "out.h"
#include "payload.h"
#include "receipt.h"
#include "relay.h"
#include "retry.h"
#include "spool.h"
#include "status.h"
#include "timestamp.h"
#include "units.h"

enum {
	FEW_TRIES = 3,
	LONGEST_PART = 4,	/* of a spool that a line may take */
	GRACE_MS = 10 * 1000,	/* after SIGTERM, for what no spool keeps */
};

struct run {
	struct stream *st;
	struct relay *relay;

	/* The sender's thread. */
	struct batch batch;
	struct frame held;	/* got, but for the next batch */
	bool holds;
	int64_t turn_end_ms;	/* to wait for another sender, 0: not yet */
	uint64_t delivered, refused;
	int status;
	char told[512];		/* the last reason that was told */

	/* The reader's. */
	uint64_t lines, cut;
	uint64_t stream, position;
	int read_status;
};

/* --- sending --- */

static void
tell_once(struct run *run, const char *reason)
{
	if (strcmp(run->told, reason) == 0)
		return;
	snprintf(run->told, sizeof run->told, "%s", reason);
	run->st->tell("%s: %s; trying again", run->st->url, reason);
}

static void
tell_losses(struct run *run)
{
	uint64_t lost;

	if (relay_dropping(run->relay))
		run->st->tell("%s: full, dropping the oldest", run->st->spool);
	lost = relay_lost(run->relay);
	run->st->sender->lost += lost;
	if (lost > 0)
		run->st->tell("%s: %llu records were dropped or damaged",
		    run->st->spool, (unsigned long long)lost);
}

/* One line of the dead letters: why, when, where, and the record. */
static int
write_dead_letter(struct run *run, const struct item *item, const char *why)
{
	char when[TIMESTAMP_SIZE];
	struct timestamp now = { .sec = time(NULL) };
	struct buf b = { 0 };
	bool lossy = false;
	int r;

	buf_adds(&b, "{\"time\":\"");
	buf_add(&b, when, timestamp_print(when, &now));
	buf_adds(&b, "\",\"url\":");
	json_add_string(&b, span_str(run->st->url), &lossy);
	buf_adds(&b, ",\"error\":");
	json_add_string(&b, span_str(why), &lossy);
	buf_adds(&b, ",\"record\":");
	payload_add(&b, item->line);
	buf_adds(&b, "}\n");
	r = b.failed || write(run->st->dead_letter, b.p, b.len) !=
	    (ssize_t)b.len ? -1 : 0;
	buf_free(&b);
	return r;
}

/* Nothing will make the receiver take this one. */
static int
refuse(struct run *run, struct item *item)
{
	const char *why = item->reason != NULL ? item->reason :
	    run->st->sender->error;

	item->state = ITEM_REFUSED;
	run->st->sender->refused++;
	if (run->refused++ == 0)
		run->st->tell("%s: refused: %s", run->st->url, why);
	if (run->status == STATUS_OK)
		run->status = STATUS_NO;
	if (run->st->dead_letter < 0 || write_dead_letter(run, item, why) == 0)
		return 0;
	run->st->tell("dead letters: %s", strerror(errno));
	run->status = STATUS_TROUBLE;
	return -1;
}

/*
 * Wait before the next try.  Without a spool, or once all input is read, the
 * deadline runs.  False: give up.
 */
static bool
wait_to_retry(struct run *run, struct retry *retry)
{
	const struct stream *st = run->st;
	bool kept = relay_is_kept(run->relay);
	int64_t now = units_now_ms(), end = 0, ms;
	bool finishing = finish_asked();

	tell_losses(run);
	if (finishing && kept)
		return false;
	if (finishing)
		end = now + GRACE_MS;
	if (st->deadline_ms > 0 && (!kept || relay_closed(run->relay)) &&
	    (end == 0 || now + st->deadline_ms < end))
		end = now + st->deadline_ms;
	if (end > 0 && retry->end_ms == 0)
		retry->end_ms = end;
	ms = retry_next_ms(retry, st->sender->retry_after_ms);
	if (ms >= 0)
		poll(&(struct pollfd){ .fd = finish_fd(), .events = POLLIN },
		    !finishing, (int)(ms < INT32_MAX ? ms : INT32_MAX));
	return ms >= 0;
}

/* Settle those that were refused by name; keep those that wait: how many. */
static size_t
sort_out(struct run *run, struct item **items, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (items[i]->state == ITEM_WAITING)
			items[left++] = items[i];
		else if (items[i]->state == ITEM_REFUSED &&
		    refuse(run, items[i]) < 0)
			return SIZE_MAX;
	return left;
}

/* False: given up, or in trouble, and run->status says which. */
static bool
deliver(struct run *run, struct item **items, size_t n)
{
	struct sender *s = run->st->sender;
	struct retry retry;
	unsigned few = 0;
	enum attempt r;
	size_t left;

	retry_begin(&retry, 0);
	while (n > 0) {
		r = s->attempt(s, items, n);
		if ((left = sort_out(run, items, n)) == SIZE_MAX)
			return false;
		if (left < n)
			retry.tries = 0;
		n = left;
		if (r == ATTEMPT_SPLIT && n > 1)
			return deliver(run, items, n / 2) &&
			    deliver(run, items + n / 2, n - n / 2);
		if (r == ATTEMPT_REFUSED || r == ATTEMPT_SPLIT ||
		    (r == ATTEMPT_FEW && ++few > FEW_TRIES)) {
			for (size_t i = 0; i < n; i++)
				if (refuse(run, items[i]) < 0)
					return false;
			return true;
		}
		if (n == 0)
			break;
		if (r == ATTEMPT_HOPELESS) {
			run->st->tell("%s: %s", run->st->url, s->error);
			run->status = STATUS_TROUBLE;
			return false;
		}
		tell_once(run, s->error);
		if (!wait_to_retry(run, &retry)) {
			run->status = run->status == STATUS_OK ? STATUS_RETRY :
			    run->status;
			return false;
		}
	}
	run->told[0] = '\0';
	return true;
}

/* After a crash: the batch as it was begun. */
static int
gather_planned(struct run *run)
{
	int got = 1;

	while (got > 0 && relay_planned(run->relay) > 0 &&
	    (got = relay_get(run->relay, &run->held, 0)) > 0)
		batch_add(&run->batch, &run->held);
	return got;
}

/* Fill the batch.  False: there is nothing more to send. */
static bool
gather(struct run *run)
{
	struct stream *st = run->st;
	size_t bytes = 0, more;
	struct batch *b = &run->batch;
	int64_t until = -1;
	int got = 1;

	batch_clear(b);
	if (st->sender->whole && !run->holds)
		got = gather_planned(run);
	while (got > 0 && b->n < st->batch_lines && (b->n == 0 || until >= 0)) {
		if (!run->holds) {
			got = relay_get(run->relay, &run->held, until);
			if (got <= 0)
				break;
		}
		more = run->held.data.len + 1 + st->sender->overhead;
		run->holds = b->n > 0 && bytes + more > st->batch_bytes;
		if (run->holds)
			break;
		bytes += more;
		batch_add(b, &run->held);
		if (b->n == 1)
			until = units_now_ms() + (st->sender->at_once ||
			    st->confirm ? 0 : st->batch_ms);
	}
	batch_ready(b);
	return b->n > 0 || got == 0;
}

/* Nothing came: are we still waiting for another process to end its turn? */
static bool
wait_on(struct run *run)
{
	int64_t now = units_now_ms();

	if (!relay_closed(run->relay))
		return true;
	if (run->turn_end_ms == 0 && run->st->deadline_ms > 0)
		run->turn_end_ms = now + run->st->deadline_ms;
	return !finish_asked() &&
	    (run->turn_end_ms == 0 || now < run->turn_end_ms);
}

static bool
take_receipt(struct run *run)
{
	struct stream *st = run->st;
	struct batch *b = &run->batch;
	unsigned char digest[SHA256_SIZE];
	char hex[SHA256_HEX];
	struct receipt r = {
		.url = st->sender->url.len > 0 ? buf_span(&st->sender->url) :
		    span_str(st->url),
		.etag = buf_span(&st->sender->etag),
		.size = b->text.len, .sha256 = hex,
	};

	if (st->receipts < 0)
		return true;
	sha256(b->text.p, b->text.len, digest);
	hash_hex(digest, sizeof digest, hex);
	if (receipt_write(st->receipts, &r) == 0)
		return true;
	st->tell("receipts: %s", strerror(errno));
	run->status = STATUS_TROUBLE;
	return false;
}

static bool
send_batch(struct run *run)
{
	struct batch *b = &run->batch;
	uint64_t refused = run->refused;

	if (b->failed) {
		run->st->tell("%s", strerror(ENOMEM));
		run->status = STATUS_TROUBLE;
		return false;
	}
	for (size_t i = 0; i < b->n; i++)
		b->waiting[i] = &b->items[i];
	if (run->st->sender->whole)
		relay_plan(run->relay, run->holds);
	if (!deliver(run, b->waiting, b->n))
		return false;
	if (run->refused > refused && run->st->dead_letter >= 0)
		fdatasync(run->st->dead_letter);
	if (run->refused - refused < b->n && !take_receipt(run))
		return false;
	run->delivered += b->n;
	if (relay_ack(run->relay, run->holds) == 0)
		return true;
	run->st->tell("%s: %s", run->st->spool, strerror(errno));
	run->status = STATUS_TROUBLE;
	return false;
}

static void *
send_all(void *arg)
{
	struct run *run = arg;
	bool go_on = true;

	while (go_on && gather(run)) {
		tell_losses(run);
		go_on = run->batch.n > 0 ? send_batch(run) : wait_on(run);
		if (!go_on && run->status == STATUS_OK)
			run->status = STATUS_RETRY;
	}
	tell_losses(run);
	relay_give_up(run->relay);
	if (!go_on)
		finish_ask();		/* whoever reads need read no more */
	return NULL;
}

/* --- reading --- */

static struct relay *reading;

static int
flush_idle(void)
{
	return relay_flush(reading);
}

/*
 * Streams are told from each other by this machine and their first line, so
 * that a file keeps its identity when it is renamed, packed, or sent again.
 */
static uint64_t
identity(const char *host, struct span line)
{
	unsigned char digest[SHA256_SIZE];
	struct buf b = { 0 };
	uint64_t id = 0;

	buf_adds(&b, host);
	buf_addc(&b, '\n');
	buf_addspan(&b, line);
	sha256(b.p, b.len, digest);
	memcpy(&id, digest, sizeof id);
	buf_free(&b);
	return id;
}

static int
put_line(struct run *run, struct span line)
{
	struct frame f = { run->stream, run->position, line };

	if (line.len == 0)		/* an empty line is no record */
		return 0;
	run->lines++;
	return relay_put(run->relay, &f);
}

/* All lines of one input.  0, or -1 when the relay takes no more. */
static int
read_lines(struct run *run, struct lines *l)
{
	bool has_lf, first = true;
	struct span line;
	int r;

	for (run->position = 0; (r = line_next(l, &line, &has_lf)) > 0;
	    run->position += line.len + has_lf) {
		if (first)
			run->stream = identity(run->st->host, line);
		first = false;
		if (put_line(run, line) < 0)
			return -1;
	}
	return r;
}

static int
read_file(struct run *run, const char *name)
{
	struct input *in = input_open(name);
	struct lines *l = NULL;
	const char *label = strcmp(name, "-") == 0 ? "standard input" : name;
	int r = 0;

	if (in == NULL || (l = lines_new(in, run->st->max_line)) == NULL) {
		run->st->tell("%s: %s", label, strerror(errno));
		run->read_status = STATUS_TROUBLE;
		input_close(in);
		return 0;
	}
	r = run->st->confirm ? confirm_lines(l, run->relay, run->st->spool,
	    &run->lines) : read_lines(run, l);
	if (r < 0 && !relay_refuses(run->relay)) {
		run->st->tell("%s: %s", label, input_error(in));
		run->read_status = finish_asked() ? STATUS_RETRY :
		    STATUS_TROUBLE;
		r = 0;
	}
	run->cut += lines_cut(l);
	lines_free(l);
	input_close(in);
	return r;
}

static void
read_all(struct run *run, struct files *files)
{
	const char *name;

	reading = run->relay;
	input_idle = flush_idle;
	/* Asked before we began: what is in the pipe is taken all the same. */
	while ((name = files_next(files)) != NULL &&
	    read_file(run, name) == 0 && !finish_asked())
		;
	input_idle = NULL;
	if ((errno = files_error(files)) != 0) {
		run->st->tell("list of files: %s", strerror(errno));
		run->read_status = STATUS_TROUBLE;
	}
	relay_sync(run->relay);
	relay_close(run->relay);
	if (run->cut > 0)
		run->st->tell("%llu lines were longer than %zu bytes and sent "
		    "in pieces", (unsigned long long)run->cut, run->st->max_line);
}

/* --- both --- */

static void
tell_rest(struct run *run)
{
	const struct stream *st = run->st;
	struct spool_state state;

	if (relay_error(run->relay) != NULL) {
		st->tell("%s: %s", st->spool != NULL ? st->spool :
		    "standard input", relay_error(run->relay));
		run->status = STATUS_TROUBLE;
	}
	if (run->refused > 0)
		st->tell("%s: %llu records were refused", st->url,
		    (unsigned long long)run->refused);
	if (st->spool == NULL && run->lines > run->delivered)
		st->tell("%s: %llu records were not delivered", st->url,
		    (unsigned long long)(run->lines - run->delivered));
	else if (st->spool != NULL && spool_look(st->spool, &state) == 0 &&
	    state.records > 0)
		st->tell("%s: not delivered, %llu records are kept in %s",
		    st->url, (unsigned long long)state.records, st->spool);
}

int
stream_push(struct stream *st, struct files *files)
{
	struct run run = { .st = st };
	pthread_t sender;
	int status;

	if (st->spool != NULL && st->max_line > st->spool_max / LONGEST_PART)
		st->max_line = (size_t)(st->spool_max / LONGEST_PART);
	run.relay = st->spool == NULL ? relay_memory() :
	    relay_spool(st->spool, st->spool_max, st->drop);
	if (run.relay == NULL ||
	    (errno = pthread_create(&sender, NULL, send_all, &run)) != 0) {
		st->tell("%s: %s", st->spool != NULL ? st->spool : "stream",
		    strerror(errno));
		relay_free(run.relay);
		return STATUS_TROUBLE;
	}
	read_all(&run, files);
	pthread_join(sender, NULL);
	tell_rest(&run);
	status = run.read_status != STATUS_OK ? run.read_status : run.status;
	batch_free(&run.batch);
	relay_free(run.relay);
	return status;
}
