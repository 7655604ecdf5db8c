/*
 * loggrep - print the log lines that matter
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "colors.h"
#include "count.h"
#include "files.h"
#include "finish.h"
#include "input.h"
#include "jobs.h"
#include "line.h"
#include "opt.h"
#include "out.h"
#include "pattern.h"
#include "progress.h"
#include "select.h"
#include "status.h"
#include "tail.h"

enum {
	OPT_COLOR = OPT_LONG, OPT_LABEL, OPT_MAX_LINE, OPT_EXPLAIN,
	OPT_LINE_BUFFERED, OPT_SINCE, OPT_UNTIL, OPT_TAIL,
};

static const struct cmd cmd = {
	.name = "loggrep", .what = "print the log lines that matter",
	.operands = "[pattern] [file ...]",
	.opts = (const struct opt[]){
		{ '5', "server-errors", NULL, "select HTTP server errors, by "
		    "their status field" },
		{ OPT_EXPLAIN, "explain", NULL, "say by which rule a line is "
		    "a server error" },
		{ 'W', "where", "condition", "select by a field: status>=500, "
		    "path~^/api" },
		{ OPT_SINCE, "since", "time", "select from then on: 10m, "
		    "2021-06-29, ..." },
		{ OPT_UNTIL, "until", "time", "select before then" },
		{ 'e', "regexp", "pattern", "a pattern; may be repeated" },
		{ 'f', "file", "file", "take patterns from a file" },
		{ 'F', "fixed-strings", NULL, "patterns are strings" },
		{ 'i', "ignore-case", NULL, "letters match in either case" },
		{ 'w', "word-regexp", NULL, "match whole words" },
		{ 'x', "line-regexp", NULL, "match whole lines" },
		{ 'v', "invert-match", NULL, "select the other lines" },
		{ 'c', "count", NULL, "print only the number of lines" },
		{ 'l', "files-with-matches", NULL, "print only names of files "
		    "with a selected line" },
		{ 'L', "files-without-match", NULL, "print only names of files "
		    "without" },
		{ 'm', "max-count", "num", "stop after num selected lines" },
		{ 'n', "line-number", NULL, "print line numbers" },
		{ 'b', "byte-offset", NULL, "print byte offsets" },
		{ 'o', "only-matching", NULL, "print only what matched" },
		{ 'q', "quiet", NULL, "print nothing; stop at the first line" },
		{ 's', "no-messages", NULL, "no message for a file that can't "
		    "be read" },
		{ 'H', "with-filename", NULL, "print the file's name" },
		{ 'h', "no-filename", NULL, "do not" },
		{ OPT_LABEL, "label", "name", "the name of standard input" },
		{ 'Z', "null", NULL, "a NUL behind each file name" },
		{ 'A', "after-context", "num", "also print num lines after" },
		{ 'B', "before-context", "num", "also print num lines before" },
		{ 'C', "context", "num", "both" },
		{ OPT_COLOR, "color", "[when]", "colors: always, never, auto" },
		{ OPT_MAX_LINE, "max-line", "size", "cut longer lines (1M)" },
		{ 'j', "jobs", "num", "search num files at once (1)" },
		{ OPT_TAIL, "tail", "file", "search what is appended to file "
		    "from now on" },
		OPT_FILES_FROM,
		OPT_NULL_LIST,
		{ 'P', "perl-regexp", NULL, "as always" },
		{ 'E', "extended-regexp", NULL, "the same" },
		{ 'a', "text", NULL, "as always" },
		{ OPT_LINE_BUFFERED, "line-buffered", NULL, "as always" },
		{ OPT_COLOR, "colour", "[when]", NULL },
		{ 0 },
	},
};

/* What was asked for, the same for all files. */
struct job {
	struct buf patterns;	/* one to a line, and an LF behind the last */
	bool have_patterns;
	int pattern_flags;
	struct pattern *pattern;
	struct criteria criteria;
	char **where;	/* for the criteria, ends with NULL */
	size_t n_where;
	struct timestamp since, until;
	bool explain;
	bool inverted, only_matching;
	bool count, quiet, list_with, list_without;
	bool no_messages, nul_after_name;
	bool names, no_names, numbers, offsets;
	uint64_t max;
	uint64_t before, after, context;	/* UINT64_MAX: not asked for */
	const char *label;
	bool color;
	struct colors colors;
	size_t max_line;
	unsigned long jobs;
	char **tails;		/* files to follow, ends with NULL */
	size_t n_tails;
	const char *list;
	bool nul_list;
};

