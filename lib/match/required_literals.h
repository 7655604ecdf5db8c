/*
 * required_literals - what every match of a pattern must hold
 *
 * The pattern is one that PCRE2 compiles.  When it has syntax that is not
 * understood here, no needs are found.
 */
#ifndef MATCH_REQUIRED_LITERALS_H
#define MATCH_REQUIRED_LITERALS_H

#include "base/buf.h"
#include "match/literal_finder.h"

enum { NEEDS_MAX = 4, NEED_SHAPES_MAX = 64 };

/* A match of the pattern, within a line, holds one of these shapes. */
struct need {
	struct shape *shapes;
	size_t n;
	bool exact; /* a text that is one of the shapes is a match */
	bool at_start, at_end;	/* but must stand at the line's start or end */
	bool front;		/* a match begins with the shape */
	double bits;		/* how rare the shapes are thought to be */
};

/*
 * Find up to NEEDS_MAX needs, each of which holds by itself.  Returns how many
 * there are; 0 for none.
 */
size_t required_find(struct need needs[NEEDS_MAX], struct span pattern,
    bool caseless);

/*
 * Make a the need of a match of a or of b.  Returns -1 if that has too many
 * shapes.
 */
int need_or(struct need *a, const struct need *b);

void need_free(struct need *n);

#endif
