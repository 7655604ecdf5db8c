/*
 * scanning - what the scanners (scan_*.c) have in common
 *
 * A scanner takes text, adds what it finds to the record and returns true; or
 * it says with scan_fail where the text stops being its format, and what it had
 * added is taken out again.
 */
#ifndef SCANNING_H
#define SCANNING_H

#include "find.h"
#include "record.h"

/* What a scanner remembers from line to line. */
struct memory {
	struct buf columns;	/* w3c: names, each with a NUL behind it */
	struct partial {	/* cri: P lines of stdout and stderr */
		struct buf text;
		struct timestamp when;
		bool held;
	} partial[2];
	struct buf entry;	/* journal: the export entry so far, of which */
	size_t entry_done;	/* so much is whole fields */
	struct groups_found *found;	/* room for a match of a pattern */
	bool used;		/* the order of lines has mattered */
};

struct scan {
	struct record *rec;
	struct memory *memory;
	const struct layout *layout;	/* of the format, where it has one */
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
	const char *layout;	/* for layout_of */
	bool nests;		/* its message may hold another format */
	bool distinct;		/* no other format's line passes for it */
};

extern const struct format *const formats[];	/* by priority, ends with NULL */
extern const struct format format_clf, format_combined, format_docker_json,
    format_gelf, format_journal, format_kube;

bool scan_access(struct scan *s, struct span text);
bool scan_apache_error(struct scan *s, struct span text);
bool scan_cef(struct scan *s, struct span text);
bool scan_clf(struct scan *s, struct span text);
bool scan_combined(struct scan *s, struct span text);
bool scan_cri(struct scan *s, struct span text);
bool scan_docker_json(struct scan *s, struct span text);
bool scan_gelf(struct scan *s, struct span text);
bool scan_haproxy(struct scan *s, struct span text);
bool scan_journal(struct scan *s, struct span text);
bool scan_json(struct scan *s, struct span text);
bool scan_klog(struct scan *s, struct span text);
bool scan_kube(struct scan *s, struct span text);
bool scan_layout(struct scan *s, struct span text);
bool scan_logfmt(struct scan *s, struct span text);
bool scan_ltsv(struct scan *s, struct span text);
bool scan_nginx_error(struct scan *s, struct span text);
bool scan_postgres(struct scan *s, struct span text);
bool scan_python(struct scan *s, struct span text);
bool scan_sls(struct scan *s, struct span text);
bool scan_spring(struct scan *s, struct span text);
bool scan_supervisor(struct scan *s, struct span text);
bool scan_syslog(struct scan *s, struct span text);
bool scan_w3c(struct scan *s, struct span text);

bool scan_journal_json(struct scan *s, struct span text);
/* The table's names for the keys of these, once all are added. */
void journal_names(struct scan *s);
void kube_names(struct scan *s);

/* What was held of stdout (0) or stderr (1) when the input ended. */
void scan_cri_end(struct scan *s, int stream);

/* The formats of a struct custom, one by one, then NULL. */
struct custom;
const struct format *custom_at(const struct custom *c, unsigned i,
    bool *only_named);

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
	return span_of(p, (size_t)(find_char(p, end, ' ') - p));
}

/* p is at what: behind it, or NULL. */
static inline const char *
skip(const char *p, const char *end, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(end - p) >= n && memcmp(p, what, n) == 0 ? p + n :
	    NULL;
}

static inline const char *
skip_spaces(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	return p;
}

static inline struct span
span_to(const char *p, const char *end)
{
	return span_of(p, (size_t)(end - p));
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

/* What is between two quotes. */
enum quoted {
	QUOTED_SAFE,		/* a JSON string as it stands */
	QUOTED_PLAIN,
	QUOTED_ESCAPED,		/* there is a backslash */
};

/* As quoted_at, behind the opening quote, for any value. */
const char *quoted_oddly(const char *start, const char *end,
    struct span *inside, enum quoted *how);

/*
 * A value in quotes; p is at the opening one.  A closing quote has a blank or
 * end behind it, so a careless quote inside does no harm.  What is behind it,
 * or NULL.
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

/* \" \\ \n \t \xHH and the like, as Apache and nginx write them. */
struct span unescape(struct record *r, struct span s);
/* As add_text, for what quoted_at found; "" stays. */
void add_quoted(struct scan *s, struct span name, struct span value,
    enum quoted how);
/* "GET / HTTP/1.1" as method, path and protocol, or request. */
void add_request(struct scan *s, struct span value, enum quoted how);
/* facility and severity of a priority. */
void add_priority(struct scan *s, unsigned pri);
/* client, and client_port where it has one: 1.2.3.4:80, [::1]:80. */
void add_address(struct scan *s, struct span value);

/*
 * A name of another system in lower snake_case: cs1Label as cs1_label,
 * cs(User-Agent) as cs_user_agent.  In memory of the record.
 */
struct span snake_case(struct record *r, struct span name);
/*
 * A whole number of milliseconds (places 3) or microseconds (6) as seconds.
 * False when it is none.
 */
bool add_scaled(struct scan *s, struct span name, struct span v,
    size_t places);
/* nginx's "a, b : c" as a list; as text when there is only one. */
void add_list(struct scan *s, struct span name, struct span v);
/* A value whose name may be one of the table's: then of its type. */
void add_named(struct scan *s, struct span name, struct span value);

/*
 * Formats with keys of their own: note each field after it is added, and at the
 * end those that hold the time, the message and the level get the table's names.
 */
struct keys {
	struct key_rank { int rank; size_t field; } best[3];
};
void keys_begin(struct keys *k);
void keys_note_name(struct keys *k, struct span name, size_t field);
static inline void
keys_note(struct keys *k, const struct record *r)
{
	struct span name = r->n > 0 ? r->fields[r->n - 1].name : NAME("");

	if (name.len < 2 || name.len > 10)
		return;
	switch (*name.p) {	/* most keys are none of them */
	case 't': case '@': case 'd': case 'm': case 'l': case 's':
		keys_note_name(k, name, r->n - 1);
	}
}
void keys_end(struct keys *k, struct scan *s);

#endif
