/*
 * line_time - the time of a line, found before its record is read where that is
 * safe
 *
 *	if (!line_time(l, s, line, &t)) {
 *		scan_line(s, line, &r);
 *		line_time_learn(l, s, line, &r);
 *		... r.has_when, r.when ...
 *	}
 *
 * It knows the lines of access logs, alone or in the envelope of syslog, whose
 * head it has learned from a line before.  For a scanner that recognises all
 * formats.
 */
#ifndef FORMAT_LINE_TIME_H
#define FORMAT_LINE_TIME_H

#include "format/scanner.h"

struct line_times;

struct line_times *line_times_new(void); /* NULL: ENOMEM */
void line_times_free(struct line_times *l);

/*
 * Find the time that scan_line would find.  Returns false when only that can
 * tell.  A line of which it returns true changes nothing for later lines.
 */
bool line_time(struct line_times *l, const struct scanner *s,
    struct span line, struct timestamp *t);
void line_time_learn(struct line_times *l, const struct scanner *s,
    struct span line, struct record *r);

#endif
