#include "match/word_set.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/bytes.h"

enum {
	ROOT = 0,
	ROWS_MAX = 16 << 20, /* bytes of rows, at which all rows are dropped */
};

/*
 * A node of the trie of all strings stands for the start of some of them.  The
 * children of a node are a list.
 */
struct node {
	uint32_t parent, child, sibling;	/* ROOT stands for none */
	uint32_t depth;		/* bytes from the root */
	unsigned char class;	/* the class of the byte that leads here */
	bool is_word;
};

/*
 * The facts about a node, found once the text has led to it; all are 0 until
 * then.
 */
struct link {
	uint32_t row;		/* the row of the node, plus 1 */
	/* The longest other node that the node ends with, plus 1. */
	uint32_t suffix;
	uint32_t shorter; /* the longest whole string that the node ends with */
};

struct word_set {
	struct node *nodes;
	size_t n, cap;
	/* Bytes that no string tells apart have one class. */
	unsigned char class[256];
	size_t classes; /* class 0 is for the bytes that occur in no string */
	/* Nodes of one and two bytes, by their classes; see near_of. */
	uint32_t *near;
	enum word_bounds bounds;
};

enum { ACCEPTS = 1u << 31, UNKNOWN = UINT32_MAX };

/*
 * An automaton is made of the trie as the text needs it: each node that was
 * reached has a row, in which a class leads to the next row.  The number of a
 * row is where it begins.
 */
struct word_search {
	const struct word_set *set;
	uint32_t *rows;		/* ACCEPTS is set where a string ends */
	size_t n, max;		/* entries in rows */
	uint32_t *nodes;	/* the node of each row */
	struct link *links;	/* the link of each node */
};

static unsigned char
lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static void
set_classes(struct word_set *set, struct span list, bool caseless)
{
	unsigned char c;

	set->classes = 1;
	for (size_t i = 0; i < list.len; i++) {
		c = (unsigned char)list.p[i];
		c = caseless ? lower(c) : c;
		if (c != '\n' && set->class[c] == 0)
			set->class[c] = (unsigned char)set->classes++;
	}
	for (c = 'A'; caseless && c <= 'Z'; c++)
		set->class[c] = set->class[lower(c)];
}

/*
 * Returns where the child of the root, or of one of its children, is kept; or
 * NULL.
 */
static uint32_t *
near_of(const struct word_set *set, uint32_t node, unsigned char class)
{
	const struct node *n = &set->nodes[node];

	return n->depth > 1 ? NULL : &set->near[n->class * set->classes +
	    class];	/* the root has class 0 */
}

static uint32_t
child_of(const struct word_set *set, uint32_t node, unsigned char class)
{
	const uint32_t *near = near_of(set, node, class);
	uint32_t c;

	if (near != NULL)
		return *near;
	for (c = set->nodes[node].child; c != ROOT &&
	    set->nodes[c].class != class; c = set->nodes[c].sibling)
		;
	return c;
}

/* Add a child.  Returns ROOT without memory. */
static uint32_t
add_child(struct word_set *set, uint32_t node, unsigned char class)
{
	struct node *grown;
	uint32_t *near;
	size_t cap = set->cap * 2 + 1024;

	if (set->n == set->cap) {
		if (cap >= ACCEPTS || (grown = realloc(set->nodes,
		    cap * sizeof *grown)) == NULL)
			return ROOT;
		set->nodes = grown;
		set->cap = cap;
	}
	set->nodes[set->n] = (struct node){ .parent = node, .class = class };
	if (set->n != ROOT) {
		set->nodes[set->n].sibling = set->nodes[node].child;
		set->nodes[set->n].depth = set->nodes[node].depth + 1;
		set->nodes[node].child = (uint32_t)set->n;
		if ((near = near_of(set, node, class)) != NULL)
			*near = (uint32_t)set->n;
	}
	return (uint32_t)set->n++;
}

