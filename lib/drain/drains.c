#include "drain/drains.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/status.h"
#include "base/termination.h"
#include "base/units.h"
#include "emit/emit.h"
#include "format/scanner.h"
#include "input/input.h"
#include "input/lines.h"
#include "net/grace.h"
#include "net/kafka.h"
#include "stream/kafka_group.h"

enum {
	TICK_MS = 20, WAIT_MS = 100,
	HANG_MS = 500,	/* for threads to end once nothing is under way */
};

struct run {
	const struct drains_options *o;
	struct drain_set *set;
	struct scanner *scanner;
	struct emit *emit;	/* NULL: lines go as they stand */
	struct record record;
	struct buf text;
	struct frame frame;
	uint64_t cut;
	int status;
	bool hung;		/* leaving a group of Kafka */
	pthread_t keeper;
	atomic_bool ending;
};

/* --- reading --- */

/* There was no memory for a line, or to know which drains it is for. */
static void
lose_line(struct run *run)
{
	run->o->set.stream.tell("%s", strerror(ENOMEM));
	run->status = STATUS_TROUBLE;
	drain_set_lose(run->set);
}

/* Put the record that was scanned, as JSON. */
static void
put_record(struct run *run)
{
	buf_clear(&run->text);
	if (emit_record(run->emit, &run->record, &run->text) < 0) {
		lose_line(run);
		return;
	}
	run->text.len--;	/* its LF */
	run->frame.data = buf_span(&run->text);
	drain_set_put(run->set, &run->record, true, &run->frame);
	if (run->record.failed)
		lose_line(run);
}

/*
 * Put the line as it stands; a piece of a message is a line of its own.  Returns
 * false when it is to be scanned for that.
 */
static bool
put_as_it_is(struct run *run, struct span line, bool scanned)
{
	bool put;
	int r = 0;

	if (scanned && (r = scan_line(run->scanner, line, &run->record)) == 0)
		r = scan_end(run->scanner, &run->record);
	run->frame.data = line;
	put = drain_set_put(run->set, r != 0 ? &run->record : NULL, scanned,
	    &run->frame);
	if (r != 0 && run->record.failed)
		lose_line(run);
	return put;
}

static void
put_line(struct run *run, struct span line)
{
	/* An empty line is no record, but may end one. */
	if (run->emit != NULL &&
	    scan_line(run->scanner, line, &run->record) != 0)
		put_record(run);
	else if (run->emit == NULL && line.len > 0 &&
	    !put_as_it_is(run, line, drain_set_needs_record(run->set)))
		put_as_it_is(run, line, true);
}

/* Put what the scanner has held back for lines that may still come. */
static void
put_rest(struct run *run)
{
	while (run->emit != NULL && scan_end(run->scanner, &run->record) > 0)
		put_record(run);
}

static int
read_lines(struct run *run, struct lines *l)
{
	bool has_lf, first = true;
	struct span line;
	int r;

	run->frame.position = 0;
	for (; (r = line_next(l, &line, &has_lf)) > 0;
	    run->frame.position += line.len + has_lf) {
		if (first)
			run->frame.stream =
			    frame_stream(run->o->set.stream.host, line);
		first = false;
		put_line(run, line);
	}
	put_rest(run);
	return r;
}

static void
read_file(struct run *run, const char *name)
{
	const char *label = strcmp(name, "-") == 0 ? "standard input" : name;
	const struct stream *st = &run->o->set.stream;
	struct input *in = input_open(name);
	struct lines *l = NULL;

	if (in == NULL || (l = lines_new(in, st->max_line)) == NULL) {
		st->tell("%s: %s", label, strerror(errno));
		run->status = STATUS_TROUBLE;
		input_close(in);
		return;
	}
	scanner_input(run->scanner, S_ISREG(input_stat(in)->st_mode) ?
	    (int64_t)input_stat(in)->st_mtime : ZONE_NOW);
	if (read_lines(run, l) < 0) {
		st->tell("%s: %s", label, input_error(in));
		run->status = termination_asked() ? STATUS_RETRY :
		    STATUS_TROUBLE;
	}
	run->cut += lines_cut(l);
	lines_free(l);
	input_close(in);
}

static int
held(const struct scanner *s)
{
	int r = 0;

	for (int i = 0; i < KAFKA_GROUP_HELD; i++)
		r |= (scanner_held(s, i) > 0) << i;
	return r;
}

static int
put_frame(void *arg, const struct frame *f)
{
	struct run *run = arg;

	run->frame = *f;
	put_line(run, f->data);
	if (run->status != STATUS_OK)
		return -1;
	return run->emit != NULL ? held(run->scanner) : 0;
}

