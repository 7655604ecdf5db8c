/* grep: a block that is taken back, messages in several blocks, colors */
#include "match/grep.h"

#include <stdlib.h>

#include "tap.h"

/* What is shown of the blocks one, lost and two, when lost is taken back. */
static void
shows(const struct grep_options *options, const char *want, const char *name)
{
	struct buf why = { 0 };
	struct pattern *p = pattern_new(span_str("hit"), 0, &why);
	const struct criteria c = { .pattern = p };
	struct selector *s = selector_new(&c, &why);
	struct grep g = { 0 }, before;

	if (p == NULL || s == NULL)
		abort();
	grep_begin(&g, options, s, "f");
	selector_input(s, 0);
	grep_block(&g, span_str("hit 1\nx\n"));
	before = g;
	grep_block(&g, span_str("hit lost\nhit lost\nx\n"));
	grep_undo(&g, &before);
	grep_block(&g, span_str("x\nhit 2\n"));
	grep_result(&g);
	if (!ok(strcmp(buf_str(&g.out), want) == 0, "taken back: %s", name))
		printf("# got %s\n", buf_str(&g.out));
	grep_free(&g);
	selector_free(s);
	pattern_free(p);
}

#define AT "2021-06-29T10:05:03Z "

/*
 * What is shown of a message that is an error, whose pieces (two of four lines)
 * are in two blocks before that of its end.
 */
static void
shows_blocks(const struct grep_options *options, const char *first,
    const char *want, const char *name)
{
	const char *blocks[] = {
		first, AT "stdout P [29/Jun/2021:10:05:03 +0000] \n",
		AT "stdout F \"GET / HTTP/1.1\" 503 1\n" AT "stderr F y\n",
		AT "stderr F z\n" AT "stderr F status=500 a=e\n",
	};
	struct buf why = { 0 };
	const struct criteria c = { .server_errors = true };
	struct selector *s = selector_new(&c, &why);
	struct grep g = { 0 };
	const char *p, *piece;
	char *lines = NULL;
	size_t n = 0, len;
	FILE *f = open_memstream(&lines, &n);

	grep_begin(&g, options, s, "f");
	selector_input(s, 0);
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks &&
	    !g.stopped; i++)
		grep_block(&g, span_str(blocks[i]));
	grep_result(&g);
	/* A line that is a piece is told by its letter, another by its end. */
	for (p = buf_str(&g.out); *p != '\0'; p += len + 1) {
		len = strcspn(p, "\n");
		piece = memmem(p, len, "stdout ", 7);
		fputc(piece != NULL ? piece[7] : p[len - 1], f);
	}
	fclose(f);
	if (!ok(strcmp(lines, want) == 0, "a message in pieces: %s", name))
		printf("# got %s\n", lines);
	free(lines);
	grep_free(&g);
	selector_free(s);
}

#define BEGIN AT "stdout P 192.0.2.1 - - \n"

static void
shows_pieces(const struct grep_options *options, const char *want,
    const char *name)
{
	shows_blocks(options, AT "stderr F x\n" BEGIN, want, name);
}

/* Groups of lines before those of a message whose end is in another block. */
static void
shows_groups(const struct grep_options *plain)
{
	struct grep_options o = *plain;

	o.before = 0;
	shows_blocks(&o, AT "stderr F status=500 a=0\n" BEGIN, "0PPF-e",
	    "no separator is between lines that follow each other");
	shows_blocks(&o, AT "stderr F status=500 a=0\n" AT "stderr F x\n" BEGIN,
	    "0-PPF-e", "but one is where a line was left out");
	o.after = 1;
	o.max = 2;
	shows_blocks(&o, AT "stderr F status=500 a=0\n" AT "stderr F x\n" BEGIN,
	    "0xP", "a line of context is no line of the most");
	o.max = UINT64_MAX;
	shows_blocks(&o, AT "stderr F status=500 a=0\n" BEGIN, "0PPFy-e",
	    "a piece that was context is not shown again");
	shows_blocks(&o, AT "stderr F status=500 a=0\n" BEGIN AT
	    "stdout P a \n" AT "stderr F status=500 a=1\n", "0P-1P-PFy-e",
	    "pieces that were no context are shown with those that were");
	o.before = 2;
	o.after = 0;
	shows_blocks(&o, BEGIN AT "stderr F status=500 a=0\n", "P0PFyze",
	    "a piece that was context before a line is shown once");
}

