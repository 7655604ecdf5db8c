/*
 * logparse - log lines to records
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "base/opt.h"
#include "base/progress.h"
#include "base/sandbox.h"
#include "base/status.h"
#include "base/stdout.h"
#include "base/termination.h"
#include "base/thread_pool.h"
#include "emit/parse_block.h"
#include "format/format.h"
#include "input/input.h"
#include "input/lines.h"
#include "store/url_operands.h"

enum {
	FORMATS = OPT_LONG, HEADER, LIST_FORMATS, MAX_LINE, MULTILINE,
	NGINX_CONF, SOURCE, STATS, TZ, UNPARSED, YEAR, URLS,
};

/* How long the lines of one stack trace may be apart. */
enum { TRACE_WAIT_MS = 200 };

static const struct cmd cmd = {
	.name = "logparse", .what = "log lines to records",
	.operands = "[file ...]",
	.sandboxed = true,
	.opts = (const struct opt[]){
		{ OPT_GROUP, NULL, NULL, "What the lines are" },
		{ 'f', "format", "format,...",
		    "formats of the lines from the outside in (auto)" },
		{ 'F', "log-format", "text",
		    "nginx's log_format or Apache's LogFormat" },
		{ 'e', "regex", "pattern", "PCRE2 pattern with named groups" },
		{ NGINX_CONF, "nginx-conf", "file[:name]",
		    "take the log_format from nginx's configuration" },
		{ FORMATS, "formats", "file", "add the formats in file" },
		{ LIST_FORMATS, "list-formats", NULL,
		    "print the names of all formats and what they are" },
		{ MULTILINE, "multiline", NULL,
		    "join stack traces to the line before them" },
		{ TZ, "tz", "zone", "the zone of stamps that have none" },
		{ YEAR, "year", "year", "the year of stamps that have none" },
		{ OPT_GROUP, NULL, NULL, "What is written" },
		{ 'o', "output", "output", "in what form: json, tsv, csv, logfmt, "
		    "ltsv, syslog, sls, ecs, otlp, gelf, hec (or template:text)" },
		{ 's', "select", "field,...", "write only these fields" },
		{ HEADER, "header", NULL, "begin tsv and csv with the names" },
		{ UNPARSED, "unparsed", "what",
		    "with lines that are not parsed: keep, drop, fail" },
		{ SOURCE, "source", NULL, "add the file's name as source" },
		{ STATS, "stats", NULL, "print what was read at the end" },
		{ OPT_GROUP, NULL, NULL, "Files and URLs" },
		{ 'j', "jobs", "n", "use n threads for files (1)" },
		OPT_FILES_FROM,
		OPT_NULL_LIST,
		URL_OPTIONS(URLS),
		{ MAX_LINE, "max-line", "size", "the longest line (1M)" },
		{ 'v', "verbose", NULL, "say what was read from each file" },
		{ 0 },
	},
};

static const char *const unparsed_words[] = { "keep", "drop", "fail", NULL };

/* A block that a thread parses. */
struct task {
	struct parser parser;
	struct buf lines;
};

struct job {
	struct parser parser;	/* the parser of this thread */
	struct tally total;	/* the sums of all files */
	size_t max_line;
	unsigned threads;
	struct thread_pool *jobs;
	struct task *tasks;	/* 2 * threads of them */
	size_t next_task;
	bool verbose, with_source;
	int status;
};

static struct job *the_job;	/* for input_idle, which has no argument */
static int idle_fd;		/* the descriptor of the input that is read */

static void
worse(struct job *job, int status)
{
	if (job->status < status)
		job->status = status;
}

/* Write the records that p has; false when nothing more can be written. */
static bool
deliver(struct job *job, struct parser *p, const char *name)
{
	out_span(buf_span(&p->text));
	buf_clear(&p->text);
	if (p->failed) {
		warnx("%s: out of memory", name);
		worse(job, STATUS_TROUBLE);
	} else if (p->stopped) {
		warnx("%s: line %llu: %.*s", name, (unsigned long long)
		    p->tally.lines, (int)p->rec.error.len, p->rec.error.p);
		worse(job, STATUS_TROUBLE);
	}
	return !p->failed && !p->stopped && !out_failed();
}

