/*
 * stamp - names of rotated logs: NAME.1, NAME-20210629, NAME-STAMP, NAME-STAMP.1,
 * each of them perhaps with .gz or the like behind it
 *
 * A format is strftime's, with %s for the epoch and %N for nanoseconds.  Only
 * conversions that can be told again in a name are allowed, and no slash.
 */
#ifndef STAMP_H
#define STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "buf.h"

/* NULL, or what is wrong with the format. */
const char *stamp_check(const char *format);

/* Add the stamp of a time; 0, or -1 with errno. */
int stamp_print(struct buf *b, const char *format, struct timespec when,
    bool local);

/* A file's name without its folder, split.  Lengths count from its start. */
struct log_name {
	size_t base;		/* the live log's name */
	size_t stem;		/* what a new stamp is put behind */
	size_t whole;		/* all but .gz */
	bool stamped, rotated, packed;
};

/*
 * own: the stamp of the file's own mtime, which always counts as one; NULL when
 * not known.  A suffix of digits is a stamp by the look of the format, but the
 * dates of logrotate's dateext (20210629, 2021062910) are none.
 */
struct log_name log_name_split(const char *name, const char *format,
    const char *own);

#endif