static int
add_word(struct word_set *set, struct span word)
{
	uint32_t node = ROOT, next;
	unsigned char class;

	for (size_t i = 0; i < word.len; i++, node = next) {
		class = set->class[(unsigned char)word.p[i]];
		next = child_of(set, node, class);
		if (next == ROOT && (next = add_child(set, node, class)) ==
		    ROOT)
			return -1;
	}
	set->nodes[node].is_word = true;
	return 0;
}

struct word_set *
word_set_new(struct span list, bool caseless, enum word_bounds bounds)
{
	struct word_set *set = calloc(1, sizeof *set);
	const char *p = list.p, *end = p + list.len, *lf;

	if (set == NULL)
		return NULL;
	set->bounds = bounds;
	set_classes(set, list, caseless);
	set->near = calloc(set->classes * set->classes, sizeof *set->near);
	if (set->near != NULL)
		add_child(set, ROOT, 0);
	for (; set->n > 0 && p <= end; p = lf + 1) {
		lf = find_char(p, end, '\n');
		if (add_word(set, span_to(p, lf)) < 0)
			break;
	}
	if (p <= end) {
		word_set_free(set);
		errno = ENOMEM;
		return NULL;
	}
	return set;
}

void
word_set_free(struct word_set *set)
{
	if (set == NULL)
		return;
	free(set->near);
	free(set->nodes);
	free(set);
}

/*
 * Returns the node that a class leads to, from a node or from one of its
 * suffixes, which are known.
 */
static uint32_t
step(const struct word_search *s, uint32_t node, unsigned char class)
{
	uint32_t next;

	if (class == 0)
		return ROOT;
	while ((next = child_of(s->set, node, class)) == ROOT && node != ROOT)
		node = s->links[node].suffix - 1;
	return next;
}

/*
 * Find the suffix of a node, and the suffixes of that.  All suffixes of the
 * node's parent are known already.  Until the way back is done, shorter holds
 * the node that the way came from.
 */
static void
link_node(struct word_search *s, uint32_t node)
{
	const struct node *nodes = s->set->nodes;
	uint32_t from = ROOT, to;
	struct link *link;

	while ((link = &s->links[node])->suffix == 0) {
		to = nodes[node].parent == ROOT ? ROOT : step(s,
		    s->links[nodes[node].parent].suffix - 1,
		    nodes[node].class);
		link->suffix = to + 1;
		link->shorter = from;
		from = node;
		node = to;
	}
	for (; from != ROOT; from = to) {
		link = &s->links[from];
		to = link->shorter;
		node = link->suffix - 1;
		link->shorter = nodes[node].is_word ? node :
		    s->links[node].shorter;
	}
}

/* Returns the row of a node, which is made when the node has none. */
static uint32_t
row_of(struct word_search *s, uint32_t node)
{
	size_t classes = s->set->classes;
	uint32_t row;

	if (s->links[node].row > 0)
		return s->links[node].row - 1;
	row = (uint32_t)s->n;
	s->n += classes;
	memset(s->rows + row, 0xff, classes * sizeof *s->rows);
	s->nodes[row / classes] = node;
	s->links[node].row = row + 1;
	return row;
}

static void
forget_rows(struct word_search *s)
{
	for (size_t row = 0; row < s->n; row += s->set->classes)
		s->links[s->nodes[row / s->set->classes]].row = 0;
	s->n = 0;
	row_of(s, ROOT);
}

struct word_search *
word_search_new(const struct word_set *set)
{
	struct word_search *s = calloc(1, sizeof *s);
	size_t rows = ROWS_MAX / sizeof *s->rows / set->classes;

	if (s == NULL)
		return NULL;
	s->set = set;
	if (rows > set->n)	/* they are two at least, and so are rows */
		rows = set->n;
	s->max = rows * set->classes;
	s->rows = malloc(s->max * sizeof *s->rows);
	s->nodes = malloc(rows * sizeof *s->nodes);
	s->links = calloc(set->n, sizeof *s->links);
	if (s->rows == NULL || s->nodes == NULL || s->links == NULL) {
		word_search_free(s);
		return NULL;
	}
	s->links[ROOT].suffix = ROOT + 1;
	row_of(s, ROOT);
	return s;
}

