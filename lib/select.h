/*
 * select - which lines of a log are wanted: by pattern, status, field and time
 */
#ifndef SELECT_H
#define SELECT_H

#include "pattern.h"
#include "timestamp.h"

/* All that is given must hold; nothing given is every line. */
struct criteria {
	const struct pattern *pattern;	/* or NULL */
	bool server_errors;
	char *const *where;	/* conditions, see where.h; ends with NULL */
	const struct timestamp *since;	/* from then on; or NULL */
	const struct timestamp *until;	/* before then; or NULL */
};

struct selector;		/* for one thread; the criteria outlive it */

/* NULL: *error says why, a condition is wrong or memory is short. */
struct selector *selector_new(const struct criteria *c, struct buf *error);
void selector_free(struct selector *s);

/* Whether blocks may change while they are searched. */
bool selector_bears_change(const struct selector *s);

/* A new input begins; near is its mtime, for stamps without a year. */
void selector_input(struct selector *s, int64_t near);

/*
 * A block of whole lines begins.  All of the one before has been searched, or
 * does not matter.
 */
void selector_block(struct selector *s, struct span block);

/*
 * Find the first line wanted in rest, the end of the block; *line is with its
 * LF.  1; 0 for none; -1 when PCRE2 gave up on *line.
 */
int selector_next(struct selector *s, struct span rest, struct span *line);

/* The block's lines are about to go: remember the time of the last. */
void selector_block_end(struct selector *s);

const char *selector_rule(const struct selector *s);	/* of the error */
const char *selector_error(const struct selector *s);	/* after -1 */
struct matcher *selector_matcher(struct selector *s);	/* NULL: no pattern */

/*
 * When s says: RFC 3339, a date, epoch seconds, an age (10m), now, today,
 * yesterday.  0, or -1 for none of these.
 */
int select_time(const char *s, struct timestamp *t);

#endif
