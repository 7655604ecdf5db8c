/*
 * required - what every match of a pattern must hold
 *
 * The pattern is one that PCRE2 compiles.  Where it has syntax that is not
 * understood here nothing is said about it.
 */
#ifndef REQUIRED_H
#define REQUIRED_H

#include "buf.h"
#include "shape.h"

enum { NEEDS_MAX = 4, NEED_SHAPES_MAX = 64 };

/* A match of the pattern, within a line, holds one of these shapes. */
struct need {
	struct shape *shapes;
	size_t n;
	bool exact;		/* and what is one of them is a match, */
	bool at_start, at_end;	/* if it stands there in the line */
	bool front;		/* a match begins with it */
	double bits;		/* how rare it is thought to be */
};

/* Up to NEEDS_MAX needs, each by itself; how many.  0 if there are none. */
size_t required_find(struct need needs[NEEDS_MAX], struct span pattern,
    bool caseless);

/* What a match of a or of b needs, into a; -1 if that is too much. */
int need_or(struct need *a, const struct need *b);

void need_free(struct need *n);

#endif