static int
end_held(void *arg, bool forget)
{
	struct run *run = arg;

	if (!forget)
		put_rest(run);
	else
		while (scan_end(run->scanner, &run->record) > 0)
			;
	return run->status == STATUS_OK ? 0 : -1;
}

static int
settle(void *arg)
{
	struct run *run = arg;

	return run->status == STATUS_OK ? drain_set_sync(run->set) : -1;
}

/* Does not end by itself, but with the process. */
static void
read_group(struct run *run, const char *url)
{
	const struct stream *st = &run->o->set.stream;
	struct kafka_group g = {
		.url = url, .config = st->kafka_config,
		.max_line = st->max_line, .tell = st->tell,
		.put = put_frame, .end = end_held, .settle = settle, .arg = run,
	};

	scanner_input(run->scanner, ZONE_NOW);
	if (kafka_group_read(&g, &run->hung) < 0)
		run->status = STATUS_TROUBLE;
	termination_ask();
}

static void
read_all(struct run *run, struct operands *files)
{
	const struct stream *st = &run->o->set.stream;
	const char *name;

	/* Asked before we began: what is in the pipe is taken all the same. */
	while ((name = operands_next(files)) != NULL) {
		if (kafka_is_url(name))
			read_group(run, name);
		else
			read_file(run, name);
		if (termination_asked())
			break;
	}
	if ((errno = operands_error(files)) != 0) {
		st->tell("list of files: %s", strerror(errno));
		run->status = STATUS_TROUBLE;
	}
	if (run->cut > 0)
		st->tell("%llu lines were longer than %zu bytes and sent in "
		    "pieces", (unsigned long long)run->cut, st->max_line);
}

/* --- what goes on beside it --- */

static void *
keep(void *arg)
{
	struct run *run = arg;

	while (!atomic_load(&run->ending)) {
		drain_set_tick(run->set);
		poll(NULL, 0, TICK_MS);
	}
	return NULL;
}

/* Wait until all is delivered, or the deadline, or the grace after SIGTERM. */
static void
finish(struct run *run)
{
	int64_t end = run->o->set.stream.deadline_ms;
	const struct stream *st = &run->o->set.stream;
	struct drain_totals t;

	if (end > 0)
		end += units_now_ms();
	drain_set_close(run->set);
	for (;;) {
		drain_set_tick(run->set);
		if (!drain_set_busy(run->set) || grace_left_ms() == 0)
			break;
		if (end > 0 && units_now_ms() >= end)
			termination_ask();
		drain_set_wait(run->set, WAIT_MS);
	}
	t = drain_set_look(run->set);
	if (t.waiting == 0)
		return;
	st->tell("%zu drain%s: not delivered, %llu record%s kept in %s",
	    t.drains, t.drains == 1 ? "" : "s", (unsigned long long)t.waiting,
	    t.waiting == 1 ? " is" : "s are", run->o->set.spools);
	run->status = status_worse(run->status, STATUS_RETRY);
}

/* Returns -1 after a message. */
static int
prepare(struct run *run)
{
	const struct stream *st = &run->o->set.stream;
	const char *why = "";
	struct span bad;
	int r;

	run->record.keeps_own = true;
	if ((run->scanner = scanner_new()) == NULL) {
		st->tell("%s", strerror(errno));
		return -1;
	}
	if (run->o->formats == NULL)
		return 0;
	r = scanner_formats(run->scanner, run->o->formats, &bad);
	if (r < 0) {
		st->tell("%.*s: %s", (int)bad.len, bad.p, r == -1 ?
		    "no such format" : "auto is the last format");
		return -1;
	}
	run->emit = emit_new("json", NULL, false, &why);
	if (run->emit == NULL)
		st->tell("%s", strerror(ENOMEM));
	return run->emit == NULL ? -1 : 0;
}

int
drains_push(const struct drains_options *o, struct operands *files, bool *hung)
{
	struct run run = { .o = o };
	int status;

	*hung = false;
	if (prepare(&run) < 0 || (run.set = drain_set_new(&o->set)) == NULL) {
		run.status = STATUS_TROUBLE;
	} else if ((errno = pthread_create(&run.keeper, NULL, keep,
	    &run)) != 0) {
		o->set.stream.tell("%s", strerror(errno));
		drain_set_free(run.set, 0, hung);
		run.status = STATUS_TROUBLE;
	} else {
		read_all(&run, files);
		atomic_store(&run.ending, true);
		pthread_join(run.keeper, NULL);
		finish(&run);
		status = drain_set_free(run.set, HANG_MS, hung);
		run.status = status_worse(run.status, status);
		*hung |= run.hung;
	}
	emit_free(run.emit);
	scanner_free(run.scanner);
	record_free(&run.record);
	buf_free(&run.text);
	return run.status;
}