/* One file being searched. */
struct search {
	const struct job *job;
	struct selector *selector;
	const char *name;
	struct buf out;
	struct span block;
	uint64_t offset;	/* of the block in the file */
	const char *counted;	/* in the block: the start of a line, */
	uint64_t number;	/* which has this number */
	uint64_t shown;		/* offset behind what was printed last */
	struct buf before;	/* lines of earlier blocks, for context */
	uint64_t before_offset, before_number;
	uint64_t selected, left;	/* lines; of them still to come */
	uint64_t last;		/* offset behind the last selected line */
	uint64_t pending;	/* lines of context after it to come */
	bool grouped;		/* a first group of lines was begun, */
	bool announced;		/* and what parts it from another file's */
	bool stopped;
	bool trouble;
	uint64_t limits;	/* lines that PCRE2 gave up on */
	char *path;		/* with --jobs: name's memory, */
	uint64_t turn;		/* and when it may write */
};

enum {
	HELD_MAX = 1 << 20,	/* bytes that wait for their turn */
};

static bool used;		/* a group of lines was printed */
static bool trouble;
static bool enough;		/* all threads may stop reading */

/* With --jobs files are written in the order they were given, from 1. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t came;
	uint64_t turn;
} order = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };

static bool
lists_names(const struct job *j)
{
	return j->list_with || j->list_without;
}

static void
add_name(const struct job *j, struct buf *b, const char *name)
{
	colors_add(b, &j->colors, COLOR_NAME, span_str(name));
}

static void
add_separator(const struct job *j, struct buf *b, char sep)
{
	colors_add(b, &j->colors, COLOR_SEPARATOR, span_of(&sep, 1));
}

static void
add_number(const struct job *j, struct buf *b, enum color color, uint64_t n,
    char sep)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	colors_add(b, &j->colors, color, span_str(text));
	add_separator(j, b, sep);
}

static uint64_t
count_lines(const char *p, const char *end)
{
	return count_byte(p, (size_t)(end - p), '\n');
}

/* The number of the line at p in the block; p never goes back. */
static uint64_t
number_at(struct search *s, const char *p)
{
	s->number += count_lines(s->counted, p);
	s->counted = p;
	return s->number;
}

static void
print_head(struct search *s, char sep, uint64_t number, uint64_t offset)
{
	const struct job *j = s->job;

	if (j->names) {
		add_name(j, &s->out, s->name);
		if (j->nul_after_name)
			buf_addc(&s->out, '\0');
		else
			add_separator(j, &s->out, sep);
	}
	if (j->numbers)
		add_number(j, &s->out, COLOR_LINE_NUMBER, number, sep);
	if (j->offsets)
		add_number(j, &s->out, COLOR_OFFSET, offset, sep);
	if (j->explain && sep == ':' && !j->inverted) {
		buf_adds(&s->out, selector_rule(s->selector));
		add_separator(j, &s->out, sep);
	}
}

/*
 * Print what matched in the line, or with colors also what is between; returns
 * where the rest of the line begins.
 */
static size_t
print_matches(struct search *s, struct span line, char sep, uint64_t number,
    uint64_t offset, enum color around, enum color color)
{
	const struct job *j = s->job;
	struct matcher *matcher = selector_matcher(s->selector);
	struct span match = line;
	size_t at = 0, printed = 0, start;

	while (at < line.len) {
		if (matcher != NULL &&
		    matcher_find(matcher, line, at, &match) <= 0)
			break;
		start = (size_t)(match.p - line.p);
		at = start + match.len;
		if (match.len == 0) {
			at++;
			continue;
		}
		if (j->only_matching) {
			print_head(s, sep, number, offset + start);
			colors_add(&s->out, &j->colors, color, match);
			buf_addc(&s->out, '\n');
		} else {
			colors_add(&s->out, &j->colors, around,
			    span_of(line.p + printed, start - printed));
			colors_add(&s->out, &j->colors, color, match);
		}
		printed = at;
	}
	return printed;
}

