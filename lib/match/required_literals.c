#include "match/required_literals.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { DEEPEST = 50, DIGITS = 10 };	/* how deep groups may nest; \1 to \9 */

struct parser {
	const char *p, *end;
	bool caseless;
	int depth;
	bool failed; /* the syntax is not understood, or memory is short */
	/* It has \G: a match depends on where the search starts. */
	bool from_here;
	unsigned groups;	/* how many groups capture */
	/* What the first of them hold; length 0 when not known. */
	struct shape captured[DIGITS];
};

/* The facts known about a part of a pattern. */
struct node {
	bool fixed;		/* the part is run, neither more nor less */
	bool at_start, at_end;	/* run has ^ before it, $ after it */
	/* The bytes in a row that the part is, or ends with. */
	struct shape run;
	bool moved;		/* some text may stand before run */
	struct need needs[NEEDS_MAX];
	size_t n;
};

static void parse_alternatives(struct parser *ps, struct node *node);

/* How rare a byte of the set is in a log, in bits. */
static double
set_bits(const uint64_t set[4])
{
	double p = 0;

	for (int b = 0; b < 256; b++)
		if (set_has(set, (unsigned char)b))
			p += islower(b) || isdigit(b) || b == ' ' ? 0.025 :
			    isalpha(b) || ispunct(b) ? 0.004 : 0.0001;
	return p < 1 ? -log2(p) : 0;
}

static double
shape_bits(const struct shape *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->len; i++)
		sum += set_bits(s->set[i]);
	return sum;
}

void
need_free(struct need *n)
{
	free(n->shapes);
	*n = (struct need){ 0 };
}

static void
node_free(struct node *node)
{
	while (node->n > 0)
		need_free(&node->needs[--node->n]);
}

/* Keep a need, if it is among the best, and take over its memory. */
static void
node_add(struct node *node, struct need need)
{
	size_t i = node->n;

	if (node->n == NEEDS_MAX) {
		if (need.bits <= node->needs[--i].bits) {
			need_free(&need);
			return;
		}
		need_free(&node->needs[i]);
	} else {
		node->n++;
	}
	for (; i > 0 && node->needs[i - 1].bits < need.bits; i--)
		node->needs[i] = node->needs[i - 1];
	node->needs[i] = need;
}

/* Make a need of the run, and begin a new run. */
static void
end_run(struct parser *ps, struct node *node, bool exact)
{
	struct need need = { .n = 1, .exact = exact, .front = !node->moved };

	if (node->run.len > 0) {
		if ((need.shapes = malloc(sizeof *need.shapes)) == NULL) {
			ps->failed = true;
			return;
		}
		*need.shapes = node->run;
		need.at_start = exact && node->at_start;
		need.at_end = exact && node->at_end;
		need.bits = shape_bits(&node->run);
		node_add(node, need);
		node->moved = true;
	}
	node->run.len = 0;
}

static void
add_set(struct parser *ps, struct node *node, const uint64_t set[4])
{
	if (node->run.len == SHAPE_MAX) {
		end_run(ps, node, false);
		node->fixed = false;
	}
	memcpy(node->run.set[node->run.len++], set, 4 * sizeof *set);
}

int
need_or(struct need *a, const struct need *b)
{
	struct shape *p;

	if (a->n + b->n > NEED_SHAPES_MAX ||
	    (p = realloc(a->shapes, (a->n + b->n) * sizeof *p)) == NULL)
		return -1;
	memcpy(p + a->n, b->shapes, b->n * sizeof *p);
	a->shapes = p;
	a->n += b->n;
	a->exact &= b->exact && !a->at_start && !a->at_end && !b->at_start &&
	    !b->at_end;
	a->at_start = a->at_end = false;
	a->front = false;	/* shapes are not found in order */
	a->bits = (a->bits < b->bits ? a->bits : b->bits) - 0.5;
	return 0;
}

static void
add_byte(uint64_t set[4], char c)
{
	unsigned char b = (unsigned char)c;

	set[b >> 6] |= UINT64_C(1) << (b & 63);
}

