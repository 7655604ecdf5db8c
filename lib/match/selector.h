/*
 * selector - which lines of a log are wanted: by pattern, status, field and time
 */
#ifndef MATCH_SELECTOR_H
#define MATCH_SELECTOR_H

#include "match/pattern.h"
#include "record/timestamp.h"

/*
 * A line must meet all criteria that are given; without any, every line is
 * selected.
 */
struct criteria {
	const struct pattern *pattern;	/* or NULL */
	bool server_errors;
	char *const *where; /* conditions, see condition.h; ends with NULL */
	/* The time from which lines are wanted; or NULL. */
	const struct timestamp *since;
	/* The time before which lines are wanted; or NULL. */
	const struct timestamp *until;
	/* The zone of stamps that name none; or NULL. */
	const struct zone *zone;
};

struct selector; /* for one thread; the criteria must outlive it */

/*
 * Returns NULL, with the reason in error, when a condition is wrong or memory
 * is short.
 */
struct selector *selector_new(const struct criteria *c, struct buf *error);
void selector_free(struct selector *s);

/* Whether blocks may change while they are searched. */
bool selector_bears_change(const struct selector *s);

/* Begin a new input; near is its mtime or ZONE_NOW, as for a scanner. */
void selector_input(struct selector *s, int64_t near);

/*
 * Begin a block of whole lines.  The block before has been searched to its end,
 * or its rest does not matter.
 */
void selector_block(struct selector *s, struct span block);

/*
 * Find the first wanted line in rest, the end of the block; *line is with its
 * LF. Returns 1; 0 for none; -1 when PCRE2 gave up on *line.
 */
int selector_next(struct selector *s, struct span rest, struct span *line);

/* Remember the time of the block's last line, before the block is freed. */
void selector_block_end(struct selector *s);

/*
 * Whether any line so far had a time.  Where that matters, enough lines are
 * looked at.
 */
bool selector_has_time(const struct selector *s);

/*
 * Whether lines to come depend on those before, so that another input which
 * comes in between needs a selector of its own.
 */
bool selector_carries(const struct selector *s);

/*
 * A message that a container's runtime cut may have pieces in several blocks.
 * Whether one of stdout (0) or stderr (1) that began before this block goes on;
 * once a block is searched, its pieces of messages that have not ended, one by
 * one, *i from 0, if a pattern matches them; and the sum of 1 and 2 as the line
 * found last is the first here of a message of stdout, stderr that has pieces
 * in earlier blocks.  A pattern alone sees no messages, but lines.
 */
bool selector_open(const struct selector *s, unsigned stream);
bool selector_piece(struct selector *s, size_t *i, struct span *line,
    unsigned *stream);
unsigned selector_follows(const struct selector *s);

/* The rule by which it is an error. */
const char *selector_rule(struct selector *s);
const char *selector_error(const struct selector *s); /* the reason, after -1 */
/* Whether memory was short since the last call: lines may be missing. */
bool selector_failed(struct selector *s);
/* NULL when there is no pattern. */
struct matcher *selector_matcher(struct selector *s);

/*
 * Read a time that a user gives: a time in any form, a date, epoch seconds, an
 * age (10m), now, today, yesterday.  Where it names no zone, it is in that of
 * z.  Returns 0, or -1 for none of these.
 */
int select_time(const char *s, struct zone *z, struct timestamp *t);
#define SELECT_TIMES "2021-06-29T10:05:03Z, 2021-06-29, 1624961103, 10m, " \
	"today, yesterday"

#endif
