/*
 * groups - the named groups of a PCRE2 pattern, matched on bytes
 */
#ifndef GROUPS_H
#define GROUPS_H

#include "buf.h"

struct groups;
struct groups_found;	/* room for one match, for one thread */

/* NULL with *why the reason, or "" for ENOMEM. */
struct groups *groups_new(const char *pattern, struct buf *why);
void groups_free(struct groups *g);

struct groups_found *groups_found_new(void);	/* for any; NULL: ENOMEM */
void groups_found_free(struct groups_found *f);

/*
 * 1 when the pattern matches somewhere in text, 0 when not, -1 when that took
 * more than PCRE2's limits allow.
 */
int groups_match(const struct groups *g, struct groups_found *f,
    struct span text);
/* The i-th name and what it stands for in text; false behind the last. */
bool groups_get(const struct groups *g, const struct groups_found *f,
    unsigned i, struct span text, struct span *name, struct span *value);

#endif