/*
 * Called before a read that waits: the rest of a trace may still come, but not
 * for long.
 */
static int
flush_idle(void)
{
	struct parser *p = &the_job->parser;
	struct pollfd fd = { .fd = idle_fd, .events = POLLIN };

	if (p->multiline != NULL && multiline_waits(p->multiline) &&
	    poll(&fd, 1, TRACE_WAIT_MS) == 0) {
		multiline_flush(p->multiline);
		out_span(buf_span(&p->text));
		buf_clear(&p->text);
	}
	return out_flush();
}

static void
work(void *task)
{
	struct task *t = task;

	parse_lines(&t->parser, buf_span(&t->lines));
}

/*
 * Write the oldest block's records.  When its lines hold a format that depends
 * on the lines before, it is read again in this thread, and so are all blocks
 * after it.
 */
static bool
take_task(struct job *job, const char *name)
{
	struct task *t = thread_pool_take(job->jobs);
	struct parser *p = &t->parser;

	if (scanner_is_stateful(p->scanner) ||
	    scanner_is_stateful(job->parser.scanner)) {
		buf_clear(&p->text);
		p->failed = false;
		p = &job->parser;
		parse_lines(p, buf_span(&t->lines));
	} else {
		tally_add(&job->parser.tally, &p->tally);
	}
	return deliver(job, p, name);
}

static bool
finish_tasks(struct job *job, const char *name)
{
	bool good = true;

	while (job->jobs != NULL && thread_pool_count(job->jobs) > 0)
		good &= take_task(job, name);
	return good;
}

/* Give a block to a thread.  Returns 0, or -1 without memory. */
static bool
put_task(struct job *job, struct span block, const char *name)
{
	struct task *t = &job->tasks[job->next_task];
	bool good = true;

	if (thread_pool_count(job->jobs) == 2 * job->threads)
		good = take_task(job, name);
	job->next_task = (job->next_task + 1) % (2 * job->threads);
	buf_clear(&t->lines);
	memset(&t->parser.tally, 0, sizeof t->parser.tally);
	if (buf_addspan(&t->lines, block) < 0 ||
	    thread_pool_put(job->jobs, t) < 0) {
		job->parser.failed = true;
		return deliver(job, &job->parser, name);
	}
	return good;
}

/*
 * Whether threads are used: for files, once the first block has shown what it
 * is.
 */
static bool
in_threads(struct job *job, const struct input *in)
{
	return job->jobs != NULL && S_ISREG(input_stat(in)->st_mode) &&
	    job->parser.tally.lines > 0 && emit_is_settled(job->parser.emit) &&
	    !scanner_is_stateful(job->parser.scanner);
}

/* Parse a block; whole says that it is one line. */
static bool
parse_block(struct job *job, const struct input *in, struct span block,
    bool whole, const char *name)
{
	if (!whole && in_threads(job, in))
		return put_task(job, block, name);
	if (!finish_tasks(job, name))
		return false;
	if (whole)
		parse_line(&job->parser, block);
	else
		parse_lines(&job->parser, block);
	return deliver(job, &job->parser, name);
}

/* Begin a new file: all scanners forget the one before. */
static int
begin_file(struct job *job, const struct input *in, const char *name)
{
	const struct stat *st = input_stat(in);
	int64_t near = S_ISREG(st->st_mode) ? st->st_mtime : ZONE_NOW;

	memset(&job->parser.tally, 0, sizeof job->parser.tally);
	job->parser.source = job->with_source ? name : NULL;
	scanner_input(job->parser.scanner, near);
	if (job->jobs == NULL)
		return 0;
	for (size_t i = 0; i < 2 * job->threads; i++) {
		struct task *t = &job->tasks[i];

		t->parser.source = job->parser.source;
		scanner_free(t->parser.scanner);
		t->parser.scanner = scanner_copy(job->parser.scanner);
		if (t->parser.scanner == NULL)
			return -1;
	}
	return 0;
}

