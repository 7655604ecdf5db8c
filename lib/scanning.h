/*
 * scanning - what the scanners (scan_*.c) have in common
 *
 * A scanner takes text, adds what it finds to the record and returns true; or
 * it says with scan_fail where the text stops being its format, and what it had
 * added is taken out again.
 */
#ifndef SCANNING_H
#define SCANNING_H

#include "record.h"

struct scan {
	struct record *rec;
	struct zone *zone;
	const struct format *format;	/* a scanner may set a nearer one */
	bool sure;		/* the format was asked for, not guessed */
	bool skip;		/* it is this format, but no record */
	const char *start;	/* of the text */
	unsigned field;		/* on failure: which field, from 1, */
	const char *expected;	/* what should have stood there, */
	size_t at;		/* and the byte */
};

struct format {
	const char *name;
	bool (*scan)(struct scan *s, struct span text);
	/* Bytes it can begin with; NULL: any.  0 is a digit, a a letter. */
	const char *first;
	bool nests;		/* its message may hold another format */
	bool distinct;		/* no other format's line passes for it */
};

extern const struct format *const formats[];	/* by priority, ends with NULL */
extern const struct format format_clf, format_combined;

bool scan_access(struct scan *s, struct span text);
bool scan_clf(struct scan *s, struct span text);
bool scan_combined(struct scan *s, struct span text);
bool scan_json(struct scan *s, struct span text);
bool scan_logfmt(struct scan *s, struct span text);
bool scan_sls(struct scan *s, struct span text);
bool scan_syslog(struct scan *s, struct span text);

/* Always false.  p is where it went wrong. */
bool scan_fail(struct scan *s, unsigned field, const char *p,
    const char *expected);

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* From p to the next blank, or end. */
static inline struct span
token_at(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q != ' ')
		q++;
	return span_of(p, (size_t)(q - p));
}

static inline bool
all_digits(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_digit(s.p[i]))
			return false;
	return s.len > 0;
}

/* Add a value that "-" and nothing stand in for when it is absent. */
static inline void
add_text(struct scan *s, struct span name, struct span value)
{
	if (value.len > 1 || (value.len == 1 && *value.p != '-'))
		record_add(s->rec, name, value, FIELD_TEXT);
}

static inline void
add_number(struct scan *s, struct span name, struct span value)
{
	if (value.len > 1 || (value.len == 1 && *value.p != '-'))
		record_add_number(s->rec, name, value);
}

/*
 * A value in quotes; p is at the opening one.  A closing quote has a blank, end
 * or delim behind it, so a careless quote inside does no harm.  What is behind
 * it, or NULL.
 */
const char *quoted_at(const char *p, const char *end, struct span *inside,
    bool *escaped);
/* \" \\ \n \t \xHH and the like, as Apache and nginx write them. */
struct span unescape(struct record *r, struct span s);
/* As add_text, for what quoted_at found; "" stays. */
void add_quoted(struct scan *s, struct span name, struct span value,
    bool escaped);
/* "GET / HTTP/1.1" as method, path and protocol, or request. */
void add_request(struct scan *s, struct span value, bool escaped);
/* facility and severity of a priority. */
void add_priority(struct scan *s, unsigned pri);

/*
 * Formats with keys of their own: note each field after it is added, and at the
 * end those that hold the time, the message and the level get the table's names.
 */
struct keys {
	struct { int rank; size_t field; } best[3];
};
void keys_begin(struct keys *k);
void keys_note(struct keys *k, const struct record *r);
void keys_end(struct keys *k, struct scan *s);

#endif