void
word_search_free(struct word_search *s)
{
	if (s == NULL)
		return;
	free(s->rows);
	free(s->nodes);
	free(s->links);
	free(s);
}

/* Finds where a class leads to from a row, for the first time. */
static uint32_t
fill(struct word_search *s, uint32_t row, unsigned char class)
{
	const struct word_set *set = s->set;
	uint32_t node = step(s, s->nodes[row / set->classes], class), to;
	bool forgotten = false;

	link_node(s, node);
	if (s->links[node].row == 0 && s->n + set->classes > s->max) {
		forget_rows(s);
		forgotten = true;
	}
	to = row_of(s, node);
	if (set->nodes[node].is_word || s->links[node].shorter != ROOT)
		to |= ACCEPTS;
	if (!forgotten)
		s->rows[row + class] = to;
	return to;
}

static inline bool
is_word_byte(char c)
{
	return is_letter(c) || is_digit(c) || c == '_';
}

/* Whether an occurrence that ends at end counts. */
static bool
is_bounded(enum word_bounds bounds, struct span text, const char *start,
    const char *end)
{
	const char *last = text.p + text.len;

	switch (bounds) {
	case BOUNDS_WORD:
		return (start == text.p || !is_word_byte(start[-1])) &&
		    (end == last || !is_word_byte(*end));
	case BOUNDS_LINE:
		return (start == text.p || start[-1] == '\n') &&
		    (end == last || *end == '\n');
	default:
		return true;
	}
}

/*
 * Returns the length of the longest string that counts, of those that end at
 * end, where the automaton is in row; or 0.
 */
static size_t
longest_at(const struct word_search *s, uint32_t row, struct span text,
    const char *end)
{
	const struct node *nodes = s->set->nodes;
	uint32_t node = s->nodes[row / s->set->classes];

	if (!nodes[node].is_word)
		node = s->links[node].shorter;
	for (; node != ROOT; node = s->links[node].shorter)
		if (is_bounded(s->set->bounds, text, end - nodes[node].depth,
		    end))
			return nodes[node].depth;
	return 0;
}

const char *
word_search_next(struct word_search *s, struct span text)
{
	const unsigned char *class = s->set->class;
	const char *end = text.p + text.len;
	uint32_t row = 0, next;
	unsigned char c;

	for (const char *p = text.p; p < end; p++) {
		c = class[(unsigned char)*p];
		next = s->rows[row + c];
		if (next >= ACCEPTS) {
			if (next == UNKNOWN)
				next = fill(s, row, c);
			if ((next & ACCEPTS) != 0) {
				next &= ~(uint32_t)ACCEPTS;
				if (s->set->bounds == BOUNDS_NONE ||
				    longest_at(s, next, text, p + 1) > 0)
					return p + 1;
			}
		}
		row = next;
	}
	return NULL;
}

bool
word_search_leftmost(struct word_search *s, struct span line, size_t from,
    struct span *match)
{
	const char *p = line.p + from, *end = line.p + line.len;
	const char *start = NULL;
	uint32_t row = 0, next;
	unsigned char c;
	size_t n;

	for (; p < end; p++) {
		c = s->set->class[(unsigned char)*p];
		next = s->rows[row + c];
		if (next == UNKNOWN)
			next = fill(s, row, c);
		row = next & ~(uint32_t)ACCEPTS;
		/* What is read now begins after the best one: it is final. */
		if (start != NULL && p + 1 - start > (ptrdiff_t)s->set->nodes[
		    s->nodes[row / s->set->classes]].depth)
			break;
		if ((next & ACCEPTS) != 0 && (n = longest_at(s, row, line,
		    p + 1)) > 0 && (start == NULL ||
		    p + 1 - (ptrdiff_t)n <= start)) {
			start = p + 1 - n;
			*match = span_of(start, n);
		}
	}
	return start != NULL;
}
