/*
 * pattern - regular expressions on bytes (PCRE2), line by line
 */
#ifndef MATCH_PATTERN_H
#define MATCH_PATTERN_H

#include "base/buf.h"

enum {
	PATTERN_CASELESS = 1,
	PATTERN_LINE = 2,	/* must match a whole line */
	PATTERN_WORD = 4,	/* no word character beside the match */
	PATTERN_FIXED = 8,	/* strings, not expressions */
};

struct pattern;			/* any number of threads may use one at once */

/*
 * Compile a list of patterns, one to a line; an empty list (p NULL) matches no
 * line.  NULL, and error says which pattern is wrong, or that memory is short.
 */
struct pattern *pattern_new(struct span list, int flags, struct buf *error);
void pattern_free(struct pattern *p);

/*
 * The state that a thread needs to search with a pattern, which must outlive
 * it.
 */
struct matcher;

struct matcher *matcher_new(const struct pattern *p);	/* NULL: ENOMEM */
void matcher_free(struct matcher *m);

/*
 * Find the leftmost match that starts at or after from in a line (which has no
 * LF); of several patterns that start there, the longest.  Returns 1 and
 * *match; 0 for none; -1 when PCRE2 gave up, see matcher_error.
 */
int matcher_find(struct matcher *m, struct span line, size_t from,
    struct span *match);

/*
 * Find the first line in block, whole lines with their LFs, that holds a match;
 * *line is with its LF.  Returns 1; 0 for none; -1 when PCRE2 gave up on *line.
 * The block may change meanwhile, as a file does that others write to.
 */
int matcher_next(struct matcher *m, struct span block, struct span *line);

/* The text lasts until the next call. */
const char *matcher_error(struct matcher *m);

#endif
