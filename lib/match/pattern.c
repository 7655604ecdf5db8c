#include "match/pattern.h"

#include "base/bytes.h"
#include "match/required_literals.h"
#include "match/word_set.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
	JIT_STACK_FIRST = 32 << 10,
	JIT_STACK_MAX = 8 << 20,
	ERROR_SIZE = 128,
	SAMPLE = 16 << 10,	/* how many bytes finders are measured on */
	/* A measurement is good for so many times as much text. */
	SAMPLE_LASTS = 4096,
	MANY = 32, /* from so many strings on they are a word_set */
};

struct pattern {
	size_t n;
	pcre2_code **each;
	/* A pattern that finds what any of them finds; or NULL. */
	pcre2_code *any;
	bool jit;		/* any was compiled to machine code */
	struct need needs[NEEDS_MAX];
	size_t n_needs;
	bool with_lf;		/* the first need has the line's LF in it */
	/* For many strings; then nothing above is used. */
	struct word_set *words;
	bool has_empty;		/* one of the strings is empty */
};

struct matcher {
	const struct pattern *pattern;
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	struct finder *finders[NEEDS_MAX];	/* one for each of the needs */
	size_t best;		/* the finder to use; NEEDS_MAX for none */
	size_t tuned;		/* how many more bytes best is good for */
	struct word_search *words;	/* the search for many strings */
	struct buf line; /* a copy, as a block may be a file that changes */
	char error[ERROR_SIZE];
};

/* Add a pattern of the list as an expression. */
static void
add_bare(struct buf *b, struct span s, int flags)
{
	for (size_t i = 0; i < s.len; i++) {
		if (flags & PATTERN_FIXED && !isalnum((unsigned char)s.p[i]))
			buf_addc(b, '\\');
		buf_addc(b, s.p[i]);
	}
}

/* The same, with the expression around it that the flags ask for. */
static int
add_expression(struct buf *b, struct span s, int flags)
{
	const char *before = "", *after = "";

	if (flags & PATTERN_LINE)
		before = "^(?:", after = ")$";
	else if (flags & PATTERN_WORD)
		before = "(?<!\\w)(?:", after = ")(?!\\w)";
	buf_adds(b, before);
	add_bare(b, s, flags);
	buf_adds(b, after);
	return b->failed ? -1 : 0;
}

/* Compile an expression.  Returns NULL with error set on failure. */
static pcre2_code *
compile(struct span expr, int flags, struct buf *error)
{
	uint32_t options = PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF;
	char why[ERROR_SIZE];
	pcre2_compile_context *context;
	pcre2_code *code;
	PCRE2_SIZE at;
	int e;

	if ((context = pcre2_compile_context_create(NULL)) == NULL)
		return NULL;
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	if (flags & PATTERN_CASELESS)
		options |= PCRE2_CASELESS;
	code = pcre2_compile((PCRE2_SPTR)expr.p, expr.len, options, &e, &at,
	    context);
	pcre2_compile_context_free(context);
	if (code == NULL) {
		pcre2_get_error_message(e, (PCRE2_UCHAR *)why, sizeof why);
		buf_printf(error, "%s, at byte %zu of %.*s", why, (size_t)at,
		    (int)(expr.len < 200 ? expr.len : 200), expr.p);
	}
	return code;
}

/*
 * Whether s means the same as a part of a larger expression: nothing in it
 * counts groups, or reaches beyond its own end.
 */
static bool
can_be_joined(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		unsigned char next = i + 1 < s.len ?
		    (unsigned char)s.p[i + 1] : 0;

		if (c == '#' || (c == '(' && (next == '*' || next == '?')))
			return false;
		if (c == '\\') {
			if (isdigit(next) || strchr("QEgkKG", next) != NULL)
				return false;
			i++;
		}
	}
	return true;
}

/*
 * Compile the alternation of all patterns in the list, if they can be joined.
 */
static pcre2_code *
join(struct span list, int flags)
{
	struct buf b = { 0 }, ignored = { 0 };
	pcre2_code *code = NULL;
	const char *lf;

	if (!(flags & PATTERN_FIXED) && !can_be_joined(list))
		return NULL;
	for (;; list = span_of(lf + 1, list.len - (size_t)(lf + 1 - list.p))) {
		lf = memchr(list.p, '\n', list.len);
		buf_adds(&b, "(?:");
		add_expression(&b, span_of(list.p, lf != NULL ?
		    (size_t)(lf - list.p) : list.len), flags);
		buf_addc(&b, ')');
		if (lf == NULL)
			break;
		buf_addc(&b, '|');
	}
	if (!b.failed)
		code = compile(buf_span(&b), flags, &ignored);
	buf_free(&b);
	buf_free(&ignored);
	return code;
}

/*
 * Find the needs of one more pattern: a match of any pattern so far holds one
 * of them.
 */
