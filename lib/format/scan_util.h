/*
 * scan_util - functions that several formats (scan_*.c) use
 */
#ifndef FORMAT_SCAN_UTIL_H
#define FORMAT_SCAN_UTIL_H

#include "base/bytes.h"
#include "format/format.h"

bool scan_layout(struct scan *s, struct span text);

/*
 * Note where and why the text is not of the format: p is the byte.  Returns
 * false.
 */
bool scan_fail(struct scan *s, unsigned field, const char *p,
    const char *expected);
/* Put the reason that scan_fail was given in the record. */
void scan_error(struct scan *s);

/*
 * As timestamp_iso.  Several formats ask for the time at the start of a line;
 * it is read only once.
 */
const char *iso_time(struct scan *s, const char *p, const char *end,
    struct timestamp *t);
/* As timestamp_at, or else timestamp_of_day. */
const char *any_time(struct scan *s, const char *p, const char *end,
    struct timestamp *t);

/* Add a value, unless it is "-" or empty, which mean that it is absent. */
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

/* The form of a text between two quotes. */
enum quoted {
	QUOTED_SAFE,		/* a JSON string as it stands */
	QUOTED_PLAIN,
	QUOTED_ESCAPED,		/* it has a backslash */
};

/* As quoted_at, for any value; start is after the opening quote. */
const char *quoted_oddly(const char *start, const char *end,
    struct span *inside, enum quoted *how);

/*
 * Reads a value in quotes; p is at the opening one.  A closing quote has a
 * blank or the end after it, so a careless quote inside does no harm.  Returns
 * where the text goes on, or NULL.
 */
static inline const char *
quoted_at(const char *p, const char *end, struct span *inside,
    enum quoted *how)
{
	const char *start = p + 1;

	p = find_special(start, end);
	if (p == end || *p != '"' || (p + 1 < end && p[1] != ' '))
		return quoted_oddly(start, end, inside, how);
	*inside = span_of(start, (size_t)(p - start));
	*how = QUOTED_SAFE;
	return p + 1;
}

/*
 * Returns s without escapes such as \" \\ \n \t \xHH, as Apache and nginx write
 * them.
 */
struct span unescape(struct record *r, struct span s);
/* Returns text without the colors of a terminal, as ESC [ 32 m. */
struct span without_colors(struct record *r, struct span text);
/* As add_text, for a value that quoted_at found; "" is added, too. */
void add_quoted(struct scan *s, struct span name, struct span value,
    enum quoted how);
/* Add the target of a request as path and, after its first ?, query. */
void add_target(struct scan *s, struct span value, enum field_kind kind);
/*
 * Add "GET /?a=b HTTP/1.1" as method, path, query and protocol, or else as
 * request.
 */
void add_request(struct scan *s, struct span value, enum quoted how);
/* Add the facility and the severity of a priority. */
void add_priority(struct scan *s, unsigned pri);
/* Add client, and client_port where the value has one: 1.2.3.4:80, [::1]:80. */
void add_address(struct scan *s, struct span value);
/* As add_address, for an address that always has a port: also ::1:80. */
void add_endpoint(struct scan *s, struct span value);

/*
 * Returns a name of another system in lower snake_case, in memory of the
 * record: cs1Label as cs1_label, cs(User-Agent) as cs_user_agent.
 */
struct span snake_case(struct record *r, struct span name);
/*
 * Add a whole number of milliseconds (places 3) or microseconds (6) as
 * seconds.  Returns false when v is none.
 */
bool add_scaled(struct scan *s, struct span name, struct span v,
    size_t places);
/*
 * Add a duration with its units, such as 12ms, 3.5 ms, 1m2.5s and 7us, in
 * seconds.  Returns false when v is none.
 */
bool add_duration(struct scan *s, struct span name, struct span v);
/* Add nginx's "a, b : c" as a list; as text when there is only one value. */
void add_list(struct scan *s, struct span name, struct span v);
/*
 * Add a value.  When its name is one of the table's, it gets the table's type.
 */
void add_named(struct scan *s, struct span name, struct span value);

#endif