static void
shows_messages(const struct grep_options *plain)
{
	struct grep_options o = *plain;

	shows_pieces(&o, "PPFe", "all of them are shown");
	o.max = 3;
	shows_pieces(&o, "PPF", "each of them is one of the most");
	o.max = 2;
	shows_pieces(&o, "PP", "there may be more pieces than lines left");
	o.max = 1;
	shows_pieces(&o, "P", "only the first may be left");
	o = *plain;
	o.count = true;
	shows_pieces(&o, "4", "each of them is counted");
	o.max = 2;
	shows_pieces(&o, "2", "no more are counted than are wanted");
	o = *plain;
	o.quiet = true;
	shows_pieces(&o, "", "nothing is shown when quiet");
	o = *plain;
	o.list_with = true;
	shows_pieces(&o, "f", "the name of its file is listed");
	o.list_with = false;
	o.list_without = true;
	shows_pieces(&o, "", "its file is not listed as one without");
	o = *plain;
	o.before = 0;
	o.after = 1;
	shows_pieces(&o, "PPFy-e",
	    "context stands after its end");
	o.before = 1;
	o.after = 0;
	shows_pieces(&o, "PPF-ze", "no piece is shown as context, too");
}

static void
shows_line(const struct grep_options *options, bool errors, const char *want,
    const char *name)
{
	char condition[] = "a=1", *where[] = { condition, NULL };
	struct criteria c = { .server_errors = errors };
	struct buf why = { 0 };
	struct selector *s;
	struct grep g = { 0 };

	if (!errors)
		c.where = where;
	s = selector_new(&c, &why);
	grep_begin(&g, options, s, "f\33");
	selector_input(s, 0);
	grep_block(&g, span_str("status=200 a=2\nstatus=503 a=1\n"
	    "status=200 a=3\n"));
	grep_result(&g);
	if (!ok(strcmp(buf_str(&g.out), want) == 0, "lines: %s", name))
		printf("# got %s\n", buf_str(&g.out));
	grep_free(&g);
	selector_free(s);
}

static void
shows_lines(const struct grep_options *plain)
{
	struct grep_options o = *plain;

	o.only_matching = true;
	shows_line(&o, false, "status=503 a=1\n",
	    "without a pattern the whole line matches");
	o = *plain;
	o.explain = true;
	shows_line(&o, true, "logfmt:status=503 a=1\n", "the rule is told");
	o.before = 1;
	shows_line(&o, true, "status=200 a=2\nlogfmt:status=503 a=1\n",
	    "the rule is told of no line of context");
	o = *plain;
	o.explain = o.inverted = true;
	shows_line(&o, true, "status=200 a=2\nstatus=200 a=3\n",
	    "the rule is told of no line that is none");
	o = *plain;
	o.count = o.inverted = true;
	shows_line(&o, false, "2\n", "those are counted that do not match");
	o.max = 1;
	shows_line(&o, false, "1\n", "up to the most that are wanted");
	o = *plain;
	o.names = o.to_terminal = true;
	shows_line(&o, false, "f\\x1B:status=503 a=1\n",
	    "a terminal gets no control character of a name");
}

/* What is shown of lines of the files a, b and a again. */
static void
shows_files(const struct grep_options *options, const char *want,
    const char *name)
{
	static const char *const blocks[] = { "w\nhit 1\n", "hit 2\n", "x\n",
		"y\nz\nhit 3\n" };
	struct buf why = { 0 };
	struct pattern *p = pattern_new(span_str("hit"), 0, &why);
	const struct criteria c = { .pattern = p };
	struct selector *s = selector_new(&c, &why);
	struct grep g = { 0 };

	grep_begin(&g, options, s, "--tail");
	selector_input(s, 0);
	for (int i = 0; i < 4 && !g.stopped; i++) {
		if (i != 2)
			grep_rename(&g, i == 1 ? "b" : "a");
		if (!g.stopped)
			grep_block(&g, span_str(blocks[i]));
	}
	if (!ok(strcmp(buf_str(&g.out), want) == 0, "files: %s", name))
		printf("# got %s\n", buf_str(&g.out));
	grep_free(&g);
	selector_free(s);
	pattern_free(p);
}