static void
add_needs(struct pattern *p, struct span s, int flags)
{
	struct need needs[NEEDS_MAX] = { 0 };
	struct buf b = { 0 };
	size_t n;

	add_bare(&b, s, flags);
	n = b.failed ? 0 : required_find(needs, buf_span(&b),
	    flags & PATTERN_CASELESS);
	buf_free(&b);
	for (size_t i = 0; i < n; i++) {
		needs[i].exact &= !(flags & PATTERN_WORD) &&
		    (!(flags & PATTERN_LINE) || needs[i].n == 1);
		if (flags & PATTERN_LINE)
			needs[i].at_start = needs[i].at_end = true;
	}
	if (p->n == 0) {
		memcpy(p->needs, needs, sizeof needs);
		p->n_needs = n;
		return;
	}
	while (p->n_needs > 1)
		need_free(&p->needs[--p->n_needs]);
	if (p->n_needs > 0 && (n == 0 ||
	    need_or(&p->needs[0], &needs[0]) < 0))
		need_free(&p->needs[--p->n_needs]);
	for (size_t i = 0; i < n; i++)
		need_free(&needs[i]);
}

static int
add_pattern(struct pattern *p, struct span s, int flags, struct buf *error)
{
	struct buf b = { 0 };
	pcre2_code **each, *code = NULL;

	if ((each = realloc(p->each, (p->n + 1) * sizeof *each)) == NULL)
		return -1;
	p->each = each;
	if (add_expression(&b, s, flags) == 0)
		code = compile(span_of(b.len > 0 ? b.p : "", b.len), flags,
		    error);
	buf_free(&b);
	if (code == NULL)
		return -1;
	add_needs(p, s, flags);
	p->each[p->n++] = code;
	return 0;
}

/*
 * A match at a line's end is found faster with the LF after it.  A last line
 * that has no LF is then looked at by itself.
 */
static void
add_lf(struct pattern *p)
{
	struct need *need = &p->needs[0];
	struct shape *s = need->shapes;

	if (p->n_needs == 0 || !need->exact || !need->at_end ||
	    s->len == SHAPE_MAX)
		return;
	memset(s->set[s->len], 0, sizeof s->set[0]);
	s->set[s->len++]['\n' >> 6] = UINT64_C(1) << ('\n' & 63);
	need->at_end = false;
	p->with_lf = true;
}

/* Returns list without its empty lines, in memory of b. */
static struct span
without_empty(struct span list, struct buf *b)
{
	const char *p = list.p, *end = p + list.len, *lf;

	for (; p <= end; p = lf + 1) {
		lf = find_char(p, end, '\n');
		if (lf > p && b->len > 0)
			buf_addc(b, '\n');
		buf_add(b, p, (size_t)(lf - p));
	}
	return buf_span(b);
}

/* Whether a list of several lines has an empty one. */
static bool
has_empty_line(struct span list)
{
	return *list.p == '\n' ||
	    list.p[list.len - 1] == '\n' ||
	    memmem(list.p, list.len, "\n\n", 2) != NULL;
}

/*
 * Make a set of many strings.  An empty string matches at once, unless it has
 * to be a word or a line; such lists are left to PCRE2.  Returns 1, 0 when the
 * list is no such set, or -1 without memory.
 */
static int
make_set(struct pattern *p, struct span list, int flags)
{
	struct buf b = { 0 };
	enum word_bounds bounds = flags & PATTERN_LINE ? BOUNDS_LINE :
	    flags & PATTERN_WORD ? BOUNDS_WORD : BOUNDS_NONE;

	if (!(flags & PATTERN_FIXED) || list.p == NULL ||
	    count_byte(list.p, list.len, '\n') + 1 < MANY)
		return 0;
	p->has_empty = has_empty_line(list);
	if (p->has_empty && bounds != BOUNDS_NONE)
		return 0;
	if (p->has_empty)
		list = without_empty(list, &b);
	if (!b.failed && list.len > 0)
		p->words = word_set_new(list, flags & PATTERN_CASELESS,
		    bounds);
	buf_free(&b);
	return p->words != NULL ? 1 : list.len == 0 ? 0 : -1;
}