/* A line with or without its LF; sep tells selected (:) from context (-). */
static void
print_line(struct search *s, struct span line, char sep, uint64_t number,
    uint64_t offset)
{
	const struct job *j = s->job;
	bool matching = (sep == ':') != j->inverted;
	enum color color = sep == ':' ? COLOR_MATCH : COLOR_CONTEXT_MATCH;
	enum color around = (sep == ':') != (j->inverted && j->colors.reverse) ?
	    COLOR_LINE : COLOR_CONTEXT;
	size_t printed = 0, lf, cr;

	lf = line.len > 0 && line.p[line.len - 1] == '\n';
	line.len -= lf;
	s->shown = offset + line.len + lf;
	if (!j->only_matching)
		print_head(s, sep, number, offset);
	if (matching && (j->only_matching || colors_has(&j->colors, color)))
		printed = print_matches(s, line, sep, number, offset, around,
		    color);
	if (j->only_matching)
		return;
	cr = line.len > printed && line.p[line.len - 1] == '\r';
	colors_add(&s->out, &j->colors, around, span_of(line.p + printed,
	    line.len - cr - printed));
	if (cr)
		buf_addc(&s->out, '\r');
	buf_addc(&s->out, '\n');
}

/* The line that p is in or, at the start of one, the line before it. */
static const char *
line_before(const char *start, const char *p)
{
	const char *lf = memrchr(start, '\n', (size_t)(p - 1 - start));

	return lf != NULL ? lf + 1 : start;
}

static const char *
line_end(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	return lf != NULL ? lf + 1 : end;
}

/* Go back from *p to start, but not by more than n lines; how many it was. */
static uint64_t
back(const char *start, const char **p, uint64_t n)
{
	uint64_t done = 0;

	for (; done < n && *p > start; done++)
		*p = line_before(start, *p);
	return done;
}

/* Where what was not printed yet begins in the block. */
static const char *
unprinted(const struct search *s)
{
	return s->shown > s->offset ? s->block.p + (s->shown - s->offset) :
	    s->block.p;
}

/* Print lines of the block, from p to end. */
static void
print_lines(struct search *s, const char *p, const char *end, char sep)
{
	const char *next;
	uint64_t number = 0;

	for (; p < end; p = next) {
		next = line_end(p, end);
		if (s->job->numbers)
			number = number_at(s, p);
		print_line(s, span_of(p, (size_t)(next - p)), sep, number,
		    s->offset + (uint64_t)(p - s->block.p));
	}
}

static void
print_before_buf(struct search *s, const char *p)
{
	const char *end = s->before.p + s->before.len, *next;
	uint64_t number = s->before_number;

	number += count_lines(s->before.p, p);
	for (; p < end; p = next, number++) {
		next = line_end(p, end);
		print_line(s, span_of(p, (size_t)(next - p)), '-', number,
		    s->before_offset + (uint64_t)(p - s->before.p));
	}
}

static bool
has_context(const struct job *j)
{
	return j->before != UINT64_MAX || j->after != UINT64_MAX;
}

static void
add_group_separator(const struct job *j, struct buf *b)
{
	colors_add(b, &j->colors, COLOR_SEPARATOR, span_str("--"));
	buf_addc(b, '\n');
}

/* What comes before a selected line: a separator, lines of context. */
static void
begin_group(struct search *s, const char *line)
{
	const struct job *j = s->job;
	const char *p = line, *b = s->before.p + s->before.len;
	uint64_t n = j->before != UINT64_MAX ? j->before : 0, first;

	n -= back(unprinted(s), &p, n);
	if (s->before.len > 0)
		back(s->before.p, &b, n);
	if (s->before.len > 0 && b < s->before.p + s->before.len)
		first = s->before_offset + (uint64_t)(b - s->before.p);
	else
		first = s->offset + (uint64_t)(p - s->block.p);
	if (s->grouped && first != s->shown && has_context(j))
		add_group_separator(j, &s->out);
	s->grouped = true;
	if (s->before.len > 0)
		print_before_buf(s, b);
	buf_clear(&s->before);
	print_lines(s, p, line, '-');
}

