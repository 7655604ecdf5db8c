/*
 * status_scan - places in a text that may be an HTTP status from 500 to 599
 */
#ifndef MATCH_STATUS_SCAN_H
#define MATCH_STATUS_SCAN_H

/*
 * Returns the first '5' at or after p that begins a number of three digits,
 * with no digit after it and, before it, p's start, a blank, a control
 * character, ! " ( : or =, or a / when a blank follows it; or the first # after
 * an LF.  Returns end for none.
 */
const char *status_scan(const char *p, const char *end);

/*
 * The functions that can do it on this machine, for a test: the best first,
 * NULL at the end.
 */
typedef const char *status_scan_fn(const char *p, const char *end);
status_scan_fn *const *status_scan_ways(void);

#endif
