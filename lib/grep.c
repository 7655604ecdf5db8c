#include "grep.h"

#include <stdio.h>

#include "count.h"

static bool
lists_names(const struct grep_options *o)
{
	return o->list_with || o->list_without;
}

static void
add_name(const struct grep_options *o, struct buf *b, const char *name)
{
	colors_add(b, &o->colors, COLOR_NAME, span_str(name));
}

static void
add_separator(const struct grep_options *o, struct buf *b, char sep)
{
	colors_add(b, &o->colors, COLOR_SEPARATOR, span_of(&sep, 1));
}

static void
add_number(const struct grep_options *o, struct buf *b, enum color color,
    uint64_t n, char sep)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	colors_add(b, &o->colors, color, span_str(text));
	add_separator(o, b, sep);
}

static uint64_t
count_lines(const char *p, const char *end)
{
	return count_byte(p, (size_t)(end - p), '\n');
}

/* The number of the line at p in the block; p never goes back. */
static uint64_t
number_at(struct grep *g, const char *p)
{
	g->number += count_lines(g->counted, p);
	g->counted = p;
	return g->number;
}

static void
print_head(struct grep *g, char sep, uint64_t number, uint64_t offset)
{
	const struct grep_options *o = g->options;

	if (o->names) {
		add_name(o, &g->out, g->name);
		if (o->nul_after_name)
			buf_addc(&g->out, '\0');
		else
			add_separator(o, &g->out, sep);
	}
	if (o->numbers)
		add_number(o, &g->out, COLOR_LINE_NUMBER, number, sep);
	if (o->offsets)
		add_number(o, &g->out, COLOR_OFFSET, offset, sep);
	if (o->explain && sep == ':' && !o->inverted) {
		buf_adds(&g->out, selector_rule(g->selector));
		add_separator(o, &g->out, sep);
	}
}

/*
 * Print what matched in the line, or with colors also what is between; returns
 * where the rest of the line begins.
 */
static size_t
print_matches(struct grep *g, struct span line, char sep, uint64_t number,
    uint64_t offset, enum color around, enum color color)
{
	const struct grep_options *o = g->options;
	struct matcher *matcher = selector_matcher(g->selector);
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
		if (o->only_matching) {
			print_head(g, sep, number, offset + start);
			colors_add(&g->out, &o->colors, color, match);
			buf_addc(&g->out, '\n');
		} else {
			colors_add(&g->out, &o->colors, around,
			    span_of(line.p + printed, start - printed));
			colors_add(&g->out, &o->colors, color, match);
		}
		printed = at;
	}
	return printed;
}