/* Ask PCRE2 which bytes an atom (a character, class or escape) can be. */
static void
set_of(struct parser *ps, struct span atom, uint64_t set[4])
{
	uint32_t options = ps->caseless ? PCRE2_CASELESS : 0;
	uint32_t length = 0;
	pcre2_match_data *data;
	pcre2_code *code;
	PCRE2_SIZE at;
	int e;

	memset(set, 0, 4 * sizeof *set);
	if (atom.len == 1 && *atom.p != '.') {
		add_byte(set, *atom.p);
		if (ps->caseless && isalpha((unsigned char)*atom.p))
			add_byte(set, (char)(*atom.p ^ 0x20));
		return;
	}
	data = pcre2_match_data_create(1, NULL);
	code = pcre2_compile((PCRE2_SPTR)atom.p, atom.len,
	    options | PCRE2_ANCHORED | PCRE2_NEVER_UTF, &e, &at, NULL);
	pcre2_pattern_info(code, PCRE2_INFO_MINLENGTH, &length);
	if (data == NULL || length != 1)	/* of no code it stays 0 */
		ps->failed = true;
	for (int b = 0; b < 256 && !ps->failed; b++) {
		unsigned char c = (unsigned char)b;

		if (b != '\n' && pcre2_match(code, &c, 1, 0, 0, data, NULL) > 0)
			add_byte(set, (char)b);
	}
	pcre2_code_free(code);
	pcre2_match_data_free(data);
}

/* Returns where the bracket expression at p ends. */
static const char *
end_of_class(struct parser *ps)
{
	const char *p = ps->p + 1, *first;

	if (p < ps->end && *p == '^')
		p++;
	for (first = p; p < ps->end && (*p != ']' || p == first); p++) {
		if (*p == '\\') {
			if (++p < ps->end && strchr("cQEoNpPx", *p) != NULL)
				break;
		} else if (*p == '[' && p + 1 < ps->end && p[1] == ':') {
			for (p += 2; p < ps->end && *p != ']'; p++)
				;
		}
	}
	if (p >= ps->end || *p != ']') {
		ps->failed = true;
		return ps->end;
	}
	return p + 1;
}

/*
 * Read an escape, set *end after it, and return whether it stands for one byte
 * of the text.
 */
static bool
is_byte_escape(struct parser *ps, const char **end)
{
	const char *p = ps->p + 1;
	unsigned char c = p < ps->end ? (unsigned char)*p : 0;

	*end = p + 1;
	if (c == 'x') {
		for (int i = 0; i < 2 && *end < ps->end &&
		    isxdigit((unsigned char)**end); i++)
			++*end;
		ps->failed |= *end == p + 1;
		return true;
	}
	if (c == '\0' || c == 'N' || (isalnum(c) &&
	    strchr("dDsSwWhHvVtnrfeabBAzZGRXK123456789", c) == NULL))
		ps->failed = true;
	if (c >= '1' && c <= '9')
		ps->failed |= *end < ps->end && isdigit((unsigned char)**end);
	return !isalnum(c) || strchr("dDsSwWhHvVtnrfea", c) != NULL;
}

static unsigned
number(struct parser *ps)
{
	unsigned n = 0;

	while (ps->p < ps->end && isdigit((unsigned char)*ps->p) && n < 100000)
		n = n * 10 + (unsigned)(*ps->p++ - '0');
	return n;
}

/* Read {n}, {n,} or {n,m} at p. */
static void
parse_braces(struct parser *ps, unsigned *min, unsigned *max)
{
	const char *start = ++ps->p;

	*min = *max = number(ps);
	if (ps->p > start && ps->p < ps->end && *ps->p == ',') {
		start = ++ps->p;
		*max = number(ps);
		if (ps->p == start)
			*max = UINT32_MAX;
		start = ps->p - 1;
	}
	if (ps->p == start || ps->p == ps->end || *ps->p != '}')
		ps->failed = true;
	else
		ps->p++;
}

/* Read how often the atom before p may occur. */
static void
parse_quantifier(struct parser *ps, unsigned *min, unsigned *max)
{
	*min = *max = 1;
	if (ps->p == ps->end)
		return;
	switch (*ps->p) {
	case '*': *min = 0; *max = UINT32_MAX; ps->p++; break;
	case '+': *max = UINT32_MAX; ps->p++; break;
	case '?': *min = 0; ps->p++; break;
	case '{': parse_braces(ps, min, max); break;
	default: return;
	}
	if (ps->p < ps->end && (*ps->p == '?' || *ps->p == '+'))
		ps->p++;	/* a lazy or possessive quantifier */
}

