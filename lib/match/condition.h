/*
 * condition - conditions on the fields of a record: status>=500, path~^/api
 *
 * Operators are = != < <= > >= ~ !~ (a pattern that matches, or does not).  A
 * field alone means that the record has it, and !field that it does not.  Any
 * other test of a field that is missing fails.  Two numbers, or durations
 * (1.5s, 20ms), compare as such, anything else as bytes.
 */
#ifndef MATCH_CONDITION_H
#define MATCH_CONDITION_H

#include <stdint.h>

#include "record/record.h"

struct condition;			/* for one thread at a time */

struct condition *condition_new(
    const char *expr, struct buf *error); /* returns NULL, with error */
void condition_free(struct condition *w);

/*
 * Returns 1 when it holds, 0 when it does not, -1 when PCRE2 gave up: see
 * condition_error.
 */
int condition_holds(struct condition *w, struct record *r);
const char *condition_error(struct condition *w);

/*
 * Whether it is field=value, for a field that is in the record itself.  Then it
 * can only hold when the hash of the field's value is the one that is given,
 * and it still may not: compare with condition_holds.
 */
bool condition_is_equality(const struct condition *w, struct span *field,
    uint64_t *hash);
uint64_t condition_hash(struct span value);

#endif