/* Take a line as selected. */
static void
select_line(struct search *s, struct span line)
{
	const struct job *j = s->job;

	s->selected++;
	s->left--;
	s->last = s->offset + (uint64_t)(line.p + line.len - s->block.p);
	if (j->quiet || lists_names(j)) {
		s->stopped = true;
		return;
	}
	if (!j->count) {
		begin_group(s, line.p);
		print_lines(s, line.p, line.p + line.len, ':');
		s->pending = j->after != UINT64_MAX ? j->after : 0;
	}
	if (s->left == 0 && s->pending == 0)
		s->stopped = true;
}

/* Pass over lines that are not selected, but may be context. */
static void
pass_lines(struct search *s, const char *p, const char *end)
{
	const char *next;

	while (s->pending > 0 && p < end) {
		next = line_end(p, end);
		buf_clear(&s->before);
		print_lines(s, p, next, '-');
		p = next;
		if (--s->pending == 0 && s->left == 0)
			s->stopped = true;
	}
}

static void
select_lines(struct search *s, const char *p, const char *end)
{
	const char *next;

	if (s->job->count && s->left == UINT64_MAX) {
		s->selected += count_lines(p, end) + (p < end &&
		    end[-1] != '\n');
		return;
	}
	for (; p < end && !s->stopped && s->left > 0; p = next) {
		next = line_end(p, end);
		select_line(s, span_of(p, (size_t)(next - p)));
	}
	if (!s->stopped)
		pass_lines(s, p, end);
}

/* Keep the block's last lines, as context for what the next one brings. */
static void
keep_before(struct search *s)
{
	const char *end = s->block.p + s->block.len, *p = end, *b;
	uint64_t n = s->job->before, number = 0;

	if (n == 0 || n == UINT64_MAX || s->job->count || s->job->quiet)
		return;
	n -= back(unprinted(s), &p, n);
	if (s->job->numbers)
		number = number_at(s, p);
	if (n == 0 || p > s->block.p)
		buf_clear(&s->before);
	b = s->before.p + s->before.len;
	if (s->before.len > 0)
		back(s->before.p, &b, n);
	if (s->before.len == 0) {
		s->before_offset = s->offset + (uint64_t)(p - s->block.p);
		s->before_number = number;
	} else if (b > s->before.p) {
		s->before_offset += (uint64_t)(b - s->before.p);
		s->before_number += count_lines(s->before.p, b);
		s->before.len -= (size_t)(b - s->before.p);
		memmove(s->before.p, b, s->before.len);
	}
	buf_add(&s->before, p, (size_t)(end - p));
}

/* PCRE2 could not decide on a line: say so for the first one of a file. */
static void
report_limit(struct search *s, const char *line)
{
	if (s->limits++ > 0 || s->job->no_messages)
		return;
	if (s->job->numbers)
		warnx("%s: line %llu: %s", s->name, (unsigned long long)
		    (s->number + count_lines(s->counted, line)),
		    selector_error(s->selector));
	else
		warnx("%s: byte %llu: %s", s->name, (unsigned long long)
		    (s->offset + (uint64_t)(line - s->block.p)),
		    selector_error(s->selector));
}

static void
search_block(struct search *s)
{
	const struct job *j = s->job;
	const char *p = s->block.p, *end = p + s->block.len, *stop;
	struct span line;
	int r;

	s->counted = p;
	selector_block(s->selector, s->block);
	while (p < end && !s->stopped) {
		if (s->left == 0) {
			pass_lines(s, p, end);
			break;
		}
		r = selector_next(s->selector, span_of(p, (size_t)(end - p)),
		    &line);
		stop = r == 0 ? end : line.p;
		if (r < 0) {
			report_limit(s, line.p);
			stop += line.len;
		}
		if (j->inverted)
			select_lines(s, p, stop);
		else
			pass_lines(s, p, stop);
		p = stop;
		if (r <= 0)
			continue;
		p += line.len;
		if (j->inverted)
			pass_lines(s, line.p, p);
		else
			select_line(s, line);
	}
}

static void
stop_all(void)
{
	__atomic_store_n(&enough, true, __ATOMIC_RELAXED);
}

static bool
is_enough(void)
{
	return __atomic_load_n(&enough, __ATOMIC_RELAXED);
}

static void
set_turn(uint64_t turn)
{
	pthread_mutex_lock(&order.lock);
	order.turn = turn;
	pthread_cond_broadcast(&order.came);
	pthread_mutex_unlock(&order.lock);
}

