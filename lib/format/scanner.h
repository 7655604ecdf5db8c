/*
 * scanner - any log line to a record
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
#ifndef FORMAT_SCANNER_H
#define FORMAT_SCANNER_H

#include "format/user_formats.h"
#include "record/record.h"

struct scanner;

struct scanner *scanner_new(void); /* recognises all formats; NULL: ENOMEM */
/* A new scanner with the same settings. */
struct scanner *scanner_copy(const struct scanner *s);
void scanner_free(struct scanner *s);

/*
 * Let only these formats be recognised: "syslog,combined", from the outside in;
 * auto as the last one stands for any.  Returns 0; else, with *bad the name that
 * is wrong, -1 when there is no such format, and -2 when it cannot stand there:
 * after auto, or after the most that there may be.
 */
int scanner_formats(struct scanner *s, const char *list, struct span *bad);

/*
 * Add formats of the user's own, which must be kept as long as the scanner; to
 * be called before scanner_formats.  Those that are not of a file are the only
 * ones tried, or the innermost when scanner_formats names outer ones.
 */
void scanner_custom(struct scanner *s, const struct user_formats *c);

/*
 * Returns the zone by which stamps without zone or year are read (at first:
 * local, nearest to now).
 */
struct zone *scanner_zone(struct scanner *s);

/*
 * Begin a new input, and forget the one before.  near is its mtime, or
 * ZONE_NOW, from which years are found.
 */
void scanner_input(struct scanner *s, int64_t near);

/*
 * Turn line, without its LF, into a record, which lasts until the next call or
 * record_clear.  Returns 1; 0 when the line is empty or has no record of its
 * own; -1 when it was not parsed: then the record is {message, format raw,
 * error}.
 */
int scan_line(struct scanner *s, struct span line, struct record *r);

/*
 * As scan_line, but reads only the envelope: one layer, or none when the first
 * holds no other.
 */
int scan_outer(struct scanner *s, struct span line, struct record *r);

/*
 * Whether the line, which scan_outer has just read, ends inside of a quote, so
 * that the next one is a part of it.
 */
bool scanner_goes_on(const struct scanner *s, struct span line);

/*
 * Returns the HTTP status of a record, from 100 to 999: that of the innermost
 * format whose lines have one.  0: there is none.
 */
unsigned scan_status(struct record *r);

/*
 * To be called at the end of an input: gives lines that were held back for
 * others that did not come.  Returns 1 with a record, as scan_line, or 0 when
 * there is no more.
 */
int scan_end(struct scanner *s, struct record *r);

/* Whether any line so far depended on those before it. */
bool scanner_is_stateful(const struct scanner *s);

/* Whether a line "#Fields:" of W3C names the columns of later ones. */
bool scanner_has_columns(const struct scanner *s);

/*
 * Whether the records of later lines may depend on this one.  A line of which
 * this is false need not be scanned if its own record is not wanted.
 */
bool scanner_minds(const struct scanner *s, struct span line);

/*
 * Returns the format of the last line if its lines depend on those before them
 * that its carried_by and carried_by_longer tell, so that these must be
 * scanned, too; else NULL.
 */
const struct format *scanner_carried(const struct scanner *s);

/*
 * Whether lines to come would be read otherwise in another input: a message
 * goes on, or their columns were named.
 */
bool scanner_carries(const struct scanner *s);

/*
 * Returns how many bytes and pieces are held back because the end of their
 * message is still to come: of stdout (0) or stderr (1), of what needs several
 * lines (2), or of any lines (-1).
 */
size_t scanner_held(const struct scanner *s, int stream);

/* Whether the lines may be syslog, as far as the wanted formats say. */
bool scanner_takes_syslog(const struct scanner *s);

#endif