static void
end_file(struct job *job, struct lines *lines, const char *name)
{
	const struct tally *t = &job->parser.tally;

	if (lines_cut(lines) > 0)
		warnx("%s: %llu line%s longer than %zu bytes, cut in pieces",
		    name, (unsigned long long)lines_cut(lines),
		    lines_cut(lines) > 1 ? "s" : "", job->max_line);
	if (t->bad > 0)
		worse(job, STATUS_NO);
	if (job->verbose)
		note("%s: %llu records, %llu lines not parsed", name,
		    (unsigned long long)t->records,
		    (unsigned long long)t->bad);
	tally_add(&job->total, t);
}

/* Parse one input.  Returns false when no more is to be read. */
static bool
parse_input(struct job *job, struct input *in, struct lines *lines,
    const char *name)
{
	struct span block;
	bool more = true;
	int r;

	while (more && (r = lines_block(lines, &block)) != 0) {
		if (r < 0) {
			if (!termination_asked())
				warnx("%s: %s", name, input_error(in));
			worse(job, STATUS_TROUBLE);
			break;
		}
		more = parse_block(job, in, block, lines_is_frame(lines), name);
	}
	more &= finish_tasks(job, name);
	if (more) {
		parse_end(&job->parser);
		more = deliver(job, &job->parser, name);
	}
	end_file(job, lines, name);
	return more;
}

/* Say what went wrong with what is at a URL; why is NULL for nothing. */
static void
trouble_with(struct job *job, const char *name, const char *why)
{
	if (why == NULL)
		return;
	warnx("%s: %s", name, why);
	worse(job, STATUS_TROUBLE);
}

static bool
parse_file(struct job *job, struct operand *o)
{
	const char *name = strcmp(o->name, "-") == 0 ? "standard input" :
	    o->name, *why;
	struct input *in = operand_open(o, &why);
	struct lines *lines = NULL;
	bool more = true;

	if (in == NULL && why != NULL) {
		trouble_with(job, name, why);
	} else if (in == NULL || (lines = lines_new(in, job->max_line)) == NULL ||
	    begin_file(job, in, o->name) < 0) {
		warnx("%s: %s%s", name, strerror(errno),
		    in == NULL ? operand_hint(name, errno) : "");
		worse(job, STATUS_TROUBLE);
	} else if (input_is_output(in)) {
		warnx("%s: input file is also the output", name);
		worse(job, STATUS_TROUBLE);
	} else {
		idle_fd = input_fd(in);
		if (scanner_takes_syslog(job->parser.scanner))
			lines_frames(lines);
		more =
		    parse_input(job, in, lines, name) && !termination_asked();
	}
	lines_free(lines);
	input_close(in);
	if (in != NULL)
		trouble_with(job, name, operand_end(o));
	return more;
}

static void
parse_files(struct job *job, struct url_operands *files)
{
	struct operand *o;
	bool more = true;

	while (more && (o = url_operands_next(files)) != NULL) {
		more = parse_file(job, o);
		operand_free(o);
	}
	progress_end();
	if (url_operands_error(files) != 0) {
		errno = url_operands_error(files);
		warn("list of files");
		worse(job, STATUS_TROUBLE);
	}
}

static void
print_stats(const struct tally *t)
{
	struct buf text = { 0 };
	char *line, *lf;

	if (tally_print(t, &text) < 0 || buf_str(&text) == NULL)
		warnx("out of memory");
	else
		for (line = text.p; (lf = strchr(line, '\n')) != NULL;
		    line = lf + 1)
			note("%.*s", (int)(lf - line), line);
	buf_free(&text);
}

