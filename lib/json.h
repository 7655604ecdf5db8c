/*
 * json - read JSON over its text, member by member, and write strings
 *
 * Nothing is copied: spans point into the text.  Everything that is passed over
 * is checked (RFC 8259), values inside values down to JSON_DEPTH levels.
 *
 * A tolerant reader also takes what servers write: \xHH in strings (a byte), a
 * backslash before any other character (itself), control characters, bytes that
 * are not UTF-8, a bare - or nothing for a value (JSON_ABSENT), and a bare word
 * or an odd number such as NaN or 007 (a string).
 *
 *	struct json j;
 *	struct json_value key, value;
 *
 *	json_open(&j, line, true);
 *	while ((r = json_next(&j, &key, &value)) > 0)
 *		if (json_is(&key, "status"))
 *			...
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>

#include "buf.h"

enum { JSON_DEPTH = 64 };

enum json_type {
	JSON_ABSENT, JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING,
	JSON_ARRAY, JSON_OBJECT,
};

struct json_value {
	enum json_type type;
	bool escaped;		/* a string with a backslash in it */
	bool clean;		/* JSON and UTF-8 just as text stands */
	struct span text;	/* a string: what is between its quotes */
};

struct json {
	const char *p, *end;	/* what was not read yet */
	char close;		/* } or ] */
	bool tolerant, begun;
	int depth;
};

/*
 * Begin to read the object or array that text starts with, blanks before it
 * allowed.  0, or -1 when there is none.
 */
int json_open(struct json *j, struct span text, bool tolerant);

/*
 * The next member; of an array only value is set.  1; 0 after the last, when
 * j->p is behind the closing bracket; -1 when it is no JSON at j->p.
 */
int json_next(struct json *j, struct json_value *key, struct json_value *value);

/*
 * The value at path, such as "a" or "http.status", in the tolerant text of one
 * object.  A key that has the dots in it is found too.  The rest of the text is
 * not checked.
 */
bool json_get(struct span object, const char *path, struct json_value *value);

/* A key or a string equals s. */
bool json_is(const struct json_value *v, const char *s);

/*
 * Add the bytes that a string means; \ud800 alone becomes U+FFFD.  Other types
 * are added as they stand.  0, or -1 with errno ENOMEM.
 */
int json_decode(struct buf *b, const struct json_value *v);
/* The same into v->text.len bytes of room; returns the end. */
char *json_decode_to(char *to, const struct json_value *v);

/*
 * A string alone, read tolerantly; p is behind its opening quote.  Returns what
 * is behind the closing one, or NULL.
 */
const char *json_string(const char *p, const char *end, struct json_value *v);

/* Add bytes as a string, in quotes; *lossy is set when some were not UTF-8. */
int json_add_string(struct buf *b, struct span bytes, bool *lossy);

/* Add a value so that it is proper JSON, whatever the reader tolerated. */
int json_add_value(struct buf *b, const struct json_value *v, bool *lossy);

/*
 * As json_add_string without the quotes, into memory that has room for
 * JSON_ROOM(bytes.len).  Returns the end of what was written; up to 16 bytes
 * behind it may have been touched.
 */
#define JSON_ROOM(len) ((len) * 6 + 16)
char *json_put(char *to, struct span bytes, bool *lossy);

#endif
