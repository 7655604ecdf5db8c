/*
 * named_groups - the named groups of a PCRE2 pattern, matched on bytes
 */
#ifndef FORMAT_NAMED_GROUPS_H
#define FORMAT_NAMED_GROUPS_H

#include "base/buf.h"

struct named_groups;
struct named_groups_found;	/* memory for one match in one thread */

/* Returns NULL with *why the reason, or "" for ENOMEM. */
struct named_groups *named_groups_new(const char *pattern, struct buf *why);
void named_groups_free(struct named_groups *g);

struct named_groups_found *named_groups_found_new(
    void); /* for any pattern; NULL with errno ENOMEM */
void named_groups_found_free(struct named_groups_found *f);

/*
 * Returns 1 when the pattern matches somewhere in text, 0 when not, -1 when the
 * match took more than PCRE2's limits allow, -2 without memory.
 */
int named_groups_match(const struct named_groups *g,
    struct named_groups_found *f, struct span text);
/* Finds the i-th name and its match in text.  Returns false after the last. */
bool named_groups_get(const struct named_groups *g,
    const struct named_groups_found *f, unsigned i, struct span text,
    struct span *name, struct span *value);

#endif
