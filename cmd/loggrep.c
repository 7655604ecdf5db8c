/*
 * loggrep - print the log lines that matter
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/opt.h"
#include "base/progress.h"
#include "base/sandbox.h"
#include "base/status.h"
#include "base/stdout.h"
#include "base/termination.h"
#include "input/input.h"
#include "input/lines.h"
#include "net/kafka.h"
#include "loggrep.h"

enum {
	OPT_COLOR = OPT_LONG, OPT_LABEL, OPT_MAX_LINE, OPT_EXPLAIN,
	OPT_LINE_BUFFERED, OPT_SINCE, OPT_UNTIL, OPT_TAIL, OPT_TZ, OPT_YEAR,
	OPT_URLS,
};

static const struct cmd cmd = {
	.name = "loggrep", .what = "print the log lines that matter",
	.operands = "[pattern] [file ...]",
	.sandboxed = true,
	.opts = (const struct opt[]){
		{ OPT_GROUP, NULL, NULL, "Errors, fields and times" },
		{ '5', "server-errors", NULL, "select HTTP server errors, by "
		    "their status field" },
		{ OPT_EXPLAIN, "explain", NULL, "say by which rule a line is "
		    "a server error" },
		{ 'W', "where", "condition", "select by a field: status>=500, "
		    "path~^/api" },
		{ OPT_SINCE, "since", "time", "select from then on: 10m, "
		    "2021-06-29, ..." },
		{ OPT_UNTIL, "until", "time", "select before then" },
		{ OPT_TZ, "tz", "zone", "of times that name none (local)" },
		{ OPT_YEAR, "year", "year", "of times that have none" },
		{ OPT_GROUP, NULL, NULL, "Patterns" },
		{ 'e', "regexp", "pattern", "a pattern; may be repeated" },
		{ 'f', "file", "file", "take patterns from a file" },
		{ 'F', "fixed-strings", NULL, "patterns are strings" },
		{ 'i', "ignore-case", NULL, "letters match in either case" },
		{ 'w', "word-regexp", NULL, "match whole words" },
		{ 'x', "line-regexp", NULL, "match whole lines" },
		{ 'v', "invert-match", NULL, "select the other lines" },
		{ OPT_GROUP, NULL, NULL, "Output" },
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
		{ OPT_GROUP, NULL, NULL, "Files" },
		{ OPT_MAX_LINE, "max-line", "size", "cut longer lines (1M)" },
		{ 'j', "jobs", "num", "search num files at once" },
		{ OPT_TAIL, "tail", "file", "search what is appended to file "
		    "(or kafka://) from now on" },
		OPT_FILES_FROM,
		OPT_NULL_LIST,
		{ OPT_GROUP, NULL, NULL, "URLs" },
		URL_OPTIONS(OPT_URLS),
		URL_OPTION_STATS(OPT_URLS),
		{ OPT_GROUP, NULL, NULL, "Accepted, as grep has them" },
		{ 'P', "perl-regexp", NULL, "as always" },
		{ 'E', "extended-regexp", NULL, "the same" },
		{ 'a', "text", NULL, "as always" },
		{ OPT_LINE_BUFFERED, "line-buffered", NULL, "as always" },
		{ OPT_COLOR, "colour", "[when]", NULL },
		{ 0 },
	},
};

struct selector *
new_selector(const struct job *j)
{
	struct buf why = { 0 };
	struct selector *s;

	/* A condition of -W is wrong. */
	if ((s = selector_new(&j->criteria, &why)) == NULL)
		opt_misuse(&cmd, "%s", buf_str(&why));
	return s;
}

/* Add patterns, one to a line; an empty file has none. */
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

/* The moment that a text stands for, in *t; NULL when there is no text. */
static const struct timestamp *
moment(const char *text, struct zone *z, struct timestamp *t)
{
	if (text == NULL)
		return NULL;
	if (select_time(text, z, t) < 0)
		opt_misuse(&cmd, "%s: not a time such as " SELECT_TIMES, text);
	return t;
}

/* Read --since and --until, once it is known which zone they are in. */
static void
settle_times(struct job *j)
{
	struct criteria *c = &j->criteria;
	struct zone *z = &j->zone;

	c->since = moment(j->since_text, z, &j->since);
	c->until = moment(j->until_text, z, &j->until);
	c->zone = z;
}

/*
 * Say which lines are wanted, and whether it is enough to read those and what
 * they depend on.
 */
