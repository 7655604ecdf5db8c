/*
 * scan - any log line to a record
 *
 *	struct scanner *s = scanner_new();
 *	struct record r = { 0 };
 *
 *	scanner_input(s, mtime);
 *	while (line_next(lines, &line, NULL) > 0)
 *		if (scan_line(s, line, &r) > 0 &&
 *		    record_find(&r, NAME("status"), &value))
 *			...
 *	record_free(&r);
 *	scanner_free(s);
 *
 * A scanner remembers what it saw, so it is for one input at a time and for one
 * thread.
 */
#ifndef SCAN_H
#define SCAN_H

#include "custom.h"
#include "record.h"

struct scanner;

struct scanner *scanner_new(void);	/* recognises all formats; NULL: ENOMEM */
struct scanner *scanner_copy(const struct scanner *s);	/* its settings */
void scanner_free(struct scanner *s);

/*
 * Only these formats: "syslog,combined", from the outside in; auto as the last
 * is any.  0, or -1 when there is no such format, with *bad its name.
 */
int scanner_formats(struct scanner *s, const char *list, struct span *bad);

/*
 * Formats of the user's own, to be kept as long as the scanner; before
 * scanner_formats.  Those that are not of a file are the only ones tried, or the
 * innermost when scanner_formats names outer ones.
 */
void scanner_custom(struct scanner *s, const struct custom *c);

/* What stamps without zone or year mean (at first: local, nearest to now). */
struct zone *scanner_zone(struct scanner *s);

/* A new input begins; near: its mtime, for years.  Forgets the one before. */
void scanner_input(struct scanner *s, int64_t near);

/*
 * line, without its LF, to a record, which lasts until the next call or
 * record_clear.  1; 0 when the line is empty or has no record of its own; -1
 * when it was not parsed: then the record is {message, format raw, error}.
 */
int scan_line(struct scanner *s, struct span line, struct record *r);

/*
 * As scan_line, but only the envelope: one layer, or none when the first holds
 * no other.
 */
int scan_outer(struct scanner *s, struct span line, struct record *r);

/*
 * At the end of an input: what was held back for lines that did not come.  1
 * with a record, as scan_line, or 0 when there is no more.
 */
int scan_end(struct scanner *s, struct record *r);

/* Has any line so far depended on those before it? */
bool scanner_is_stateful(const struct scanner *s);

/*
 * May the records of later lines depend on this one?  Lines of which it is false
 * need not be scanned if their own records are not wanted.
 */
bool scanner_minds(const struct scanner *s, struct span line);

/* May its lines be syslog, as far as the formats wanted tell? */
bool scanner_takes_syslog(const struct scanner *s);

/* The names of all formats, in the order they are tried; ends with NULL. */
const char *const *scan_format_names(void);

#endif