/* The options about formats, until all of them are known. */
struct wishes {
	const char *formats, *output, *fields;
	bool header, multiline, list_formats;
	struct user_formats *custom;
	const char *list;	/* the argument of -T */
	bool nul;		/* whether -0 was given */
	struct url_options urls;
};

/* r is what one of custom.h gave for the argument of an option, maybe a file. */
static void
check_custom(int r, bool is_file, struct buf *why)
{
	if (r < 0 && why->len == 0)
		diex("out of memory");
	if (r < 0 && is_file)
		diex("%s: %s", optarg, buf_str(why));
	if (r < 0)
		opt_misuse(&cmd, "%s: %s", optarg, buf_str(why));
}

static void
add_custom(struct user_formats *c, int ch)
{
	struct buf why = { 0 };

	if (ch == 'F')
		check_custom(user_formats_log_format(c, optarg, &why), false,
		    &why);
	else if (ch == 'e')
		check_custom(user_formats_regex(c, optarg, &why), false, &why);
	else if (ch == NGINX_CONF)
		check_custom(user_formats_nginx_conf(c, optarg, &why), true,
		    &why);
	else
		check_custom(user_formats_file(c, optarg, &why), true, &why);
	buf_free(&why);
}

static void
set_formats(struct scanner *s, const struct wishes *w)
{
	struct nearest near = { 0 };
	struct span bad;
	int r;

	scanner_custom(s, w->custom);
	if (w->formats == NULL ||
	    (r = scanner_formats(s, w->formats, &bad)) == 0)
		return;
	for (const struct format *const *f = formats; *f != NULL; f++)
		opt_nearest(&near, bad, (*f)->name);
	if (r == -2)
		opt_misuse(&cmd, "%.*s: auto is the last format, and %d are "
		    "the most", (int)bad.len, bad.p, RECORD_LAYERS);
	if (near.word != NULL)
		opt_misuse(&cmd, "%.*s: no such format (did you mean %s?)",
		    (int)bad.len, bad.p, near.word);
	opt_misuse(&cmd, "%.*s: no such format; --list-formats lists them",
	    (int)bad.len, bad.p);
}

static void
set_output(struct job *job, const struct wishes *w)
{
	struct nearest near = { 0 };
	const char *why, *name;

	job->parser.emit = emit_new(w->output, w->fields, w->header, &why);
	if (job->parser.emit != NULL)
		return;
	if (*why == '\0')
		diex("out of memory");
	for (size_t i = 0; (name = emit_output_name(i)) != NULL; i++)
		opt_nearest(&near, span_str(w->output), name);
	if (near.word != NULL && near.distance > 0)
		opt_misuse(&cmd, "%s: %s (did you mean %s?)", w->output, why,
		    near.word);
	opt_misuse(&cmd, "%s: %s", w->output, why);
}

static void
set_multiline(struct job *job)
{
	struct scanner *outer = scanner_copy(job->parser.scanner);

	if (outer == NULL || (job->parser.multiline = multiline_new(outer,
	    parse_one, &job->parser)) == NULL)
		diex("out of memory");
	job->threads = 1;
}

static void
start_threads(struct job *job)
{
	size_t n = 2 * job->threads;

	if (job->threads < 2 || job->parser.unparsed == UNPARSED_FAIL)
		return;
	job->jobs = thread_pool_new(job->threads, work);
	job->tasks = calloc(n, sizeof *job->tasks);
	if (job->jobs == NULL || job->tasks == NULL)
		die("threads");
	for (size_t i = 0; i < n; i++)
		job->tasks[i].parser = (struct parser){
			.emit = job->parser.emit,
			.unparsed = job->parser.unparsed,
			.with_tally = job->parser.with_tally,
		};
}

static void
list_format(const struct format *f)
{
	out_span(span_str(f->name));
	out_addc('\t');
	out_span(span_str(f->description));
	out_addc('\n');
}

