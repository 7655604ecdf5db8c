/*
 * known_times - finds the time of a record whose key is none of the usual names
 */
#ifndef FORMAT_KNOWN_TIMES_H
#define FORMAT_KNOWN_TIMES_H

#include "format/format.h"

/*
 * Called when all fields of the innermost layer are there, and none of them was
 * read as its time.  The field that holds the time becomes timestamp.  Returns
 * false when there is none.
 */
bool known_time(struct scan *s);

#endif
