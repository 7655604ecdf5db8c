/*
 * condition_index - many sets of conditions, and which of them hold for a record
 *
 * Sets are grouped by the fields that they ask to be equal to a value, and each
 * group is a table of hashes of these values: a record costs as much as there
 * are groups, and conditions to be looked at in the sets that are met, however
 * many sets there are.
 */
#ifndef MATCH_CONDITION_INDEX_H
#define MATCH_CONDITION_INDEX_H

#include "match/condition.h"

struct condition_index;			/* for one thread at a time */
struct condition_set;

struct condition_index *condition_index_new(void);	/* NULL: ENOMEM */
/* Sets that are still in it are freed, too. */
void condition_index_free(struct condition_index *ix);

/*
 * Make a set of the conditions in where, which ends with NULL; what is the
 * caller's.  A set without conditions always holds.  Returns NULL, with the
 * reason in error.
 */
struct condition_set *condition_set_new(char *const *where, void *what,
    struct buf *error);
void condition_set_free(struct condition_set *s);	/* not in an index */

/* Returns 0, or -1 with errno ENOMEM.  The set is in no other index. */
int condition_index_add(struct condition_index *ix, struct condition_set *s);
void condition_index_remove(struct condition_index *ix,
    struct condition_set *s);		/* s is in ix */

/* Whether all sets are without conditions: then no record is needed. */
bool condition_index_is_trivial(const struct condition_index *ix);

/*
 * Call found for each set that holds; with r NULL only those without conditions
 * do.  A condition at which PCRE2 gave up does not hold.
 */
void condition_index_find(struct condition_index *ix, struct record *r,
    void (*found)(void *arg, void *what), void *arg);

#endif