struct pattern *
pattern_new(struct span list, int flags, struct buf *error)
{
	struct pattern *p;
	struct span rest = list;
	const char *lf;
	int set;

	if ((p = calloc(1, sizeof *p)) == NULL ||
	    (set = make_set(p, list, flags)) < 0)
		goto no_memory;
	if (set > 0)
		return p;
	while (rest.p != NULL) {
		lf = memchr(rest.p, '\n', rest.len);
		if (add_pattern(p, span_of(rest.p, lf != NULL ?
		    (size_t)(lf - rest.p) : rest.len), flags, error) < 0)
			goto no_memory;
		rest = lf == NULL ? (struct span){ 0 } :
		    span_of(lf + 1, rest.len - (size_t)(lf + 1 - rest.p));
	}
	add_lf(p);
	if (p->n == 1)
		p->any = p->each[0];
	else if (p->n > 1)
		p->any = join(list, flags);
	if (p->any != NULL) /* without JIT one large pattern is only slower */
		p->jit = pcre2_jit_compile(p->any, PCRE2_JIT_COMPLETE) == 0;
	else
		for (size_t i = 0; i < p->n; i++)
			pcre2_jit_compile(p->each[i], PCRE2_JIT_COMPLETE);
	return p;
no_memory:
	if (error->len == 0)
		buf_adds(error, strerror(ENOMEM));
	pattern_free(p);
	return NULL;
}

void
pattern_free(struct pattern *p)
{
	if (p == NULL)
		return;
	word_set_free(p->words);
	if (p->n > 1)
		pcre2_code_free(p->any);
	for (size_t i = 0; i < p->n; i++)
		pcre2_code_free(p->each[i]);
	for (size_t i = 0; i < p->n_needs; i++)
		need_free(&p->needs[i]);
	free(p->each);
	free(p);
}

struct matcher *
matcher_new(const struct pattern *p)
{
	struct matcher *m;

	if ((m = calloc(1, sizeof *m)) == NULL)
		return NULL;
	m->pattern = p;
	if (p->words != NULL && (m->words = word_search_new(p->words)) == NULL)
		goto fail;
	m->data = pcre2_match_data_create(1, NULL);
	m->context = pcre2_match_context_create(NULL);
	m->stack = pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK_MAX, NULL);
	m->best = NEEDS_MAX;
	for (size_t i = 0; i < p->n_needs; i++) {
		m->finders[i] = finder_new(p->needs[i].shapes, p->needs[i].n);
		if (m->finders[i] == NULL)
			goto fail;
	}
	if (m->data == NULL || m->context == NULL)
		goto fail;
	if (m->stack != NULL)
		pcre2_jit_stack_assign(m->context, NULL, m->stack);
	return m;
fail:
	matcher_free(m);
	return NULL;
}

void
matcher_free(struct matcher *m)
{
	if (m == NULL)
		return;
	word_search_free(m->words);
	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->context);
	pcre2_jit_stack_free(m->stack);
	for (size_t i = 0; i < NEEDS_MAX; i++)
		finder_free(m->finders[i]);
	buf_free(&m->line);
	free(m);
}

/* Make one search.  Returns 1 and *match, 0 or -1. */
static int
search(struct matcher *m, const pcre2_code *code, struct span text, size_t from,
    struct span *match)
{
	const PCRE2_SIZE *at;
	int r;

	if (code == m->pattern->any && m->pattern->jit)
		r = pcre2_jit_match(code, (PCRE2_SPTR)text.p, text.len, from, 0,
		    m->data, m->context);
	else
		r = pcre2_match(code, (PCRE2_SPTR)text.p, text.len, from, 0,
		    m->data, m->context);
	if (r == PCRE2_ERROR_NOMATCH)
		return 0;
	if (r < 0) {
		pcre2_get_error_message(r, (PCRE2_UCHAR *)m->error,
		    sizeof m->error);
		return -1;
	}
	at = pcre2_get_ovector_pointer(m->data);
	/* \K inside a lookaround can put the end before the start. */
	*match = span_of(text.p + at[0], at[1] > at[0] ? at[1] - at[0] : 0);
	return 1;
}

int
matcher_find(struct matcher *m, struct span line, size_t from,
    struct span *match)
{
	struct span s;
	int r, result = 0;

	if (m->words != NULL) {
		if (word_search_leftmost(m->words, line, from, match))
			return 1;
		*match = span_of(line.p + from, 0);
		return m->pattern->has_empty;
	}
	for (size_t i = 0; i < m->pattern->n; i++) {
		r = search(m, m->pattern->each[i], line, from, &s);
		if (r < 0)
			return -1;
		if (r > 0 && (result == 0 || s.p < match->p ||
		    (s.p == match->p && s.len > match->len))) {
			*match = s;
			result = 1;
		}
	}
	return result;
}

/*
 * As matcher_find, but only tells whether there is a match that starts at or
 * after from.  The line is in a block.
 */
static int
matches(struct matcher *m, struct span line, size_t from)
{
	struct span match;

	buf_clear(&m->line);
	if (buf_addspan(&m->line, line) < 0 || buf_str(&m->line) == NULL) {
		snprintf(m->error, sizeof m->error, "%s", strerror(ENOMEM));
		return -1;
	}
	line = buf_span(&m->line);
	if (m->pattern->any != NULL)
		return search(m, m->pattern->any, line, from, &match);
	return matcher_find(m, line, from, &match);
}

