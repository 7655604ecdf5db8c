/*
 * layout - a line as fixed text with fields between, as in nginx's log_format
 *
 * A field ends where the text that follows it is found; in quotes, at one that
 * no backslash stands before.  So two fields need text between them.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "scanning.h"

enum layout_kind {
	LAYOUT_TEXT, LAYOUT_NUMBER,
	LAYOUT_SECONDS, LAYOUT_MILLIS, LAYOUT_MICROS,	/* written in seconds */
	LAYOUT_CLF, LAYOUT_ISO, LAYOUT_CTIME, LAYOUT_EPOCH, LAYOUT_STRFTIME,
	LAYOUT_REQUEST,		/* method, path and protocol */
	LAYOUT_ADDRESS,		/* with client_port behind a colon, or not */
	LAYOUT_LIST,		/* "a, b : c", text when there is only one */
	LAYOUT_MESSAGE,		/* the rest, which may hold another format */
};

/* How bytes are written that would end a field. */
enum layout_escape { LAYOUT_BACKSLASH, LAYOUT_JSON_ESCAPE, LAYOUT_NO_ESCAPE };

struct layout;

struct layout *layout_new(void);	/* NULL: ENOMEM */
void layout_free(struct layout *l);
void layout_escapes(struct layout *l, enum layout_escape how);

/* What is added is copied.  0, or -1 with errno ENOMEM. */
int layout_text(struct layout *l, const char *p, size_t n);
int layout_field(struct layout *l, struct span name, enum layout_kind kind);
/* A time by a format of strptime(3); joined with one that stood before. */
int layout_strftime(struct layout *l, const char *format, size_t n);
/* Add to the path of the field before, as Apache's %U%q; false: it is none. */
bool layout_joins_path(const struct layout *l);
/* A line may end here. */
int layout_may_end(struct layout *l);
bool layout_has(const struct layout *l, struct span name);

/* NULL, or why this layout can't be read: "$a$b: nothing between them". */
const char *layout_check(struct layout *l, struct buf *why);

/*
 * {name}, {name:kind} and text; kinds are number seconds millis micros clf iso
 * ctime epoch request address list message; {{ is a brace, {?} layout_may_end.
 * For tables in the code: NULL is ENOMEM.
 */
struct layout *layout_of(const char *text);

bool layout_scan(const struct layout *l, struct scan *s, struct span text);

/*
 * nginx's log_format or Apache's LogFormat, whichever text is.  NULL with *why
 * the reason, or "" for ENOMEM.  layout_nginx: escape is the value of escape=.
 */
struct layout *layout_server(const char *text, struct buf *why);
struct layout *layout_nginx(struct span text, enum layout_escape escape,
    struct buf *why);
struct layout *layout_apache(struct span text, struct buf *why);
/*
 * The log_format called name (NULL: each) in an nginx configuration is given to
 * add, which takes the layout over.  0, or -1 with *why the reason.
 */
int layout_nginx_conf(const char *path, const char *name,
    int (*add)(void *arg, const char *name, struct layout *l), void *arg,
    struct buf *why);

#endif
