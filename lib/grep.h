/*
 * grep - one input as grep(1) shows it: selected lines, context, counts
 *
 * Nothing is written: what is to be printed is added to out, where the caller
 * takes it from.
 */
#ifndef GREP_H
#define GREP_H

#include "colors.h"
#include "select.h"

struct grep_options {
	bool inverted;			/* select the lines not wanted */
	bool only_matching, numbers, offsets, names, nul_after_name;
	bool explain;			/* print the rule of a server error */
	bool count, quiet, list_with, list_without;	/* instead of lines */
	uint64_t max;			/* lines to select, at most */
	uint64_t before, after;		/* context; UINT64_MAX: not wanted */
	struct colors colors;
};

/* One input being searched.  Begin with { 0 } and grep_begin. */
struct grep {
	const struct grep_options *options;
	struct selector *selector;
	const char *name;	/* of the input, kept */
	struct buf out;
	bool grouped;		/* a first group of lines is in out */
	bool stopped;		/* no more blocks are wanted */
	uint64_t selected;	/* lines, */
	uint64_t left;		/* that may still be selected, */
	uint64_t last;		/* and the offset behind the last of them */
	uint64_t limits;	/* lines that PCRE2 gave up on; the first: */
	uint64_t limit_number, limit_offset;	/* number 0: not counted */
	char limit_error[128];

	/* the rest is grep's own */
	struct span block;
	uint64_t offset;	/* of the block in the input */
	const char *counted;	/* in the block: the start of a line, */
	uint64_t number;	/* which has this number */
	uint64_t shown;		/* offset behind what was printed last */
	struct buf before;	/* lines of earlier blocks, for context */
	uint64_t before_offset, before_number;
	uint64_t pending;	/* lines of context still to come */
};

/* An input begins; out and other memory of the last one is used again. */
void grep_begin(struct grep *g, const struct grep_options *options,
    struct selector *selector, const char *name);
void grep_free(struct grep *g);

/* The blocks to come are of another file, which has no context in the last. */
void grep_rename(struct grep *g, const char *name);

void grep_block(struct grep *g, struct span block);	/* of whole lines */
/*
 * Take back the last block; before is a copy of g from just before it.  Not
 * with context, which outlives its block.
 */
void grep_undo(struct grep *g, const struct grep *before);
void grep_result(struct grep *g);	/* at the end: counts and names */

/* What parts groups of lines, when context is wanted. */
bool grep_has_context(const struct grep_options *o);
void grep_group_separator(const struct grep_options *o, struct buf *b);

#endif
