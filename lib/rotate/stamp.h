/*
 * stamp - the time in a rotated log's name
 *
 * A format is strftime's, with %s for the epoch and %N for nanoseconds.  Only
 * conversions that can be read back from a name are allowed, and no slash.
 */
#ifndef ROTATE_STAMP_H
#define ROTATE_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/buf.h"

/* Returns NULL, or what is wrong with the format. */
const char *stamp_check(const char *format);

/* Add the stamp of a time.  Returns 0, or -1 with errno. */
int stamp_print(struct buf *b, const char *format, struct timespec when,
    bool local);

/*
 * Whether all bytes from s to end can have been printed by the format.  Digits
 * that could be a date (see below) are not taken as an epoch: logrotate's
 * dateext writes them, and as an epoch they are later than 2033.
 */
bool stamp_matches(const char *format, const char *s, const char *end);

/*
 * Whether these n digits are YYYYMMDD, perhaps with HH, MM or SS added, of this
 * century.
 */
bool stamp_is_date(const char *s, size_t n);

#endif
