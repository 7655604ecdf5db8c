/*
 * json - read JSON over its text, member by member, and write strings
 *
 * Nothing is copied: spans point into the text.  All text that the reader
 * passes is checked (RFC 8259), and values inside values down to JSON_DEPTH
 * levels.
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
#ifndef RECORD_JSON_H
#define RECORD_JSON_H

#include <stdbool.h>

#include "base/buf.h"

enum { JSON_DEPTH = 64 };

enum json_type {
	JSON_ABSENT, JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING,
	JSON_ARRAY, JSON_OBJECT,
};

struct json_value {
	enum json_type type;
	bool escaped;		/* a string with a backslash in it */
	bool clean;		/* text is proper JSON and UTF-8 as it stands */
	struct span text;	/* the value; of a string, without quotes */
};

struct json {
	const char *p, *end;	/* the text that was not read yet */
	char close;		/* the bracket that ends it: } or ] */
	bool tolerant, begun;
	int depth;
};

/*
 * Begin to read the object or array that text starts with; blanks may stand
 * before it.  Returns 0, or -1 when there is none.
 */
int json_open(struct json *j, struct span text, bool tolerant);

/*
 * Read the next member; of an array only value is set.  Returns 1; 0 after the
 * last, when j->p is after the closing bracket; -1 when the text at j->p is not
 * JSON.
 */
int json_next(struct json *j, struct json_value *key, struct json_value *value);

/*
 * Find the value at path, such as "a" or "http.status", in the tolerant text of
 * one object.  A key that has the dots in it is found, too.  Text after the
 * value is not checked.
 */
bool json_get(struct span object, const char *path, struct json_value *value);

/* Whether v is a key or a string that equals s. */
bool json_is(const struct json_value *v, const char *s);

/*
 * Add the bytes that a string means; \ud800 alone becomes U+FFFD.  Values of
 * other types are added as they stand.  Returns 0, or -1 with errno ENOMEM.
 */
int json_decode(struct buf *b, const struct json_value *v);
/*
 * The same, written to memory of v->text.len bytes.  Returns where the bytes
 * end.
 */
char *json_decode_to(char *to, const struct json_value *v);

/*
 * Read a string alone, tolerantly; its opening quote ends at p.  Returns where
 * the text goes on after the closing one, or NULL.
 */
const char *json_string(const char *p, const char *end, struct json_value *v);

/* Add bytes as a string, in quotes; *lossy is set when some were not UTF-8. */
int json_add_string(struct buf *b, struct span bytes, bool *lossy);

/* Add a value so that it is proper JSON, whatever the reader tolerated. */
int json_add_value(struct buf *b, const struct json_value *v, bool *lossy);

/*
 * Write bytes as json_add_string does, but without the quotes, to memory that
 * has room for JSON_ROOM(bytes.len).  Returns where the text ends; up to 16
 * bytes after that may have been overwritten.
 */
#define JSON_ROOM(len) ((len) * 6 + 16)
char *json_put(char *to, struct span bytes, bool *lossy);

#endif
