/*
 * colors - parts of a line in color on a terminal, as GREP_COLORS says
 */
#ifndef COLORS_H
#define COLORS_H

#include "buf.h"

enum color {
	COLOR_MATCH, COLOR_CONTEXT_MATCH, COLOR_LINE, COLOR_CONTEXT, COLOR_NAME,
	COLOR_LINE_NUMBER, COLOR_OFFSET, COLOR_SEPARATOR, COLORS
};

/* { 0 } is no colors at all. */
struct colors {
	struct span sgr[COLORS];	/* "01;31"; empty for none */
	bool reverse;		/* -v: lines and context change places */
	bool no_erase;		/* leave out the "erase to the line's end" */
};

/* grep's own colors, changed by spec (in grep's syntax, kept) or NULL. */
void colors_on(struct colors *c, const char *spec);

static inline bool
colors_has(const struct colors *c, enum color which)
{
	return c->sgr[which].len > 0;
}

/* Add text in a color; empty text brings no color. */
void colors_add(struct buf *b, const struct colors *c, enum color which,
    struct span text);

#endif
