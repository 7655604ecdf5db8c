/*
 * colors - parts of a line in color on a terminal, as GREP_COLORS says
 */
#ifndef MATCH_COLORS_H
#define MATCH_COLORS_H

#include "base/buf.h"

enum color {
	COLOR_MATCH, COLOR_CONTEXT_MATCH, COLOR_LINE, COLOR_CONTEXT, COLOR_NAME,
	COLOR_LINE_NUMBER, COLOR_OFFSET, COLOR_SEPARATOR, COLORS
};

/* { 0 } stands for no colors at all. */
struct colors {
	struct span sgr[COLORS];	/* such as "01;31"; empty for none */
	bool reverse;		/* with -v: lines and context change places */
	bool no_erase;		/* leave out the "erase to the line's end" */
};

/*
 * Set grep's own colors, changed by spec, which is in grep's syntax and kept,
 * or NULL.
 */
void colors_on(struct colors *c, const char *spec);

static inline bool
colors_has(const struct colors *c, enum color which)
{
	return c->sgr[which].len > 0;
}

/* Add text in a color; empty text is added without a color. */
void colors_add(struct buf *b, const struct colors *c, enum color which,
    struct span text);

#endif