/* A line with or without its LF; sep tells selected (:) from context (-). */
static void
print_line(struct grep *g, struct span line, char sep, uint64_t number,
    uint64_t offset)
{
	const struct grep_options *o = g->options;
	bool matching = (sep == ':') != o->inverted;
	enum color color = sep == ':' ? COLOR_MATCH : COLOR_CONTEXT_MATCH;
	enum color around = (sep == ':') != (o->inverted && o->colors.reverse) ?
	    COLOR_LINE : COLOR_CONTEXT;
	size_t printed = 0, lf, cr;

	lf = line.len > 0 && line.p[line.len - 1] == '\n';
	line.len -= lf;
	g->shown = offset + line.len + lf;
	if (!o->only_matching)
		print_head(g, sep, number, offset);
	if (matching && (o->only_matching || colors_has(&o->colors, color)))
		printed = print_matches(g, line, sep, number, offset, around,
		    color);
	if (o->only_matching)
		return;
	cr = line.len > printed && line.p[line.len - 1] == '\r';
	colors_add(&g->out, &o->colors, around, span_of(line.p + printed,
	    line.len - cr - printed));
	if (cr)
		buf_addc(&g->out, '\r');
	buf_addc(&g->out, '\n');
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

/* Where the last n lines kept of earlier blocks begin. */
static const char *
before_back(const struct grep *g, uint64_t n)
{
	const char *p = g->before.p;

	if (g->before.len > 0) {
		p += g->before.len;
		back(g->before.p, &p, n);
	}
	return p;
}

/* Where what was not printed yet begins in the block. */
static const char *
unprinted(const struct grep *g)
{
	return g->shown > g->offset ? g->block.p + (g->shown - g->offset) :
	    g->block.p;
}

/* Print lines of the block, from p to end. */
static void
print_lines(struct grep *g, const char *p, const char *end, char sep)
{
	const char *next;
	uint64_t number = 0;

	for (; p < end; p = next) {
		next = line_end(p, end);
		if (g->options->numbers)
			number = number_at(g, p);
		print_line(g, span_of(p, (size_t)(next - p)), sep, number,
		    g->offset + (uint64_t)(p - g->block.p));
	}
}

static void
print_before_buf(struct grep *g, const char *p)
{
	const char *end = g->before.p + g->before.len, *next;
	uint64_t number = g->before_number;

	number += count_lines(g->before.p, p);
	for (; p < end; p = next, number++) {
		next = line_end(p, end);
		print_line(g, span_of(p, (size_t)(next - p)), '-', number,
		    g->before_offset + (uint64_t)(p - g->before.p));
	}
}

bool
grep_has_context(const struct grep_options *o)
{
	return o->before != UINT64_MAX || o->after != UINT64_MAX;
}

void
grep_group_separator(const struct grep_options *o, struct buf *b)
{
	colors_add(b, &o->colors, COLOR_SEPARATOR, span_str("--"));
	buf_addc(b, '\n');
}

/* What comes before a selected line: a separator, lines of context. */
static void
begin_group(struct grep *g, const char *line)
{
	const struct grep_options *o = g->options;
	const char *p = line, *b;
	uint64_t n = o->before != UINT64_MAX ? o->before : 0, first;

	n -= back(unprinted(g), &p, n);
	b = before_back(g, n);
	if (g->before.len > 0 && n > 0)
		first = g->before_offset + (uint64_t)(b - g->before.p);
	else
		first = g->offset + (uint64_t)(p - g->block.p);
	if (g->grouped && first != g->shown && grep_has_context(o))
		grep_group_separator(o, &g->out);
	g->grouped = true;
	if (g->before.len > 0)
		print_before_buf(g, b);
	buf_clear(&g->before);
	print_lines(g, p, line, '-');
}

/* Take a line as selected. */
static void
select_line(struct grep *g, struct span line)
{
	const struct grep_options *o = g->options;

	g->selected++;
	g->left--;
	g->last = g->offset + (uint64_t)(line.p + line.len - g->block.p);
	if (o->quiet || lists_names(o)) {
		g->stopped = true;
		return;
	}
	if (!o->count) {
		begin_group(g, line.p);
		print_lines(g, line.p, line.p + line.len, ':');
		g->pending = o->after != UINT64_MAX ? o->after : 0;
	}
	if (g->left == 0 && g->pending == 0)
		g->stopped = true;
}

/* Pass over lines that are not selected, but may be context. */
static void
pass_lines(struct grep *g, const char *p, const char *end)
{
	const char *next;

	while (g->pending > 0 && p < end) {
		next = line_end(p, end);
		buf_clear(&g->before);
		print_lines(g, p, next, '-');
		p = next;
		if (--g->pending == 0 && g->left == 0)
			g->stopped = true;
	}
}

static void
select_lines(struct grep *g, const char *p, const char *end)
{
	const char *next;

	if (g->options->count && g->left == UINT64_MAX) {
		g->selected += count_lines(p, end) + (p < end &&
		    end[-1] != '\n');
		return;
	}
	for (; p < end && !g->stopped && g->left > 0; p = next) {
		next = line_end(p, end);
		select_line(g, span_of(p, (size_t)(next - p)));
	}
	if (!g->stopped)
		pass_lines(g, p, end);
}

/* Keep the block's last lines, as context for what the next one brings. */
static void
keep_before(struct grep *g)
{
	const char *end = g->block.p + g->block.len, *p = end, *b;
	uint64_t n = g->options->before, number = 0;

	if (n == 0 || n == UINT64_MAX || g->options->count || g->options->quiet)
		return;
	n -= back(unprinted(g), &p, n);
	if (g->options->numbers)
		number = number_at(g, p);
	if (n == 0 || p > g->block.p)
		buf_clear(&g->before);
	b = before_back(g, n);
	if (g->before.len == 0) {
		g->before_offset = g->offset + (uint64_t)(p - g->block.p);
		g->before_number = number;
	} else if (b > g->before.p) {
		g->before_offset += (uint64_t)(b - g->before.p);
		g->before_number += count_lines(g->before.p, b);
		g->before.len -= (size_t)(b - g->before.p);
		memmove(g->before.p, b, g->before.len);
	}
	buf_add(&g->before, p, (size_t)(end - p));
}

/* PCRE2 gave up on a line; remember the first. */
static void
note_limit(struct grep *g, const char *line)
{
	if (g->limits++ > 0)
		return;
	g->limit_number = g->options->numbers ?
	    g->number + count_lines(g->counted, line) : 0;
	g->limit_offset = g->offset + (uint64_t)(line - g->block.p);
	snprintf(g->limit_error, sizeof g->limit_error, "%s",
	    selector_error(g->selector));
}

/* Take what lies between two lines that the selector found, and the second. */
static void
take(struct grep *g, const char *p, struct span found)
{
	const char *end = found.p + found.len;

	if (g->options->inverted) {
		select_lines(g, p, found.p);
		if (!g->stopped)
			pass_lines(g, found.p, end);
	} else {
		pass_lines(g, p, found.p);
		if (found.len > 0)
			select_line(g, found);
	}
}

static void
search_block(struct grep *g)
{
	const char *p = g->block.p, *end = p + g->block.len;
	struct span line;
	int r;

	for (; p < end && !g->stopped && g->left > 0; p = line.p + line.len) {
		r = selector_next(g->selector, span_of(p, (size_t)(end - p)),
		    &line);
		if (r < 0)
			note_limit(g, line.p);
		if (r == 0)
			line.p = end;
		if (r < 0)
			line.p += line.len;
		if (r <= 0)
			line.len = 0;
		take(g, p, line);
	}
	if (g->left == 0)
		pass_lines(g, p, end);
}

void
grep_block(struct grep *g, struct span block)
{
	g->block = block;
	g->counted = block.p;
	selector_block(g->selector, block);
	search_block(g);
	selector_block_end(g->selector);
	keep_before(g);
	if (g->options->numbers)
		number_at(g, block.p + block.len);
	g->offset += block.len;
}

void
grep_undo(struct grep *g, const struct grep *before)
{
	struct buf out = g->out;

	out.len = before->out.len;
	*g = *before;
	g->out = out;
}

void
grep_rename(struct grep *g, const char *name)
{
	g->name = name;
	buf_clear(&g->before);
}

void
grep_result(struct grep *g)
{
	const struct grep_options *o = g->options;
	char text[24];

	if (o->quiet)
		return;
	if (lists_names(o)) {
		if ((g->selected > 0) == o->list_with) {
			add_name(o, &g->out, g->name);
			buf_addc(&g->out, o->nul_after_name ? '\0' : '\n');
		}
	} else if (o->count) {
		if (o->names) {
			add_name(o, &g->out, g->name);
			if (o->nul_after_name)
				buf_addc(&g->out, '\0');
			else
				add_separator(o, &g->out, ':');
		}
		snprintf(text, sizeof text, "%llu\n",
		    (unsigned long long)g->selected);
		buf_adds(&g->out, text);
	}
}

void
grep_begin(struct grep *g, const struct grep_options *options,
    struct selector *selector, const char *name)
{
	struct grep old = *g;

	buf_clear(&old.out);
	buf_clear(&old.before);
	*g = (struct grep){ .options = options, .selector = selector,
	    .name = name, .out = old.out, .before = old.before, .number = 1,
	    .left = options->max };
}

void
grep_free(struct grep *g)
{
	buf_free(&g->before);
	buf_free(&g->out);
}