static void
shows_renamed(const struct grep_options *plain)
{
	struct grep_options o = *plain;

	o.names = true;
	shows_files(&o, "a:hit 1\nb:hit 2\na:hit 3\n",
	    "each line has the name of its own");
	o.before = 1;
	o.after = 2;
	shows_files(&o, "a-w\na:hit 1\n--\nb:hit 2\nb-x\n--\na-z\n"
	    "a:hit 3\n", "no line of another one is context");
	o.max = 1;
	shows_files(&o, "a-w\na:hit 1\n",
	    "another one has no context behind the last line wanted");
	o.before = 3;
	o.after = UINT64_MAX;
	o.max = 3;
	shows_files(&o, "a-w\na:hit 1\n--\nb:hit 2\n--\na-y\na-z\n"
	    "a:hit 3\n", "lines of two are no group");
}

/* The first line at which PCRE2 gives up is remembered, and no other. */
static void
notes_limits(void)
{
	static const struct grep_options o = { .max = UINT64_MAX,
		.before = UINT64_MAX, .after = UINT64_MAX, .numbers = true };
	struct buf why = { 0 };
	struct pattern *p = pattern_new(span_str(
	    "(*NO_START_OPT)(*LIMIT_MATCH=1)(a+)+b"), 0, &why);
	const struct criteria c = { .pattern = p };
	struct selector *s = selector_new(&c, &why);
	struct grep g = { 0 };

	grep_begin(&g, &o, s, "f");
	selector_input(s, 0);
	grep_block(&g, span_str("c\naa\naaa\n"));
	ok(g.limits == 2 && g.limit_number == 2 && g.limit_offset == 2 &&
	    strstr(g.limit_error, "limit") != NULL && g.selected == 0,
	    "the first line at which PCRE2 gives up is told");
	grep_free(&g);
	selector_free(s);
	pattern_free(p);
}

static void
sets_colors(void)
{
	struct colors c = { 0 };
	struct buf b = { 0 };

	colors_on(&c, "ms=04:x=1:mt=4x:fn=:sl");
	colors_add(&b, &c, COLOR_MATCH, span_str("hit"));
	colors_add(&b, &c, COLOR_CONTEXT_MATCH, span_str("hit"));
	colors_add(&b, &c, COLOR_NAME, span_str("f"));
	colors_add(&b, &c, COLOR_MATCH, span_str(""));
	ok(strcmp(buf_str(&b), "\33[04m\33[Khit\33[m\33[K"
	    "\33[01;31m\33[Khit\33[m\33[Kf") == 0,
	    "a color that is none changes nothing, and nothing has no color");
	buf_free(&b);
}

int
main(void)
{
	static const struct grep_options plain = { .max = UINT64_MAX,
		.before = UINT64_MAX, .after = UINT64_MAX };
	struct grep_options o = plain;

	shows(&o, "hit 1\nhit 2\n", "no line of the block is shown");
	o.numbers = true;
	shows(&o, "1:hit 1\n4:hit 2\n", "no line of the block is numbered");
	o = plain;
	o.offsets = true;
	shows(&o, "0:hit 1\n10:hit 2\n", "no byte of the block is passed");
	o = plain;
	o.max = 2;
	shows(&o, "hit 1\nhit 2\n", "no line of the block is one of the most");
	o = plain;
	o.count = true;
	shows(&o, "2\n", "no line of the block is counted");
	shows_messages(&plain);
	shows_groups(&plain);
	shows_lines(&plain);
	shows_renamed(&plain);
	notes_limits();
	sets_colors();
	return done_testing();
}