/*
 * Read what follows the "(" of a group.  Returns whether the group is part of
 * the text that matches, not just a look at it.
 */
static bool
parse_group_start(struct parser *ps)
{
	static const struct {
		const char *start;
		bool consumes, named, caseless;
	} kinds[] = {
		{ "?:", true, false, false }, { "?i:", true, false, true },
		{ "?>", true, false, false }, { "?=", false, false, false },
		{ "?!", false, false, false }, { "?<=", false, false, false },
		{ "?<!", false, false, false }, { "?P<", true, true, false },
		{ "?<", true, true, false },
	};
	size_t n;

	if (ps->p == ps->end || (*ps->p != '?' && *ps->p != '*')) {
		ps->groups++;
		return true;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		n = strlen(kinds[i].start);
		if ((size_t)(ps->end - ps->p) < n ||
		    memcmp(ps->p, kinds[i].start, n) != 0)
			continue;
		ps->p += n;
		if (kinds[i].named) {
			ps->p = memchr(ps->p, '>', (size_t)(ps->end - ps->p));
			if (ps->p == NULL)
				break;
			ps->p++;
			ps->groups++;
		}
		ps->caseless |= kinds[i].caseless;
		return kinds[i].consumes;
	}
	ps->failed = true;
	ps->p = ps->end;
	return true;
}

/* Read a group after its "(".  Returns false when it is no part of the text. */
static bool
parse_group(struct parser *ps, struct node *group)
{
	bool caseless = ps->caseless, consumes;
	unsigned number = ps->groups + 1;

	if (ps->p + 2 < ps->end && memcmp(ps->p, "?i)", 3) == 0) {
		ps->p += 3; /* it holds for the rest of the group around */
		ps->caseless = true;
		return false;
	}
	consumes = parse_group_start(ps);
	if (ps->groups < number)
		number = DIGITS;
	if (++ps->depth > DEEPEST)
		ps->failed = true;
	if (!ps->failed)
		parse_alternatives(ps, group);
	ps->depth--;
	if (ps->p == ps->end || *ps->p != ')')
		ps->failed = true;
	else
		ps->p++;
	if (number < DIGITS && group->fixed)
		ps->captured[number] = group->run;
	ps->caseless = caseless;
	return consumes;
}

/* Append a group that comes at least once, at most max times. */
static void
add_group(struct parser *ps, struct node *node, struct node *group,
    unsigned min, unsigned max)
{
	if (group->fixed && !group->at_start && !group->at_end &&
	    group->run.len > 0 && min == 1 && max == 1 &&
	    node->run.len + group->run.len <= SHAPE_MAX) {
		for (size_t i = 0; i < group->run.len; i++)
			add_set(ps, node, group->run.set[i]);
		return;
	}
	end_run(ps, node, false);
	node->fixed = false;
	for (size_t i = 0; i < group->n && min > 0; i++) {
		group->needs[i].exact &= min == 1 && max == 1 &&
		    !group->at_start && !group->at_end;
		group->needs[i].front &= !node->moved;
		node_add(node, group->needs[i]);
		group->needs[i] = (struct need){ 0 };
	}
	node->moved = true;
}

/* Append a run, min to max times. */
static void
add_run(struct parser *ps, struct node *node, const struct shape *run,
    unsigned min, unsigned max)
{
	for (unsigned i = 0; i < min && i < SHAPE_MAX && !ps->failed; i++)
		for (size_t k = 0; k < run->len; k++)
			add_set(ps, node, run->set[k]);
	if (min != max || min > SHAPE_MAX) {
		end_run(ps, node, false);
		node->fixed = false;
		node->moved = true;
	}
}

/* Append a byte of the text, min to max times. */
static void
add_atom(struct parser *ps, struct node *node, struct span atom, unsigned min,
    unsigned max)
{
	struct shape run = { .len = 1 };

	set_of(ps, atom, run.set[0]);
	add_run(ps, node, &run, min, max);
}

/* The text of the group that \c refers to; NULL when it is not known. */
static const struct shape *
referred(const struct parser *ps, char c)
{
	const struct shape *run;

	if (c < '1' || c > '9' || ps->caseless)
		return NULL;
	run = &ps->captured[c - '0'];
	return run->len > 0 ? run : NULL;
}

/*
 * Append or skip an atom that is not one byte: an anchor, or a back reference.
 */
