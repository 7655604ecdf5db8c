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
#include "count.h"
#include "files.h"
#include "finish.h"
#include "grep.h"
#include "input.h"
#include "jobs.h"
#include "line.h"
#include "opt.h"
#include "out.h"
#include "progress.h"
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
	struct grep_options show;
	uint64_t context;
	bool no_messages, no_names, color;
	const char *label;
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
	struct grep grep;
	bool announced;		/* what parts its first group from another's */
	bool limit_told;
	bool trouble;
	char *path;		/* with --jobs: the name's memory, */
	uint64_t turn;		/* and when it may write */
	struct buf name;	/* with --tail: the name's memory */
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
	while (s->turn != order.turn && s->grep.out.len >= HELD_MAX)
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
	if (s->grep.out.failed) {
		warnx("%s: %s", s->grep.name, strerror(ENOMEM));
		s->trouble = true;
	}
	if (s->grep.grouped && !s->announced &&
	    grep_has_context(&s->job->show)) {
		if (used) {
			grep_group_separator(&s->job->show, &separator);
			out_span(buf_span(&separator));
			buf_free(&separator);
		}
		used = s->announced = true;
	}
	out_span(buf_span(&s->grep.out));
	buf_clear(&s->grep.out);
	if (out_failed())
		stop_all();
}

/* PCRE2 could not decide on a line: say so for the first one of a file. */
static void
report_limit(struct search *s)
{
	const struct grep *g = &s->grep;
	bool by_number = g->limit_number > 0;

	if (g->limits == 0 || s->limit_told)
		return;
	s->limit_told = s->trouble = true;
	if (!s->job->no_messages)
		warnx("%s: %s %llu: %s", g->name, by_number ? "line" : "byte",
		    (unsigned long long)(by_number ? g->limit_number :
		    g->limit_offset), g->limit_error);
}

/* What is searched may change; to print it, it must not be searched again. */
static bool
bears_change(const struct search *s)
{
	const struct grep_options *o = &s->job->show;

	return selector_bears_change(s->selector) && !grep_has_context(o) &&
	    !o->only_matching && !s->job->color;
}

/* What is of all files that are followed. */
static const char *
tails_name(const struct job *j)
{
	return j->n_tails == 1 ? j->tails[0] : "--tail";
}

/* The name of the file that a block is of. */
static void
name_block(struct search *s, const char *name)
{
	if (name != NULL && span_is(buf_span(&s->name), name))
		return;
	buf_clear(&s->name);
	if (name == NULL || buf_adds(&s->name, name) < 0 ||
	    (name = buf_str(&s->name)) == NULL)
		die("--tail");
	grep_rename(&s->grep, name);
}

/* From an input, or (NULL) a tail. */
static void
search_lines(struct search *s, struct input *in, struct tail *tail,
    struct lines *lines)
{
	struct grep *g = &s->grep, before;
	struct span block;
	int got = 0;

