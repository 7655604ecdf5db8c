#include "match/grep.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/visible.h"

static bool
lists_names(const struct grep_options *o)
{
	return o->list_with || o->list_without;
}

/*
 * Add the name in front of a line, or in a list; a newline in it would look
 * like the end of a line.
 */
static void
add_name(const struct grep_options *o, struct buf *b, const char *name)
{
	struct span s = span_str(name);
	struct buf shown = { 0 };

	if (o->to_terminal ||
	    (!o->nul_after_name && strchr(name, '\n') != NULL)) {
		if (buf_reserve(&shown, VISIBLE_MAX * s.len) == 0)
			shown.len = visible_put(shown.p, s);
		s = buf_span(&shown);
		b->failed |= shown.failed;
	}
	colors_add(b, &o->colors, COLOR_NAME, s);
	buf_free(&shown);
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

/* The number of the line at p in the block; p never goes back between calls. */
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
		buf_adds(&g->out, selector_rule(g->state.selector));
		add_separator(o, &g->out, sep);
	}
}

/*
 * Print the parts of the line that matched or, with colors, also the text
 * between them.  Returns where the rest of the line begins.
 */
static size_t
print_matches(struct grep *g, struct span line, char sep, uint64_t number,
    uint64_t offset, enum color around, enum color color)
{
	const struct grep_options *o = g->options;
	struct matcher *matcher = selector_matcher(g->state.selector);
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

/* A piece that is kept: its offset in the input, and where its text ends. */
struct piece {
	uint64_t offset;
	size_t end;
	bool was_context;	/* so it is not printed again */
};

/* Whether messages have their pieces selected. */
static bool
keeps_pieces(const struct grep_options *o)
{
	return !o->inverted && !o->explain;
}

/*
 * Print a line, with or without its LF; sep tells selected (:) from context
 * (-).
 */
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

	lf = line.p[line.len - 1] == '\n';
	line.len -= lf;
	g->shown = offset + line.len + lf;
	if (!o->only_matching)
		print_head(g, sep, number, offset);
	if (sep == '-' && keeps_pieces(o) && !o->only_matching &&
	    buf_add(&g->context, &offset, sizeof offset) < 0)
		g->out.failed = true;
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

/*
 * Returns the line that p is in or, when p is at the start of one, the line
 * before it.
 */
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

/*
 * Move *p back towards start by n lines at most.  Returns by how many it was
 * moved.
 */
static uint64_t
back(const char *start, const char **p, uint64_t n)
{
	uint64_t done = 0;

	for (; done < n && *p > start; done++)
		*p = line_before(start, *p);
	return done;
}

/* Where the last n lines begin of those kept from earlier blocks. */
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

/* Where the part of the block begins that was not printed yet. */
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

/*
 * Print what comes before a selected line: a separator, and lines of context.
 */
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

/* Go over lines that are not selected, but may be context. */
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

/* Keep what stands from b on of the lines of earlier blocks, and no more. */
static void
drop_before(struct grep *g, const char *b)
{
	size_t n = (size_t)(b - g->before.p);

	g->before_offset += n;
	g->before_number += count_lines(g->before.p, b);
	g->before.len -= n;
	memmove(g->before.p, b, g->before.len);
}

/* Keep the block's last lines, as context for lines of the next block. */
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
		drop_before(g, b);
	}
	if (buf_add(&g->before, p, (size_t)(end - p)) < 0) {
		buf_clear(&g->before);
		g->out.failed = true;
	}
}

/* Count a line that PCRE2 gave up on, and remember the first. */
static void
note_limit(struct grep *g, const char *line)
{
	if (g->limits++ > 0)
		return;
	g->limit_number = g->options->numbers ?
	    g->number + count_lines(g->counted, line) : 0;
	g->limit_offset = g->offset + (uint64_t)(line - g->block.p);
	snprintf(g->limit_error, sizeof g->limit_error, "%s",
	    selector_error(g->state.selector));
}

static void
clear_pieces(struct pieces *pieces)
{
	buf_clear(&pieces->out);
	buf_clear(&pieces->list);
	pieces->n = 0;
}