static void
settle_wanted(struct job *j)
{
	const struct grep_options *o = &j->show;
	struct gzip_wanted *w = &j->wanted;
	int64_t ignored;

	*w = (struct gzip_wanted){ INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX,
	    j->criteria.server_errors, j->zone.year != 0 };
	if (j->criteria.since != NULL) {
		w->from = j->since.sec;
		zone_from_utc(&j->zone, w->from, &w->local_from, &ignored);
	}
	if (j->criteria.until != NULL) {
		w->until = j->until.sec + (j->until.nsec > 0 || j->until.leap);
		zone_from_utc(&j->zone, w->until, &ignored, &w->local_until);
	}
	j->may_leave_out = (has_time_limits(j) || w->errors) && !o->inverted &&
	    !o->numbers && !o->offsets && !grep_has_context(o) &&
	    j->max_line >= LINE_MAX_DEFAULT;
	if (j->may_leave_out)
		j->urls.wanted = w;
}

static bool
color_wanted(const struct cmd *c)
{
	static const char *const when[] = {
		"always", "yes", "force", "never", "no", "none", "auto", "tty",
		"if-tty", NULL
	};
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	int i = optarg != NULL ? opt_word(c, when) : 6;

	if (i < 6)
		return i < 3;
	if (no_color != NULL && *no_color != '\0')	/* no-color.org */
		return false;
	return isatty(STDOUT_FILENO) && term != NULL &&
	    strcmp(term, "dumb") != 0;
}

/*
 * Read a number as grep does: one that is too large means as many as possible.
 */
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

/* Read a limit; a negative number is none. */
static unsigned long
max_lines(void)
{
	if (*optarg == '-' && optarg[1] != '\0' &&
	    optarg[1 + strspn(optarg + 1, "0123456789")] == '\0')
		return ULONG_MAX;
	return number_of_lines(ULONG_MAX);
}

/* Options that turn something on, and what. */
static const struct {
	int ch;
	size_t flag;		/* where the flag is in struct job */
} flags[] = {
	{ '5', offsetof(struct job, criteria.server_errors) },
	{ OPT_EXPLAIN, offsetof(struct job, show.explain) },
	{ 'v', offsetof(struct job, show.inverted) },
	{ 'c', offsetof(struct job, show.count) },
	{ 'n', offsetof(struct job, show.numbers) },
	{ 'b', offsetof(struct job, show.offsets) },
	{ 'o', offsetof(struct job, show.only_matching) },
	{ 'q', offsetof(struct job, show.quiet) },
	{ 's', offsetof(struct job, no_messages) },
	{ 'Z', offsetof(struct job, show.nul_after_name) },
};

static bool
set_flag(struct job *j, int ch)
{
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (flags[i].ch == ch) {
			*(bool *)((char *)j + flags[i].flag) = true;
			return true;
		}
	return false;
}

/* Set what lines are selected by; false for another option. */
static bool
set_criterion(struct job *j, int ch)
{
	switch (ch) {
	case 'W':
		j->where = add_to_list(j->where, &j->n_where, optarg);
		return true;
	case OPT_SINCE: j->since_text = optarg; return true;
	case OPT_UNTIL: j->until_text = optarg; return true;
	case OPT_TZ:
		if (zone_set(&j->zone, optarg) < 0)
			opt_misuse(&cmd, "%s: no such zone", optarg);
		return true;
	case OPT_YEAR:
		j->zone.year = (int)opt_number(&cmd, 1, 9999);
		return true;
	case 'e': add_patterns(j, span_str(optarg)); return true;
	case 'f': add_pattern_file(j, optarg); return true;
	case 'F': j->pattern_flags |= PATTERN_FIXED; return true;
	case 'i': j->pattern_flags |= PATTERN_CASELESS; return true;
	case 'w': j->pattern_flags |= PATTERN_WORD; return true;
	case 'x': j->pattern_flags |= PATTERN_LINE; return true;
	}
	return false;
}

/* Set what is printed, and of which files. */
static void
set_option(struct job *j, int ch)
{
	struct grep_options *o = &j->show;

	if (set_flag(j, ch) || set_criterion(j, ch) ||
	    url_option(&cmd, &j->urls, ch - OPT_URLS))
		return;
	switch (ch) {
	case OPT_TAIL:
		j->tails = add_to_list(j->tails, &j->n_tails, optarg);
		break;
	case 'l': o->list_with = true; o->list_without = false; break;
	case 'L': o->list_without = true; o->list_with = false; break;
	case 'm': o->max = max_lines(); break;
	case 'H': o->names = true; j->no_names = false; break;
	case 'h': o->names = false; j->no_names = true; break;
	case OPT_LABEL: j->label = optarg; break;
	case 'A': o->after = number_of_lines(ULONG_MAX - 1); break;
	case 'B': o->before = number_of_lines(ULONG_MAX - 1); break;
	case 'C': j->context = number_of_lines(ULONG_MAX - 1); break;
	case OPT_COLOR: j->color = color_wanted(&cmd); break;
	case OPT_MAX_LINE:
		j->max_line = (size_t)opt_size(&cmd, 16, 1 << 30);
		break;
	case 'j': j->jobs = opt_number(&cmd, 1, 256); break;
	case 'T': j->list = optarg; break;
	case '0': j->nul_list = o->nul_after_name = true; break;
	}
}

