#include "stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "confirm.h"
#include "delivery.h"
#include "finish.h"
#include "hash.h"
#include "input.h"
#include "lanes.h"
#include "line.h"
#include "relay.h"
#include "spool.h"
#include "status.h"

enum { LONGEST_PART = 4 };	/* of a spool that a line may take */

struct run {
	struct stream *st;
	struct relay *relay;
	struct delivery delivery;	/* in a thread of its own */

	uint64_t lines, cut;
	uint64_t stream, position;
	int status;
};

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
		run->status = STATUS_TROUBLE;
		input_close(in);
		return 0;
	}
	r = run->st->confirm ? confirm_lines(l, run->relay, run->st->spool,
	    &run->lines) : read_lines(run, l);
	if (r < 0 && !relay_refuses(run->relay)) {
		run->st->tell("%s: %s", label, input_error(in));
		run->status = finish_asked() ? STATUS_RETRY :
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
		run->status = STATUS_TROUBLE;
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
	const struct delivery *d = &run->delivery;
	struct spool_state state;

	if (relay_error(run->relay) != NULL) {
		st->tell("%s: %s", st->spool != NULL ? st->spool :
		    "standard input", relay_error(run->relay));
		run->status = STATUS_TROUBLE;
	}
	if (d->refused > 0)
		st->tell("%s: %llu records were refused", st->url,
		    (unsigned long long)d->refused);
	if (st->spool == NULL && run->lines > d->delivered)
		st->tell("%s: %llu records were not delivered", st->url,
		    (unsigned long long)(run->lines - d->delivered));
	else if (st->spool != NULL && spool_look(st->spool, &state) == 0 &&
	    state.records > 0)
		st->tell("%s: not delivered, %llu records are kept in %s",
		    st->url, (unsigned long long)state.records, st->spool);
}

static void *
send_all(void *arg)
{
	struct run *run = arg;

	lanes_run(&run->delivery, run->st->senders, run->st->n_senders);
	return NULL;
}

int
stream_push(struct stream *st, struct files *files)
{
	struct run run = { .st = st };
	pthread_t sender;

	if (st->spool != NULL && st->max_line > st->spool_max / LONGEST_PART)
		st->max_line = (size_t)(st->spool_max / LONGEST_PART);
	run.relay = st->spool == NULL ? relay_memory() :
	    relay_spool(st->spool, st->spool_max, st->drop);
	delivery_init(&run.delivery, st, run.relay);
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
	relay_free(run.relay);
	return status_worse(run.status, run.delivery.status);
}
