/*
 * where - conditions on the fields of a record: status>=500, path~^/api
 *
 * Operators are = != < <= > >= ~ !~ (a pattern that matches, or does not);
 * field alone: it is there; !field: it is not.  Any other test of a field that
 * is missing fails.  Two numbers, or durations (1.5s, 20ms), compare as such,
 * anything else as bytes.
 */
#ifndef WHERE_H
#define WHERE_H

#include "record.h"

struct where;			/* for one thread */

struct where *where_new(const char *expr, struct buf *error);	/* or NULL */
void where_free(struct where *w);

/* 1 it holds, 0 it does not, -1 PCRE2 gave up, see where_error. */
int where_holds(struct where *w, struct record *r);
const char *where_error(struct where *w);

#endif