	if (bears_change(s))
		lines_map(lines);
	while (!g->stopped && !is_enough() &&
	    (got = lines_block(lines, &block)) > 0) {
		before = *g;
		if (tail != NULL)
			name_block(s, tail_name(tail));
		grep_block(g, block);
		if (lines_gone(lines)) {
			grep_undo(g, &before);
			continue;
		}
		report_limit(s);
		flush(s);
	}
	if (tail != NULL && !s->job->show.list_with)
		g->name = tails_name(s->job);
	grep_result(g);
	s->trouble |= got < 0;
	if (s->job->no_messages)
		return;
	if (got < 0)
		warnx("%s: %s", g->name, in != NULL ? input_error(in) :
		    strerror(ENOMEM));
	if (lines_cut(lines) > 0)
		warnx("%s: lines longer than %zu bytes, which were cut: %llu",
		    g->name, s->job->max_line,
		    (unsigned long long)lines_cut(lines));
	if (g->limits > 0)
		warnx("%s: lines PCRE2 gave up on, taken as not matching: %llu",
		    g->name, (unsigned long long)g->limits);
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

/* Is something written for each line, and to the file that is read? */
static bool
is_output(const struct job *j, const struct input *in)
{
	return !j->show.quiet && !j->show.list_with && !j->show.list_without &&
	    !j->show.count && j->show.max > 1 && input_is_output(in);
}

/*
 * Where standard input is to be left for whoever reads it next: after -m lines
 * just behind the last of them, and at its end where one line was enough.  -1
 * for wherever it is.
 */
static off_t
place_to_leave(const struct search *s, struct input *in, off_t start)
{
	const struct grep_options *o = &s->job->show;

	if (input_fd(in) != STDIN_FILENO || start < 0)
		return -1;
	if (o->quiet || o->list_with || o->list_without)
		return s->grep.stopped ? input_stat(in)->st_size : -1;
	return s->grep.left == 0 && !input_is_compressed(in) ?
	    start + (off_t)s->grep.last : -1;
}

/* With --since or --until, what is outside need not be read if nobody asks. */
static void
leave_out(const struct job *j, struct input *in)
{
	const struct timestamp *since = j->criteria.since;
	const struct timestamp *until = j->criteria.until;

	if ((since == NULL && until == NULL) || j->show.inverted ||
	    j->show.numbers || j->show.offsets || grep_has_context(&j->show) ||
	    !S_ISREG(input_stat(in)->st_mode) ||
	    input_fd(in) == STDIN_FILENO)
		return;
	input_between(in, since != NULL ? since->sec : INT64_MIN,
	    until != NULL ? until->sec + (until->nsec > 0) : INT64_MAX);
}

/* Search one input, and close it. */
static void
search_input(struct search *s, struct input *in)
{
	const struct job *j = s->job;
	off_t start = lseek(input_fd(in), 0, SEEK_CUR), leave = -1;
	struct lines *lines;

	if (is_output(j, in)) {
		if (!j->no_messages)
			warnx("%s: input file is also the output",
			    s->grep.name);
		s->trouble = true;
	} else {
		if ((lines = lines_new(in, j->max_line)) == NULL)
			die("%s", s->grep.name);
		leave_out(j, in);
		selector_input(s->selector, S_ISREG(input_stat(in)->st_mode) ?
		    input_stat(in)->st_mtime : time(NULL));
		search_lines(s, in, NULL, lines);
		lines_free(lines);
		leave = place_to_leave(s, in, start);
	}
	flush(s);
	input_close(in);
	if (leave >= 0)
		lseek(STDIN_FILENO, leave, SEEK_SET);
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
	in = input_open(s->grep.name);
	if (strcmp(s->grep.name, "-") == 0)
		s->grep.name = j->label;
	if (in != NULL) {
		search_input(s, in);
		return;
	}
	if (!j->no_messages)
		warn("%s", s->grep.name);
	s->trouble = true;
	if (errno == EISDIR) {	/* grep opens it: an empty file */
		grep_result(&s->grep);
		flush(s);
	}
}

/* Make ready to search another file. */
static void
begin_search(struct search *s, const struct job *j, const char *name,
    uint64_t turn)
{
	s->job = j;
	s->turn = turn;
	s->announced = s->limit_told = s->trouble = false;
	grep_begin(&s->grep, &j->show, s->selector, name);
}

/* Take its result into account; whether it selected a line. */
static bool
end_search(struct search *s)
{
	trouble |= s->trouble;
	if (s->job->show.quiet && s->grep.selected > 0)
		stop_all();
	return s->grep.selected > 0;
}

static void
free_search(struct search *s)
{
	selector_free(s->selector);
	grep_free(&s->grep);
	free(s->path);
	buf_free(&s->name);
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
		s->grep.name = s->path;
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
	struct lines *lines;
	const char *bad;
	struct tail *t;
	bool selected;

	if ((t = tail_new(j->tails, j->max_line, &bad)) == NULL ||
	    (lines = lines_of(tail_read, t, j->max_line)) == NULL)
		die("%s", bad);
	begin_search(&s, j, tails_name(j), 0);
	selector_input(s.selector, time(NULL));
	search_lines(&s, NULL, t, lines);
	flush(&s);
	selected = end_search(&s);
	lines_free(lines);
	free_search(&s);
	if ((errno = tail_free(t)) != 0) {
		warn("%s", tails_name(j));
		trouble = true;
	}
	return selected;
}

static int
exit_status(const struct job *j, bool selected)
{
	if (trouble && !(j->show.quiet && selected))
		return STATUS_TROUBLE;
	return selected ? STATUS_OK : STATUS_NO;
}

/* Patterns, one to a line; an empty file has none. */
static void
add_patterns(struct job *j, struct span s)
{
	j->have_patterns = true;
	buf_addspan(&j->patterns, s);
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

/* As grep takes it: as many as can be, where the number is larger. */
static unsigned long
number_of_lines(unsigned long max)
{
	bool digits = *optarg != '\0' &&
	    optarg[strspn(optarg, "0123456789")] == '\0';

	errno = 0;
	if (digits && (strtoul(optarg, NULL, 10) > max || errno == ERANGE))
		return max;
	return opt_number(&cmd, 0, max);
}

/* A negative number is no limit. */
static unsigned long
max_lines(void)
{
	if (*optarg == '-' && optarg[1] != '\0' &&
	    optarg[1 + strspn(optarg + 1, "0123456789")] == '\0')
		return ULONG_MAX;
	return number_of_lines(ULONG_MAX);
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
	case OPT_EXPLAIN: j->show.explain = true; break;
	case 'e': add_patterns(j, span_str(optarg)); break;
	case 'f': add_pattern_file(j, optarg); break;
	case 'F': j->pattern_flags |= PATTERN_FIXED; break;
	case 'i': j->pattern_flags |= PATTERN_CASELESS; break;
	case 'w': j->pattern_flags |= PATTERN_WORD; break;
	case 'x': j->pattern_flags |= PATTERN_LINE; break;
	case 'v': j->show.inverted = true; break;
	case 'c': j->show.count = true; break;
	case 'l': j->show.list_with = true; j->show.list_without = false; break;
	case 'L': j->show.list_without = true; j->show.list_with = false; break;
	case 'm': j->show.max = max_lines(); break;
	case 'n': j->show.numbers = true; break;
	case 'b': j->show.offsets = true; break;
	case 'o': j->show.only_matching = true; break;
	case 'q': j->show.quiet = true; break;
	case 's': j->no_messages = true; break;
	case 'H': j->show.names = true; j->no_names = false; break;
	case 'h': j->show.names = false; j->no_names = true; break;
	case OPT_LABEL: j->label = optarg; break;
	case 'Z': j->show.nul_after_name = true; break;
	case 'A': j->show.after = number_of_lines(ULONG_MAX - 1); break;
	case 'B': j->show.before = number_of_lines(ULONG_MAX - 1); break;
	case 'C': j->context = number_of_lines(ULONG_MAX - 1); break;
	case OPT_COLOR: j->color = color_wanted(&cmd); break;
	case OPT_MAX_LINE:
		j->max_line = (size_t)opt_size(&cmd, 16, 1 << 30);
		break;
	case 'j': j->jobs = opt_number(&cmd, 1, 256); break;
	case 'T': j->list = optarg; break;
	case '0': j->nul_list = j->show.nul_after_name = true; break;
	}
}

/* Settle what follows from several options; operands are the files. */
static void
settle(struct job *j, char *const *operands)
{
	struct grep_options *o = &j->show;

	if (o->quiet)
		o->list_with = o->list_without = false;
	if (o->quiet || o->list_with || o->list_without)
		o->count = false;
	if (o->before == UINT64_MAX)
		o->before = j->context;
	if (o->after == UINT64_MAX)
		o->after = j->context;
	if (!j->no_names && (j->list != NULL || (operands[0] != NULL &&
	    operands[1] != NULL)))
		o->names = true;
	if (j->color)
		colors_on(&o->colors, getenv("GREP_COLORS"));
}

/* It is easy to see that no line can be selected; grep then reads nothing. */
static bool
is_hopeless(const struct job *j)
{
	bool nothing = j->have_patterns && j->patterns.len == 0;
	bool everything = j->patterns.len > 0 && j->patterns.len ==
	    count_byte(j->patterns.p, j->patterns.len, '\n') &&
	    !(j->pattern_flags & (PATTERN_LINE | PATTERN_WORD));

	return !j->show.list_without && (j->show.max == 0 ||
	    (j->show.inverted ? everything : nothing));
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
	if (j->show.explain && !c->server_errors)
		opt_misuse(&cmd, "--explain is for server errors: -5");
}

int
main(int argc, char *argv[])
{
	struct job job = { .label = "(standard input)", .context = UINT64_MAX,
	    .show = { .max = UINT64_MAX, .before = UINT64_MAX,
	    .after = UINT64_MAX }, .max_line = LINE_MAX_DEFAULT };
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