/* Print a name, a tab and a description for each format, in the order tried. */
static _Noreturn void
list_formats(const struct user_formats *custom)
{
	const struct format *f;
	bool of_file;

	for (unsigned i = 0;
	     (f = user_formats_at(custom, i, &of_file)) != NULL; i++)
		if (of_file)
			list_format(f);
	for (size_t i = 0; formats[i] != NULL; i++)
		list_format(formats[i]);
	exit(out_finish(STATUS_OK));
}

static void
job_free(struct job *job)
{
	thread_pool_free(job->jobs);
	for (size_t i = 0; job->tasks != NULL && i < 2 * job->threads; i++) {
		scanner_free(job->tasks[i].parser.scanner);
		parser_free(&job->tasks[i].parser);
		buf_free(&job->tasks[i].lines);
	}
	free(job->tasks);
	emit_free(job->parser.emit);
	scanner_free(job->parser.scanner);
	parser_free(&job->parser);
}

static void
set_option(struct job *job, struct wishes *w, int ch)
{
	struct zone *zone = scanner_zone(job->parser.scanner);

	if (url_option(&cmd, &w->urls, ch - URLS))
		return;
	switch (ch) {
	case '0': w->nul = true; break;
	case 'F': case 'e': case NGINX_CONF: case FORMATS:
		add_custom(w->custom, ch);
		break;
	case 'T': w->list = optarg; break;
	case 'f': w->formats = optarg; break;
	case 'j': job->threads = (unsigned)opt_number(&cmd, 1, 256); break;
	case 'o': w->output = optarg; break;
	case 's': w->fields = optarg; break;
	case 'v': job->verbose = true; break;
	case HEADER: w->header = true; break;
	case LIST_FORMATS: w->list_formats = true; break;
	case MAX_LINE: job->max_line = opt_size(&cmd, 1, 1 << 30); break;
	case MULTILINE: w->multiline = true; break;
	case SOURCE: job->with_source = true; break;
	case STATS: job->parser.with_tally = true; break;
	case TZ:
		if (zone_set(zone, optarg) < 0)
			opt_misuse(&cmd, "%s: no such zone", optarg);
		break;
	case UNPARSED:
		job->parser.unparsed = (enum unparsed)opt_word(&cmd,
		    unparsed_words);
		break;
	case YEAR: zone->year = (int)opt_number(&cmd, 1, 9999); break;
	}
}

int
main(int argc, char *argv[])
{
	static struct job job;	/* its sums are large, and begin as zero */
	struct wishes wishes = { .output = "json",
		.custom = user_formats_new(), .urls = URL_DEFAULTS };
	struct operands *names;
	struct url_operands *files;
	bool any_url;
	int ch;

	job.max_line = LINE_MAX_DEFAULT;
	job.threads = 1;
	job.parser.scanner = scanner_new();
	if (job.parser.scanner == NULL || wishes.custom == NULL)
		die("cannot start");
	while ((ch = opt_next(&cmd, argc, argv)) != -1)
		set_option(&job, &wishes, ch);
	if (wishes.list_formats)
		list_formats(wishes.custom);
	set_formats(job.parser.scanner, &wishes);
	set_output(&job, &wishes);
	if (wishes.multiline)
		set_multiline(&job);
	any_url = url_hide(argv + optind) || wishes.list != NULL;
	wishes.urls.stats = any_url && job.parser.with_tally;
	sandbox_enter(any_url);
	start_threads(&job);
	if (termination_on_signals() < 0)
		die("signals");
	the_job = &job;
	input_idle = flush_idle;
	progress_on(false);
	input_from_list = wishes.list != NULL;
	if ((names = operands_new(argv + optind, wishes.list, wishes.nul,
	    true)) == NULL || (files = url_operands_new(names,
	    &wishes.urls)) == NULL)
		die("cannot start");

	parse_files(&job, files);
	if (job.parser.with_tally)
		print_stats(&job.total);
	url_operands_free(files);
	operands_free(names);
	job_free(&job);
	user_formats_free(wishes.custom);
	return out_finish(job.status);
}