/* Settle what follows from several options; operands are the files. */
static void
settle(struct job *j, char *const *operands)
{
	struct grep_options *o = &j->show;

	o->to_terminal = isatty(STDOUT_FILENO);
	if (o->quiet)
		o->list_with = o->list_without = false;
	if (o->quiet || o->list_with || o->list_without)
		o->count = false;
	if (o->before == UINT64_MAX)
		o->before = j->context;
	if (o->after == UINT64_MAX)
		o->after = j->context;
	j->several = j->list != NULL || (operands[0] != NULL &&
	    (operands[1] != NULL || url_is_many(operands[0])));
	if (j->several && !j->no_names)
		o->names = true;
	/* Under -v a line before --since is selected. */
	j->urls.has_since = j->criteria.since != NULL && !o->inverted;
	if (j->urls.has_since)
		j->urls.since = j->since.sec;
	j->urls.tell_passed = o->count || o->list_without;
	if (j->color)
		colors_on(&o->colors, getenv("GREP_COLORS"));
}

/* Whether it is plain that no line can be selected; grep then reads nothing. */
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
 * need not be: an operand that names a file, or stands alone, is a file.
 */
static bool
takes_pattern(const struct job *j, char *const *operands)
{
	if (j->have_patterns || j->criteria.server_errors ||
	    operands[0] == NULL)
		return false;
	if (selects_by_record(j))
		return operands[1] != NULL && strcmp(operands[0], "-") != 0 &&
		    !url_is_operand(operands[0]) &&
		    access(operands[0], F_OK) < 0;
	if (operands[1] == NULL && j->list == NULL && j->n_tails == 0 &&
	    isatty(STDIN_FILENO))
		note("reading standard input, a terminal; the pattern is %s",
		    operands[0]);
	return true;
}

/* If --tail is for Kafka, returns its URL, to be read as an operand. */
static char **
tailed_topics(struct job *j)
{
	static char *operands[2];

	for (size_t i = 0; i < j->n_tails; i++)
		j->urls.kafka_tail |= kafka_is_url(j->tails[i]);
	if (j->urls.kafka_tail && j->n_tails > 1)
		opt_misuse(&cmd, "--tail follows files, or one Kafka URL");
	if (!j->urls.kafka_tail)
		return NULL;
	j->n_tails = 0;
	operands[0] = j->tails[0];
	return operands;
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
	    .after = UINT64_MAX }, .max_line = LINE_MAX_DEFAULT,
	    .urls = URL_DEFAULTS };
	struct operands *names;
	struct url_operands *files;
	char **topics;
	bool any_url;
	int ch, status = STATUS_NO;

	zone_set(&job.zone, "local");
	job.zone.near = ZONE_NOW;
	while ((ch = opt_next(&cmd, argc, argv)) != -1)
		set_option(&job, ch);
	argv += optind;
	settle_times(&job);
	if (takes_pattern(&job, argv))
		add_patterns(&job, span_str(*argv++));
	if (job.n_tails > 0 && (*argv != NULL || job.list != NULL))
		opt_misuse(&cmd, "--tail reads no other file");
	if ((topics = tailed_topics(&job)) != NULL)
		argv = topics;
	settle_criteria(&job);
	/* Ends with misuse if a condition is wrong. */
	selector_free(new_selector(&job));
	settle(&job, argv);
	settle_wanted(&job);
	any_url = url_hide(argv) || job.list != NULL;

	input_from_list = job.list != NULL;
	sandbox_enter(any_url);
	if (termination_limit_work("loggrep: ended by a signal before all "
	    "was searched\n") < 0 || termination_on_signals() < 0 ||
	    (names = operands_new(argv, job.list, job.nul_list, true)) ==
	    NULL || (files = url_operands_new(names, &job.urls)) == NULL)
		die("start");
	input_idle = out_flush;
	progress_on(true);
	if (!is_hopeless(&job))
		status = job.n_tails > 0 ? search_tails(&job) :
		    search_files(&job, files);
	url_operands_free(files);
	operands_free(names);
	pattern_free(job.pattern);
	free(job.where);
	free(job.tails);
	buf_free(&job.patterns);
	progress_end();
	return out_finish(status);
}