static int
compare_offsets(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool
was_context(const struct grep *g, uint64_t offset)
{
	return g->context.len > 0 && bsearch(&offset, g->context.p,
	    g->context.len / sizeof offset, sizeof offset,
	    compare_offsets) != NULL;
}

/* Note which pieces were context in the block. */
static void
mark_pieces(struct grep *g)
{
	struct pieces *pieces = g->state.pieces;
	struct piece piece;

	for (int k = 0; k < 2 && g->context.len > 0; k++)
		for (uint64_t i = 0; i < pieces[k].n; i++) {
			char *at = pieces[k].list.p + i * sizeof piece;

			memcpy(&piece, at, sizeof piece);
			piece.was_context |= was_context(g, piece.offset);
			memcpy(at, &piece, sizeof piece);
		}
	buf_clear(&g->context);
}

/*
 * Keep the block's pieces of messages that go on in the next block; number is
 * that of its first line.
 */
static void
keep_pieces(struct grep *g, uint64_t number)
{
	struct grep to = *g;
	const char *at = g->block.p;
	struct pieces *pieces;
	struct piece piece;
	unsigned stream;
	struct span line;

	for (stream = 0; stream < 2; stream++)
		if (!selector_open(g->state.selector, stream))
			clear_pieces(&g->state.pieces[stream]);
	for (size_t i = 0; keeps_pieces(g->options) &&
	     selector_piece(g->state.selector, &i, &line, &stream); at = line.p) {
		if (g->options->numbers)
			number += count_lines(at, line.p);
		pieces = &g->state.pieces[stream];
		piece = (struct piece){ .offset = g->offset +
		    (uint64_t)(line.p - g->block.p) };
		to.out = pieces->out;
		print_line(&to, line, ':', number, piece.offset);
		pieces->out = to.out;
		pieces->shown = to.shown;
		piece.end = pieces->out.len;
		if (buf_add(&pieces->list, &piece, sizeof piece) == 0)
			pieces->n++;
		else
			g->out.failed = true;
	}
}

/* Text of earlier blocks was printed up to an offset: it is no context then. */
static void
note_shown(struct grep *g, uint64_t shown)
{
	if (shown <= g->shown)
		return;
	g->shown = shown;
	if (g->before.len > 0 && shown > g->before_offset)
		drop_before(g, g->before.p + (shown - g->before_offset));
}

/* Print the first n pieces, but for those that were printed as context. */
static void
print_pieces(struct grep *g, const struct pieces *pieces, uint64_t n)
{
	bool parted = g->grouped && grep_has_context(g->options);
	struct piece piece;
	size_t from = 0;

	g->grouped = true;
	for (uint64_t i = 0; i < n; i++, from = piece.end) {
		memcpy(&piece, pieces->list.p + i * sizeof piece, sizeof piece);
		if (piece.was_context || was_context(g, piece.offset))
			continue;
		if (parted && piece.offset != g->shown)
			grep_group_separator(g->options, &g->out);
		parted = false;
		buf_add(&g->out, pieces->out.p + from, piece.end - from);
	}
	g->out.failed |= pieces->out.failed | pieces->list.failed;
	note_shown(g, pieces->shown);
}

/* Select the pieces that a message has in earlier blocks. */
static void
take_pieces(struct grep *g, const struct pieces *pieces)
{
	const struct grep_options *o = g->options;
	uint64_t n = pieces->n < g->left ? pieces->n : g->left;

	if (n == 0)
		return;
	g->selected += n;
	g->left -= n;
	g->stopped = o->quiet || lists_names(o) ||
	    (g->left == 0 && g->pending == 0);
	if (!o->count && !o->quiet && !lists_names(o))
		print_pieces(g, pieces, n);
}

/* Take the lines before the next one that the selector found, and that line. */
static void
take(struct grep *g, const char *p, struct span found)
{
	const char *end = found.p + found.len;
	unsigned follows = selector_follows(g->state.selector);

	if (g->options->inverted) {
		select_lines(g, p, found.p);
		if (!g->stopped)
			pass_lines(g, found.p, end);
		return;
	}
	pass_lines(g, p, found.p);
	for (unsigned i = 0; i < 2; i++)
		if ((follows >> i & 1) != 0)
			take_pieces(g, &g->state.pieces[i]);
	if (found.len > 0 && g->left > 0)
		select_line(g, found);
}

static void
search_block(struct grep *g)
{
	const char *p = g->block.p, *end = p + g->block.len;
	struct span line;
	int r;

	for (; p < end && !g->stopped && g->left > 0; p = line.p + line.len) {
		r = selector_next(g->state.selector, span_of(p, (size_t)(end - p)),
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
	uint64_t number = g->number;

	g->block = block;
	g->counted = block.p;
	selector_block(g->state.selector, block);
	search_block(g);
	selector_block_end(g->state.selector);
	keep_before(g);
	keep_pieces(g, number);
	mark_pieces(g);
	g->out.failed |= selector_failed(g->state.selector);
	if (g->options->numbers)
		number_at(g, block.p + block.len);
	g->offset += block.len;
}

void
grep_undo(struct grep *g, const struct grep *before)
{
	struct buf out = g->out;
	struct buf context = g->context;
	struct grep_state state = g->state;

	out.len = before->out.len;
	*g = *before;
	g->out = out;
	g->context = context;
	g->state = state;
	for (int i = 0; i < 2; i++)
		clear_pieces(&g->state.pieces[i]);
}

void
grep_rename(struct grep *g, const char *name)
{
	g->name = name;
	buf_clear(&g->before);
	g->pending = 0;
	g->shown = 0;		/* no line to come follows it */
	g->stopped |= g->left == 0;
}

static void
free_pieces(struct grep_state *s)
{
	for (int i = 0; i < 2; i++) {
		buf_free(&s->pieces[i].out);
		buf_free(&s->pieces[i].list);
	}
}

void
grep_state_free(struct grep_state *s)
{
	selector_free(s->selector);
	free_pieces(s);
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
			g->unlisted = !o->nul_after_name &&
			    strchr(g->name, '\n') != NULL;
			if (g->unlisted)
				return;
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
	buf_clear(&old.context);
	clear_pieces(&old.state.pieces[0]);
	clear_pieces(&old.state.pieces[1]);
	old.state.selector = selector;
	*g = (struct grep){ .options = options, .state = old.state,
	    .name = name, .out = old.out, .before = old.before, .number = 1,
	    .left = options->max, .context = old.context };
}

void
grep_free(struct grep *g)
{
	buf_free(&g->before);
	buf_free(&g->out);
	buf_free(&g->context);
	free_pieces(&g->state);
}
