/*
 * line_format - a line as fixed text with fields between, as in nginx's
 * log_format
 */
#ifndef FORMAT_LINE_FORMAT_H
#define FORMAT_LINE_FORMAT_H

#include "format/scan_util.h"

enum layout_kind {
	LAYOUT_TEXT, LAYOUT_NUMBER,
	/* The record has seconds. */
	LAYOUT_SECONDS, LAYOUT_MILLIS, LAYOUT_MICROS,
	LAYOUT_CLF, LAYOUT_ISO, LAYOUT_CTIME, LAYOUT_EPOCH, LAYOUT_STRFTIME,
	LAYOUT_REQUEST,		/* method, path, query and protocol */
	LAYOUT_METHOD, LAYOUT_TARGET,	/* a target is path and query */
	LAYOUT_QUERY,		/* the query with its ? in front */
	LAYOUT_STATUS,		/* three digits, perhaps with words after them */
	LAYOUT_DURATION,	/* 12ms, 1.5s, 3.2 ms, 1m2.5s; - is none */
	LAYOUT_TIME,		/* a time in any form */
	LAYOUT_ADDRESS, /* a client, perhaps with a colon and client_port */
	LAYOUT_LIST,		/* "a, b : c", text when there is only one */
	/* The rest of the line, which may hold another format. */
	LAYOUT_MESSAGE,
};

/* How the format writes the bytes that would end a field. */
enum layout_escape { LAYOUT_BACKSLASH, LAYOUT_JSON_ESCAPE, LAYOUT_NO_ESCAPE };

struct line_format;

struct line_format *line_format_new(void);	/* NULL with errno ENOMEM */
void line_format_free(struct line_format *l);
void line_format_escapes(struct line_format *l, enum layout_escape how);

/* Add text or a field; both are copied.  Returns 0, or -1 with errno ENOMEM. */
int line_format_text(struct line_format *l, const char *p, size_t n);
int line_format_field(
    struct line_format *l, struct span name, enum layout_kind kind);
/*
 * Add a time in a format of strptime(3).  It is joined with a time that stands
 * right before it.
 */
int line_format_strftime(struct line_format *l, const char *format, size_t n);
/*
 * Whether a query that is added now belongs to the path before it, as in
 * Apache's %U%q.
 */
bool line_format_joins_path(const struct line_format *l);
bool line_format_has(const struct line_format *l, struct span name);

/*
 * Returns NULL, or why this layout can't be read: "$a$b: nothing between them".
 */
const char *line_format_check(struct line_format *l, struct buf *why);

/*
 * Returns the layout that text describes with {name}, {name:kind} and fixed
 * text.  The kinds are those above in lower case.  {{ is a brace, {?} says that
 * a line may end there, too, {~} at the beginning says that fields may have
 * blanks around them, which do not count.  A LF begins another layout, which is
 * tried when the one before it does not fit.  For tables in the code: NULL
 * means ENOMEM.
 */
struct line_format *line_format_of(const char *text);
/* Returns a bit for each of the bytes that all lines of these layouts hold. */
unsigned line_format_needs(const char *text, const char *bytes);
/* Whether each of these layouts has a status. */
bool line_format_needs_status(const char *text);

bool line_format_scan(
    const struct line_format *l, struct scan *s, struct span text);

/*
 * Returns the layout of nginx's log_format or Apache's LogFormat, whichever
 * text is.  NULL with *why the reason, or "" for ENOMEM.
 */
struct line_format *line_format_server(const char *text, struct buf *why);
struct line_format *line_format_apache(struct span text, struct buf *why);
/*
 * Give the log_format called name (NULL: each one) in an nginx configuration to
 * add, which takes the layout over.  Returns 0, or -1 with *why the reason.
 */
int line_format_nginx_conf(const char *path, const char *name,
    int (*add)(void *arg, const char *name, struct line_format *l), void *arg,
    struct buf *why);

#endif
