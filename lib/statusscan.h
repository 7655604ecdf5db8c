/*
 * statusscan - places in a text that may be an HTTP status from 500 to 599
 */
#ifndef STATUSSCAN_H
#define STATUSSCAN_H

/*
 * The first '5' at or after p that begins a number of three digits, with no
 * digit behind it and, before it, p's start, a blank, a control character,
 * ! " : or =; or the first # behind an LF.  end for none.
 */
const char *status_scan(const char *p, const char *end);

/* The ways it can be done here, for a test: the best first, NULL at the end. */
typedef const char *status_scan_fn(const char *p, const char *end);
status_scan_fn *const *status_scan_ways(void);

#endif
