/*
 * word_set - many fixed strings, looked for all at once (Aho and Corasick, 1975)
 *
 * The time to search is linear in the text, however many strings there are.
 */
#ifndef MATCH_WORD_SET_H
#define MATCH_WORD_SET_H

#include "base/buf.h"

/* Where an occurrence counts. */
enum word_bounds {
	BOUNDS_NONE,
	BOUNDS_WORD,		/* it has no letter, digit or _ beside it */
	BOUNDS_LINE,		/* it must be a whole line */
};

struct word_set;		/* any number of threads may use one at once */

/*
 * Make a set of the strings in list, one to a line; with caseless, ASCII
 * letters match in either case.  None may be empty.  Returns NULL with errno
 * ENOMEM.
 */
struct word_set *word_set_new(struct span list, bool caseless,
    enum word_bounds bounds);
void word_set_free(struct word_set *set);

/* The state that a thread needs to search for a set, which must outlive it. */
struct word_search;

struct word_search *word_search_new(const struct word_set *set); /* or NULL */
void word_search_free(struct word_search *s);

/*
 * Find the occurrence in text, which is whole lines, that ends first.  Returns
 * the place after it, or NULL for none.
 */
const char *word_search_next(struct word_search *s, struct span text);

/*
 * Find the leftmost occurrence in a line at or after from; of several that
 * begin there, the longest.
 */
bool word_search_leftmost(struct word_search *s, struct span line, size_t from,
    struct span *match);

#endif