static void
add_other(struct parser *ps, struct node *node, char c, unsigned min,
    unsigned max)
{
	bool once = min == 1 && max == 1;
	const struct shape *run = referred(ps, c);

	ps->from_here |= c == 'G';
	if (c == '^' && once && node->run.len == 0 && node->n == 0)
		node->at_start = true;
	else if (c == '$' && once)
		node->at_end = true;
	else
		node->fixed = false;
	if (run != NULL) {
		add_run(ps, node, run, min, max);
	} else if (strchr("bBAzZGK^$", c) == NULL) {
		end_run(ps, node, false);
		node->moved = true;
	}
}

/* Read one atom with its quantifier. */
static void
parse_atom(struct parser *ps, struct node *node)
{
	const char *start = ps->p, *end = start + 1;
	struct node group = { 0 };
	bool is_byte = true, consumes = true;
	unsigned min, max;
	char c = *start;

	if (c == '(') {
		ps->p++;
		consumes = parse_group(ps, &group);
	} else {
		if (c == '[')
			end = end_of_class(ps);
		else if (c == '\\')
			is_byte = is_byte_escape(ps, &end);
		else
			is_byte = c != '^' && c != '$';
		if (c == '{' || c == '*' || c == '+' || c == '?')
			ps->failed = true;
		ps->p = end <= ps->end ? end : ps->end;
	}
	parse_quantifier(ps, &min, &max);
	if (node->at_end)	/* text after a $ can't be in a line */
		node->fixed = false;
	if (ps->failed)
		;
	else if (c == '(' && consumes)
		add_group(ps, node, &group, min, max);
	else if (c == '(')
		node->fixed = false;
	else if (is_byte)
		add_atom(ps, node, span_of(start, (size_t)(end - start)), min,
		    max);
	else
		add_other(ps, node, c == '\\' ? start[1] : c, min, max);
	node_free(&group);
}

/* Read atoms up to | or ) or the end. */
static void
parse_sequence(struct parser *ps, struct node *node)
{
	struct shape run;
	size_t atoms = 0;

	node->fixed = true;
	for (; ps->p < ps->end && *ps->p != '|' && *ps->p != ')' && !ps->failed;
	    atoms++)
		parse_atom(ps, node);
	for (size_t i = 0; i < node->n && atoms > 1; i++)
		node->needs[i].exact = false;
	run = node->run;
	end_run(ps, node, node->fixed);
	node->run = run;
}

/* Merge the sets of two runs of one byte. */
static bool
merge_bytes(struct node *a, const struct node *b)
{
	if (!a->fixed || !b->fixed || a->run.len != 1 || b->run.len != 1 ||
	    a->at_start || a->at_end || b->at_start || b->at_end)
		return false;
	for (int i = 0; i < 4; i++)
		a->run.set[0][i] |= b->run.set[0][i];
	/* As a run that is fixed it is the only need. */
	a->needs[0].shapes[0] = a->run;
	a->needs[0].bits = shape_bits(&a->run);
	return true;
}

static void
parse_alternatives(struct parser *ps, struct node *node)
{
	struct node other;

	parse_sequence(ps, node);
	while (!ps->failed && ps->p < ps->end && *ps->p == '|') {
		ps->p++;
		other = (struct node){ 0 };
		parse_sequence(ps, &other);
		if (!ps->failed && !merge_bytes(node, &other)) {
			node->fixed = false;
			while (node->n > 1)
				need_free(&node->needs[--node->n]);
			if (other.n == 0 || node->n == 0 ||
			    need_or(&node->needs[0], &other.needs[0]) < 0)
				node_free(node);
		}
		node_free(&other);
	}
}

size_t
required_find(struct need needs[NEEDS_MAX], struct span pattern, bool caseless)
{
	struct parser ps = { .p = pattern.p, .caseless = caseless };
	struct node node = { 0 };

	if (pattern.len == 0 || (pattern.len >= 2 &&
	    memcmp(pattern.p, "(*", 2) == 0))
		return 0;
	ps.end = pattern.p + pattern.len;
	parse_alternatives(&ps, &node);
	if (ps.failed || ps.p != ps.end)
		node_free(&node);
	for (size_t i = 0; i < node.n; i++)
		node.needs[i].front &= !ps.from_here;
	memcpy(needs, node.needs, sizeof node.needs);
	return node.n;
}