/* Whether it may write now; it waits for that only if it holds too much. */
static bool
may_write(const struct search *s)
{
	bool may;

	pthread_mutex_lock(&order.lock);
	while (s->turn != order.turn && s->out.len >= HELD_MAX)
		pthread_cond_wait(&order.came, &order.lock);
	may = s->turn == order.turn;
	pthread_mutex_unlock(&order.lock);
	return may;
}

/* Give out what was printed so far. */
static void
flush(struct search *s)
{
	struct buf separator = { 0 };

	if (!may_write(s))
		return;
	if (s->out.failed) {
		warnx("%s: %s", s->name, strerror(ENOMEM));
		s->trouble = true;
	}
	if (s->grouped && !s->announced && has_context(s->job)) {
		if (used) {
			add_group_separator(s->job, &separator);
			out_span(buf_span(&separator));
			buf_free(&separator);
		}
		used = s->announced = true;
	}
	out_span(buf_span(&s->out));
	buf_clear(&s->out);
	if (out_failed())
		stop_all();
}

static void
print_result(struct search *s)
{
	const struct job *j = s->job;
	char text[24];

	if (j->quiet)
		return;
	if (lists_names(j)) {
		if ((s->selected > 0) == j->list_with) {
			add_name(j, &s->out, s->name);
			buf_addc(&s->out, j->nul_after_name ? '\0' : '\n');
		}
	} else if (j->count) {
		if (j->names) {
			add_name(j, &s->out, s->name);
			if (j->nul_after_name)
				buf_addc(&s->out, '\0');
			else
				add_separator(j, &s->out, ':');
		}
		snprintf(text, sizeof text, "%llu\n",
		    (unsigned long long)s->selected);
		buf_adds(&s->out, text);
	}
}

static void
search_lines(struct search *s, struct input *in, struct lines *lines)
{
	int got = 0;

	while (!s->stopped && !is_enough() &&
	    (got = lines_block(lines, &s->block)) > 0) {
		search_block(s);
		selector_block_end(s->selector);
		keep_before(s);
		if (s->job->numbers)
			number_at(s, s->block.p + s->block.len);
		s->offset += s->block.len;
		flush(s);
	}
	if (got < 0 && !s->job->no_messages)
		warnx("%s: %s", s->name, input_error(in));
	s->trouble |= got < 0 || s->limits > 0;
	if (lines_cut(lines) > 0 && !s->job->no_messages)
		warnx("%s: lines longer than %zu bytes, which were cut: %llu",
		    s->name, s->job->max_line,
		    (unsigned long long)lines_cut(lines));
	if (s->limits > 0 && !s->job->no_messages)
		warnx("%s: lines PCRE2 gave up on, taken as not matching: %llu",
		    s->name, (unsigned long long)s->limits);
}

static struct selector *
new_selector(const struct job *j)
{
	struct buf why = { 0 };
	struct selector *s;

	if ((s = selector_new(&j->criteria, &why)) == NULL)	/* a wrong -W */
		opt_misuse(&cmd, "%s", buf_str(&why));
	return s;
}

/* Is the file the one that is written to?  Then there would be no end. */
static bool
is_output(const struct job *j, const struct input *in)
{
	const struct stat *st = input_stat(in);
	struct stat out;

	return S_ISREG(st->st_mode) && !j->quiet && !lists_names(j) &&
	    !j->count && j->max > 1 && fstat(STDOUT_FILENO, &out) == 0 &&
	    out.st_dev == st->st_dev && out.st_ino == st->st_ino;
}

/* Search one input, and close it. */
static void
search_input(struct search *s, struct input *in)
{
	const struct job *j = s->job;
	struct lines *lines;

	if (is_output(j, in)) {
		if (!j->no_messages)
			warnx("%s: input file is also the output", s->name);
		s->trouble = true;
	} else {
		if ((lines = lines_new(in, j->max_line)) == NULL)
			die("%s", s->name);
		selector_input(s->selector, S_ISREG(input_stat(in)->st_mode) ?
		    input_stat(in)->st_mtime : time(NULL));
		search_lines(s, in, lines);
		print_result(s);
		lines_free(lines);
	}
	flush(s);
	input_close(in);
}

