#include "stream/stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/status.h"
#include "base/termination.h"
#include "input/input.h"
#include "input/lines.h"
#include "net/kafka.h"
#include "stream/delivery.h"
#include "stream/frame.h"
#include "stream/kafka_group.h"
#include "stream/omprog.h"
#include "stream/partitions.h"
#include "stream/queue.h"
#include "stream/spool_status.h"

enum { BATCH_MS_MAX = 1000 };	/* for a group, without a spool */
enum { LONGEST_PART = 4 }; /* a line may take one part in so many of a spool */

struct command {
	struct stream *st;
	struct queue *queue;
	struct delivery delivery;	/* in a thread of its own */

	uint64_t lines, cut;
	uint64_t stream, position;
	int status;
	bool hung;		/* leaving a group of Kafka */
};

/* --- reading --- */

static struct queue *reading;

static int
flush_idle(void)
{
	return queue_flush(reading);
}

static int
put_line(struct command *run, struct span line)
{
	struct frame f = {
		.stream = run->stream, .position = run->position,
		.data = line,
	};

	if (line.len == 0)		/* an empty line is no record */
		return 0;
	run->lines++;
	return queue_put(run->queue, &f);
}

/* All lines of one input.  0, or -1 when the queue takes no more. */
static int
read_lines(struct command *run, struct lines *l)
{
	bool has_lf, first = true;
	struct span line;
	int r;

	for (run->position = 0; (r = line_next(l, &line, &has_lf)) > 0;
	    run->position += line.len + has_lf) {
		if (first)
			run->stream = frame_stream(run->st->host, line);
		first = false;
		if (put_line(run, line) < 0)
			return -1;
	}
	return r;
}

static int
read_file(struct command *run, const char *name)
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
	r = run->st->confirm ? omprog_confirm(l, run->queue, run->st->spool,
	    &run->lines) : read_lines(run, l);
	if (r < 0 && !queue_refuses(run->queue)) {
		run->st->tell("%s: %s", label, input_error(in));
		run->status = termination_asked() ? STATUS_RETRY :
		    STATUS_TROUBLE;
		r = 0;
	}
	run->cut += lines_cut(l);
	lines_free(l);
	input_close(in);
	return r;
}

static int
put_frame(void *arg, const struct frame *f)
{
	struct command *run = arg;

	if (f->data.len == 0)
		return 0;
	run->lines++;
	return queue_put(run->queue, f);
}

static int
settle(void *arg)
{
	struct command *run = arg;

	return queue_settle(run->queue);
}

/* Does not end by itself, but with the process. */
static int
read_group(struct command *run, const char *url)
{
	const struct stream *st = run->st;
	struct kafka_group g = {
		.url = url, .config = st->kafka_config,
		.max_line = st->max_line, .tell = st->tell,
		.put = put_frame, .settle = settle, .arg = run,
	};

	/* Without a spool it waits for each batch before it reads on. */
	if (st->spool == NULL && st->batch_ms > BATCH_MS_MAX)
		run->st->batch_ms = BATCH_MS_MAX;
	if (kafka_group_read(&g, &run->hung) < 0 && !queue_refuses(run->queue))
		run->status = STATUS_TROUBLE;
	termination_ask();
	return -1;
}

static void
read_all(struct command *run, struct operands *files)
{
	const char *name;

	reading = run->queue;
	input_idle = flush_idle;
	/* Asked before we began: what is in the pipe is taken all the same. */
	while ((name = operands_next(files)) != NULL &&
	    (kafka_is_url(name) ? read_group(run, name) :
	    read_file(run, name)) == 0 && !termination_asked())
		;
	input_idle = NULL;
	if ((errno = operands_error(files)) != 0) {
		run->st->tell("list of files: %s", strerror(errno));
		run->status = STATUS_TROUBLE;
	}
	queue_sync(run->queue);
	queue_close(run->queue);
	if (run->cut > 0)
		run->st->tell("%llu lines were longer than %zu bytes and sent "
			      "in pieces",
		    (unsigned long long)run->cut, run->st->max_line);
}

/* --- both --- */

static void
tell_rest(struct command *run)
{
	const struct stream *st = run->st;
	const struct delivery *d = &run->delivery;
	struct spool_state state;

	if (queue_error(run->queue) != NULL) {
		st->tell("%s: %s", st->spool != NULL ? st->spool :
		    "standard input", queue_error(run->queue));
		run->status = STATUS_TROUBLE;
	}
	if (d->refused > 0)
		st->tell("%s: %llu records were refused", st->url,
		    (unsigned long long)d->refused);
	if (st->spool == NULL && run->lines > d->delivered)
		st->tell("%s: %llu records were not delivered", st->url,
		    (unsigned long long)(run->lines - d->delivered));
	if (st->spool == NULL || spool_look(st->spool, &state) < 0)
		return;
	if (state.dropped > 0)
		st->tell("%s: not delivered, %llu records are kept in %s, "
		    "%llu dropped", st->url, (unsigned long long)state.records,
		    st->spool, (unsigned long long)state.dropped);
	else if (state.records > 0)
		st->tell("%s: not delivered, %llu records are kept in %s",
		    st->url, (unsigned long long)state.records, st->spool);
}

static void *
send_all(void *arg)
{
	struct command *run = arg;

	partitions_run(&run->delivery, run->st->receivers, run->st->n_receivers);
	return NULL;
}

int
stream_push(struct stream *st, struct operands *files, bool *hung)
{
	struct command run = { .st = st };
	pthread_t sender;

	*hung = false;
	if (st->spool != NULL && st->max_line > st->spool_max / LONGEST_PART)
		st->max_line = (size_t)(st->spool_max / LONGEST_PART);
	run.queue = st->spool == NULL ? queue_memory() :
	    queue_spool(st->spool, st->spool_max, st->drop);
	delivery_init(&run.delivery, st, run.queue);
	if (run.queue == NULL ||
	    (errno = pthread_create(&sender, NULL, send_all, &run)) != 0) {
		st->tell("%s: %s", st->spool != NULL ? st->spool : "stream",
		    strerror(errno));
		queue_free(run.queue);
		return STATUS_TROUBLE;
	}
	read_all(&run, files);
	pthread_join(sender, NULL);
	tell_rest(&run);
	*hung = run.hung;
	queue_free(run.queue);
	delivery_free(&run.delivery);
	return status_worse(run.status, run.delivery.status);
}
