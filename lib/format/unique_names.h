/*
 * unique_names - renames fields, so that no record has a name twice
 */
#ifndef FORMAT_UNIQUE_NAMES_H
#define FORMAT_UNIQUE_NAMES_H

#include "record/record.h"

/*
 * Make the names of the innermost layer's fields, from number first on, unique:
 * the second field of a name gets _2 after it, the third _3, and so do fields
 * with a name that only logferry gives to a record: format, envelope and
 * error.  The n fields in kept keep their names in any case.
 */
void unique_names(struct record *r, size_t first, const size_t *kept,
    size_t n);
/* The same for all fields of the innermost layer; none is kept. */
void unique_names_of_layer(struct record *r);

#endif
