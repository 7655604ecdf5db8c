/*
 * grep - one input as grep(1) shows it: selected lines, context, counts
 *
 * Nothing is written: the text to print is added to out, where the caller takes
 * it from.
 */
#ifndef MATCH_GREP_H
#define MATCH_GREP_H

#include "match/colors.h"
#include "match/selector.h"

struct grep_options {
	bool inverted;			/* select the lines that do not match */
	bool only_matching, numbers, offsets, names, nul_after_name;
	bool to_terminal;		/* show control characters in names */
	bool explain;			/* print the rule of a server error */
	/* What is printed instead of lines. */
	bool count, quiet, list_with, list_without;
	uint64_t max;			/* the most lines to select */
	/* Lines of context; UINT64_MAX when not wanted. */
	uint64_t before, after;
	struct colors colors;
};

/* The pieces of a message that are kept till it ends; see below. */
struct pieces {
	struct buf out;		/* as they will be printed if it is selected */
	struct buf list;	/* struct piece */
	uint64_t n;
	uint64_t shown;		/* the offset after the last */
};

/* What goes on from block to block of a file; begin with a selector. */
struct grep_state {
	struct selector *selector;
	/* Those of stdout and stderr that were in earlier blocks. */
	struct pieces pieces[2];
};

/* One input that is searched.  Begin with { 0 } and grep_begin. */
struct grep {
	const struct grep_options *options;
	struct grep_state state; /* the selector is the caller's */
	const char *name;	/* the name of the input, kept */
	struct buf out;
	bool grouped;		/* a first group of lines is in out */
	bool stopped;		/* no more blocks are wanted */
	bool unlisted;		/* its name cannot stand in a list of names */
	uint64_t selected;	/* how many lines were selected */
	uint64_t left;		/* how many may still be selected */
	uint64_t last;		/* the offset after the last selected line */
	uint64_t limits;	/* how many lines PCRE2 gave up on */
	/*
	 * Where the first of them is; number is 0 when lines were not counted.
	 */
	uint64_t limit_number, limit_offset;
	char limit_error[128];

	/* The members below are for grep.c only. */
	struct span block;
	uint64_t offset;	/* the offset of the block in the input */
	const char *counted;	/* a line in the block whose number is known */
	uint64_t number;	/* the number of that line */
	uint64_t shown;		/* the offset after the text printed last */
	struct buf before;	/* lines of earlier blocks, for context */
	uint64_t before_offset, before_number;
	uint64_t pending;	/* lines of context still to come */
	struct buf context;	/* offsets of lines printed as such for a block */
};

/* Begin an input. out and other memory of the last one is used again. */
void grep_begin(struct grep *g, const struct grep_options *options,
    struct selector *selector, const char *name);
void grep_free(struct grep *g);

/*
 * Say that the blocks to come are of another file: they hold no context for
 * lines of the last one, nor it for theirs.
 */
void grep_rename(struct grep *g, const char *name);
void grep_state_free(struct grep_state *s);	/* also the selector */

void grep_block(struct grep *g, struct span block);	/* of whole lines */
/*
 * Take back the last block; before is a copy of g from just before it.  Not
 * with context, which outlives its block.
 */
void grep_undo(struct grep *g, const struct grep *before);
void grep_result(struct grep *g);	/* at the end: counts and names */

/* The text that stands between groups of lines, when context is wanted. */
bool grep_has_context(const struct grep_options *o);
void grep_group_separator(const struct grep_options *o, struct buf *b);

#endif