/* Returns the line in block that at is in, without its LF. */
static struct span
line_around(struct span block, const char *at)
{
	const char *lf = memrchr(block.p, '\n', (size_t)(at - block.p));
	const char *start = lf != NULL ? lf + 1 : block.p;

	lf = memchr(at, '\n', (size_t)(block.p + block.len - at));
	return span_of(start, lf != NULL ? (size_t)(lf - start) :
	    block.len - (size_t)(start - block.p));
}

/*
 * How many bytes of the sample are left for PCRE2 to search, with the finder.
 */
static size_t
bytes_left(const struct finder *f, bool front, struct span sample)
{
	const char *end = sample.p + sample.len, *p = sample.p, *at;
	struct span line;
	size_t n = 0;

	while (p < end && (at = finder_next(f, p, end)) < end) {
		line = line_around(span_of(p, (size_t)(end - p)), at);
		n += line.len - (front ? (size_t)(at - line.p) : 0);
		p = line.p + line.len + 1;
	}
	return n;
}

/*
 * Measure which finder leaves the least text to search, on the text to search
 * next.
 */
static void
tune(struct matcher *m, struct span block)
{
	struct span sample = block;
	size_t least, n;

	if (sample.len > SAMPLE)
		sample.len = SAMPLE;
	/* A finder that leaves more is no help. */
	least = sample.len - sample.len / 8;
	m->best = NEEDS_MAX;
	for (size_t i = 0; i < m->pattern->n_needs; i++) {
		finder_tune(m->finders[i], sample.p, sample.p + sample.len);
		n = bytes_left(m->finders[i], m->pattern->needs[i].front,
		    sample);
		if (m->pattern->needs[i].exact || n < least) {
			m->best = i;
			least = n;
		}
	}
	m->tuned = sample.len * SAMPLE_LASTS;
}

/* Find the next line by a search of every line. */
static int
next_of_all(struct matcher *m, struct span block, struct span *line)
{
	const char *end = block.p + block.len;
	int r;

	for (const char *p = block.p; p < end; p += line->len + 1) {
		*line = line_around(span_of(p, (size_t)(end - p)), p);
		if ((r = matches(m, *line, 0)) != 0)
			return r;
	}
	return 0;
}

/* Whether the text at the place found for an exact need is a match. */
static bool
is_match(const struct need *need, struct span block, const char *at)
{
	const char *end = at + need->shapes[0].len;

	return (!need->at_start || at == block.p || at[-1] == '\n') &&
	    (!need->at_end || end == block.p + block.len || *end == '\n');
}

/* Find the next line among those that hold what a match needs. */
static int
next_found(struct matcher *m, struct span block, struct span *line)
{
	const struct finder *f = m->finders[m->best];
	const struct need *need = &m->pattern->needs[m->best];
	const char *last = block.p + block.len, *end = last, *p = block.p, *at;
	int r;

	if (m->pattern->with_lf && end[-1] != '\n') {
		at = memrchr(p, '\n', (size_t)(end - p));
		end = at != NULL ? at + 1 : p;
	}
	while (p < end && (at = finder_next(f, p, end)) < end) {
		p = at + 1;
		if (need->exact && !is_match(need, block, at))
			continue;
		*line = line_around(block, at);
		if (need->exact)
			return 1;
		if ((r = matches(m, *line, need->front ?
		    (size_t)(at - line->p) : 0)) != 0)
			return r;
		p = line->p + line->len + 1;
		block = span_of(p, p < end ? (size_t)(end - p) : 0);
	}
	if (end == last)
		return 0;
	*line = span_of(end, (size_t)(last - end));
	return matches(m, *line, 0);
}

/* Find the next line that holds any of many strings. */
static int
next_word(struct matcher *m, struct span block, struct span *line)
{
	const char *at = m->pattern->has_empty ? block.p + 1 :
	    word_search_next(m->words, block);

	if (at == NULL)
		return 0;
	*line = line_around(block, at - 1);
	return 1;
}

/* Find the next line in the way that the text suggests. */
static int
next_line(struct matcher *m, struct span block, struct span *line)
{
	size_t done;
	int r;

	if (m->tuned == 0)
		tune(m, block);
	r = m->best < NEEDS_MAX ? next_found(m, block, line) :
	    next_of_all(m, block, line);
	done = r != 0 ? (size_t)(line->p + line->len - block.p) : block.len;
	m->tuned -= done < m->tuned ? done : m->tuned;
	return r;
}

int
matcher_next(struct matcher *m, struct span block, struct span *line)
{
	int r = m->words != NULL ? next_word(m, block, line) :
	    next_line(m, block, line);

	if (r != 0 && line->p + line->len < block.p + block.len)
		line->len++;	/* adds its LF */
	return r;
}

const char *
matcher_error(struct matcher *m)
{
	return m->error;
}
