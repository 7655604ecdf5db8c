/*
 * waiting_lines - lines that wait for the end of their message
 *
 * A container's runtime cuts long messages into pieces, a line each.  Whether
 * these are wanted is known with the last one; until then they, and the lines
 * between them, can't be given out.  All lines are of one block.
 */
#ifndef MATCH_WAITING_LINES_H
#define MATCH_WAITING_LINES_H

#include "base/buf.h"

struct scanner;

/* Begin with { 0 }. */
struct waiting_lines {
	struct waiting *lines; /* in their order; */
	size_t n, cap, given;	/* so many of the n were given out */
	/* The last pieces of stdout and stderr, counted from 1; or 0. */
	size_t pieces[2];
	bool open[2];	/* a message goes on that began in an earlier block */
	bool at_end;		/* all lines of the block were read; */
	size_t left;		/* so many of them waited then */
	bool failed;		/* see waiting_failed */
};

void waiting_free(struct waiting_lines *w);

/* Begin a block, with what the scanner has of the messages before it. */
void waiting_block(struct waiting_lines *w, const struct scanner *s);

/* Note how much is held back of each stream, before a line is scanned. */
void waiting_before(const struct scanner *s, size_t held[2]);

/*
 * Whether the line that was just scanned, while so much was held of each
 * stream, is a piece, or ends a message in pieces.
 */
bool waiting_concerns(const struct scanner *s, const size_t held[2]);

/*
 * Let the line, which is with its LF, wait; it must concern a message in
 * pieces, or other lines wait.  verdict is 1 when it is selected, 0 when not, -1
 * when that could not be decided; if it ends a message, this is the verdict on
 * its pieces, too.  format is that of its record.  Returns false without memory.
 */
bool waiting_add(struct waiting_lines *w, const struct scanner *s,
    const size_t held[2], struct span line, int verdict, struct span format);

/* Whether waiting_add failed since the last call. */
bool waiting_failed(struct waiting_lines *w);

/* All lines of the block were read. */
void waiting_end(struct waiting_lines *w);

/* A line that no longer waits. */
struct given {
	struct span line;
	int verdict;		/* 1, or -1 */
	/*
	 * 1, 2: it is the first line here of a message of stdout, stderr that
	 * has pieces in earlier blocks; else 0.
	 */
	unsigned follows;
	const char *format;	/* until the next line is added */
};

/* Give out the next line that is not rejected; false when there is none. */
bool waiting_give(struct waiting_lines *w, struct given *g);
/* Whether any line waits. */
static inline bool
waiting_any(const struct waiting_lines *w)
{
	return w->n > 0;
}

/*
 * After waiting_end: gives the pieces of messages that have not ended, one by
 * one, *i from 0.  Returns false after the last.
 */
bool waiting_piece(const struct waiting_lines *w, size_t *i, struct span *line,
    unsigned *stream);

#endif