/* The work of a thread: the file that the search is for. */
static void
search_file(void *arg)
{
	struct search *s = arg;
	const struct job *j = s->job;
	struct input *in;

	if (is_enough())
		return;
	in = input_open(s->name);
	if (strcmp(s->name, "-") == 0)
		s->name = j->label;
	if (in != NULL) {
		search_input(s, in);
		return;
	}
	if (!j->no_messages)
		warn("%s", s->name);
	s->trouble = true;
	if (errno == EISDIR) {	/* grep opens it: an empty file */
		print_result(s);
		flush(s);
	}
}

/* Make ready to search another file. */
static void
begin_search(struct search *s, const struct job *j, const char *name,
    uint64_t turn)
{
	struct search old = *s;

	buf_clear(&old.before);
	*s = (struct search){ .job = j, .selector = old.selector, .name = name,
	    .out = old.out, .before = old.before, .number = 1, .left = j->max,
	    .turn = turn };
}

/* Take its result into account; whether it selected a line. */
static bool
end_search(struct search *s)
{
	trouble |= s->trouble;
	if (s->job->quiet && s->selected > 0)
		stop_all();
	return s->selected > 0;
}

static void
free_search(struct search *s)
{
	selector_free(s->selector);
	buf_free(&s->before);
	buf_free(&s->out);
	free(s->path);
}

/* One file after the other, in this thread. */
static bool
search_in_turn(const struct job *j, struct files *files)
{
	struct search s = { .selector = new_selector(j) };
	const char *name;
	bool selected = false;

	while (!is_enough() && (name = files_next(files)) != NULL) {
		begin_search(&s, j, name, 0);
		search_file(&s);
		selected |= end_search(&s);
	}
	free_search(&s);
	return selected;
}

/* Wait for the oldest search in the works; NULL when there is none. */
static struct search *
take_search(struct jobs *jobs, uint64_t turn, bool *selected)
{
	struct search *s;

	set_turn(turn);
	if ((s = jobs_take(jobs)) == NULL)
		return NULL;
	flush(s);
	*selected |= end_search(s);
	free(s->path);
	s->path = NULL;
	return s;
}

/* Several files at once. */
static bool
search_at_once(const struct job *j, struct files *files)
{
	size_t n = 2 * j->jobs;
	struct search *ring = calloc(n, sizeof *ring), *s;
	struct jobs *jobs = jobs_new((unsigned)j->jobs, search_file);
	uint64_t put = 0, taken = 0;
	const char *name;
	bool selected = false;

	if (ring == NULL || jobs == NULL)
		die("--jobs");
	input_idle = NULL;	/* writing is for whose turn it is */
	while (!is_enough() && (name = files_next(files)) != NULL) {
		s = &ring[put % n];
		if (put - taken == n)
			take_search(jobs, ++taken, &selected);
		if (s->selector == NULL)
			s->selector = new_selector(j);
		begin_search(s, j, NULL, ++put);
		if ((s->path = strdup(name)) == NULL)
			die("%s", name);
		s->name = s->path;
		if (jobs_put(jobs, s) < 0)
			die("%s", name);
	}
	while (take_search(jobs, ++taken, &selected) != NULL)
		;
	jobs_free(jobs);
	for (size_t i = 0; i < n; i++)
		free_search(&ring[i]);
	free(ring);
	return selected;
}

static bool
search_files(const struct job *j, struct files *files)
{
	bool selected = j->jobs > 1 ? search_at_once(j, files) :
	    search_in_turn(j, files);

	if (files_error(files) != 0) {
		errno = files_error(files);
		warn("%s", j->list);
		trouble = true;
	}
	return selected;
}

/* Search what is appended to files from now on. */
static bool
search_tails(const struct job *j)
{
	struct search s = { .selector = new_selector(j) };
	const char *name;
	struct tail *t;
	struct input *in;
	bool selected;

	if ((t = tail_new(j->tails, &name)) == NULL ||
	    (in = input_new(tail_fd(t))) == NULL)
		die("%s", name);
	begin_search(&s, j, name, 0);
	search_input(&s, in);
	selected = end_search(&s);
	free_search(&s);
	if ((errno = tail_free(t)) != 0) {
		warn("%s", name);
		trouble = true;
	}
	return selected;
}

static int
exit_status(const struct job *j, bool selected)
{
	if (trouble && !(j->quiet && selected))
		return STATUS_TROUBLE;
	return selected ? STATUS_OK : STATUS_NO;
}

/* Patterns, one to a line; an empty file has none. */
static void
add_patterns(struct job *j, struct span s)
{
	j->have_patterns = true;
	buf_addspan(&j->patterns, s);
	if (s.len == 0 || s.p[s.len - 1] != '\n')
		buf_addc(&j->patterns, '\n');
	if (j->patterns.failed)
		die("patterns");
}

static void
add_pattern_file(struct job *j, const char *path)
{
	struct input *in;
	char part[4096];
	ssize_t n;
	size_t start = j->patterns.len;

	j->have_patterns = true;
	if ((in = input_open(path)) == NULL)
		die("%s", path);
	while ((n = input_read(in, part, sizeof part)) > 0)
		buf_add(&j->patterns, part, (size_t)n);
	if (n < 0)
		diex("%s: %s", path, input_error(in));
	input_close(in);
	if (j->patterns.failed)
		die("%s", path);
	if (j->patterns.len > start &&
	    j->patterns.p[j->patterns.len - 1] != '\n')
		buf_addc(&j->patterns, '\n');
}

static void
compile(struct job *j)
{
	struct buf why = { 0 };
	struct span list = buf_span(&j->patterns);

	if (list.len > 0)
		list.len--;
	else
		list.p = NULL;
	j->pattern = pattern_new(list, j->pattern_flags, &why);
	if (j->pattern == NULL)
		diex("%s", buf_str(&why));
	buf_free(&why);
}

/* Append s to a list of n that ends with NULL. */
static char **
add_to_list(char **list, size_t *n, char *s)
{
	if ((list = realloc(list, (*n + 2) * sizeof *list)) == NULL)
		die("%s", s);
	list[(*n)++] = s;
	list[*n] = NULL;
	return list;
}

static const struct timestamp *
set_time(struct timestamp *t)
{
	if (select_time(optarg, t) < 0)
		opt_misuse(&cmd, "%s: not a time such as "
		    "2021-06-29T10:05:03Z, 2021-06-29, 1624961103, 10m",
		    optarg);
	return t;
}

static bool
color_wanted(const struct cmd *c)
{
	static const char *const when[] = {
		"always", "yes", "force", "never", "no", "none", "auto", "tty",
		"if-tty", NULL
	};
	const char *term = getenv("TERM");
	int i = optarg != NULL ? opt_word(c, when) : 6;

	if (i < 6)
		return i < 3;
	return isatty(STDOUT_FILENO) && term != NULL &&
	    strcmp(term, "dumb") != 0;
}

static void
set_option(struct job *j, int ch)
{
	switch (ch) {
	case '5': j->criteria.server_errors = true; break;
	case 'W':
		j->where = add_to_list(j->where, &j->n_where, optarg);
		break;
	case OPT_TAIL:
		j->tails = add_to_list(j->tails, &j->n_tails, optarg);
		break;
	case OPT_SINCE:
		j->criteria.since = set_time(&j->since);
		break;
	case OPT_UNTIL:
		j->criteria.until = set_time(&j->until);
		break;
	case OPT_EXPLAIN: j->explain = true; break;
	case 'e': add_patterns(j, span_str(optarg)); break;
	case 'f': add_pattern_file(j, optarg); break;
	case 'F': j->pattern_flags |= PATTERN_FIXED; break;
	case 'i': j->pattern_flags |= PATTERN_CASELESS; break;
	case 'w': j->pattern_flags |= PATTERN_WORD; break;
	case 'x': j->pattern_flags |= PATTERN_LINE; break;
	case 'v': j->inverted = true; break;
	case 'c': j->count = true; break;
	case 'l': j->list_with = true; j->list_without = false; break;
	case 'L': j->list_without = true; j->list_with = false; break;
	case 'm': j->max = opt_number(&cmd, 0, ULONG_MAX); break;
	case 'n': j->numbers = true; break;
	case 'b': j->offsets = true; break;
	case 'o': j->only_matching = true; break;
	case 'q': j->quiet = true; break;
	case 's': j->no_messages = true; break;
	case 'H': j->names = true; j->no_names = false; break;
	case 'h': j->names = false; j->no_names = true; break;
	case OPT_LABEL: j->label = optarg; break;
	case 'Z': j->nul_after_name = true; break;
	case 'A': j->after = opt_number(&cmd, 0, ULONG_MAX - 1); break;
	case 'B': j->before = opt_number(&cmd, 0, ULONG_MAX - 1); break;
	case 'C': j->context = opt_number(&cmd, 0, ULONG_MAX - 1); break;
	case OPT_COLOR: j->color = color_wanted(&cmd); break;
	case OPT_MAX_LINE:
		j->max_line = (size_t)opt_size(&cmd, 16, 1 << 30);
		break;
	case 'j': j->jobs = opt_number(&cmd, 1, 256); break;
	case 'T': j->list = optarg; break;
	case '0': j->nul_list = j->nul_after_name = true; break;
	}
}

/* Settle what follows from several options; operands are the files. */
static void
settle(struct job *j, char *const *operands)
{
	if (j->quiet)
		j->list_with = j->list_without = false;
	if (j->quiet || lists_names(j))
		j->count = false;
	if (j->before == UINT64_MAX)
		j->before = j->context;
	if (j->after == UINT64_MAX)
		j->after = j->context;
	if (!j->no_names && operands[0] != NULL &&
	    (operands[1] != NULL || j->list != NULL))
		j->names = true;
	if (!j->no_names && j->list != NULL)
		j->names = true;
	if (j->color)
		colors_on(&j->colors, getenv("GREP_COLORS"));
}

/* It is easy to see that no line can be selected; grep then reads nothing. */
static bool
is_hopeless(const struct job *j)
{
	bool nothing = j->have_patterns && j->patterns.len == 0;
	bool everything = j->have_patterns && j->patterns.len == 1 &&
	    !(j->pattern_flags & (PATTERN_LINE | PATTERN_WORD));

	return !j->list_without && (j->max == 0 ||
	    (j->inverted ? everything : nothing));
}

/*
 * Whether the first operand is the pattern.  With -W, --since or --until it
 * need not be: what names a file, or stands alone, is a file.
 */
static bool
takes_pattern(const struct job *j, char *const *operands)
{
	bool by_record = j->n_where > 0 || j->criteria.since != NULL ||
	    j->criteria.until != NULL;

	if (j->have_patterns || j->criteria.server_errors ||
	    operands[0] == NULL)
		return false;
	if (by_record)
		return operands[1] != NULL && strcmp(operands[0], "-") != 0 &&
		    access(operands[0], F_OK) < 0;
	if (operands[1] == NULL && j->list == NULL && j->n_tails == 0 &&
	    isatty(STDIN_FILENO))
		note("reading standard input, a terminal; the pattern is %s",
		    operands[0]);
	return true;
}

static void
settle_criteria(struct job *j)
{
	struct criteria *c = &j->criteria;

	if (j->have_patterns)
		compile(j);
	c->pattern = j->pattern;
	c->where = j->where;
	if (!j->have_patterns && j->n_where == 0 && c->since == NULL &&
	    c->until == NULL)
		c->server_errors = true;
	if (j->explain && !c->server_errors)
		opt_misuse(&cmd, "--explain is for server errors: -5");
}

int
main(int argc, char *argv[])
{
	struct job job = { .max = UINT64_MAX, .label = "(standard input)",
	    .before = UINT64_MAX, .after = UINT64_MAX, .context = UINT64_MAX,
	    .max_line = LINE_MAX_DEFAULT };
	struct files *files;
	bool selected = false;
	int ch, status;

	while ((ch = opt_next(&cmd, argc, argv)) != -1)
		set_option(&job, ch);
	argv += optind;
	if (takes_pattern(&job, argv))
		add_patterns(&job, span_str(*argv++));
	if (job.n_tails > 0 && (*argv != NULL || job.list != NULL))
		opt_misuse(&cmd, "--tail reads no other file");
	settle_criteria(&job);
	selector_free(new_selector(&job));	/* or misuse */
	settle(&job, argv);

	if (finish_on_signals() < 0 ||
	    (files = files_new(argv, job.list, job.nul_list, true)) == NULL)
		die("start");
	input_idle = out_flush;
	progress_on();
	if (!is_hopeless(&job))
		selected = job.n_tails > 0 ? search_tails(&job) :
		    search_files(&job, files);
	status = exit_status(&job, selected);
	files_free(files);
	pattern_free(job.pattern);
	free(job.where);
	free(job.tails);
	buf_free(&job.patterns);
	progress_end();
	return out_finish(status);
}
