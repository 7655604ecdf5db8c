/*
 * record - one log line as named values, in the order they were found
 *
 * Names and values are spans into the line or into memory of the record; they
 * last until record_clear, as long as the line does.  Begin with { 0 } or, to
 * find "lvl" where it became level, with { .keeps_own = true }.
 */
#ifndef RECORD_H
#define RECORD_H

#include "buf.h"
#include "json.h"
#include "timestamp.h"

enum field_kind {
	FIELD_GONE,		/* taken out again: pass it over */
	FIELD_TEXT,		/* bytes, any */
	FIELD_SAFE,		/* bytes that are a JSON string as they stand */
	FIELD_JSON_STRING,	/* the inside of a JSON string, perhaps escaped */
	FIELD_JSON,		/* any other JSON value, as it stands */
};

struct field {
	struct span name, value;
	uint8_t kind;
	uint8_t layer;		/* 0 is the outermost format, which is first */
	uint8_t hidden;		/* so many inner layers have the name, too */
	bool plain_name;	/* the name needs no escapes in JSON */
	bool clean;		/* as in json_value */
	bool escaped;
};

enum { RECORD_LAYERS = 8 };

struct record {
	struct field *fields;
	size_t n, cap;
	unsigned layers;	/* formats that matched; 0 is a raw line */
	const char *formats[RECORD_LAYERS];
	struct timestamp when;	/* of the innermost layer that has one */
	bool has_when;
	int message;		/* which field holds what is left, or -1 */
	struct span error;	/* why the line was not parsed; len 0: it was */
	bool lossy;		/* a value had bytes that are not UTF-8 */
	bool failed;		/* no memory: something is missing */
	bool keeps_own;		/* also find fields by their names in the line */
	struct field *own;	/* those that have another one in the record */
	size_t n_own, cap_own;
	struct chunk *chunks;	/* what record_room gave out */
	struct field none;	/* what record_add gives when it fails */
};

void record_clear(struct record *r);	/* keeps the memory */
void record_free(struct record *r);

/* n bytes that last until record_clear; NULL without memory. */
char *record_room(struct record *r, size_t n);

/* Room for more fields; false without memory. */
bool record_grow(struct record *r);

void record_keep_own(struct record *r, const struct field *f);

/*
 * Add a field to the innermost layer; name is plain text without quotes or
 * control characters.  What is returned may be changed until the next field is
 * added; it is never NULL (without memory, failed is set).
 */
static inline struct field *
record_add(struct record *r, struct span name, struct span value,
    enum field_kind kind)
{
	struct field *f;

	if (r->n == r->cap && !record_grow(r))
		return &r->none;
	f = &r->fields[r->n++];
	*f = (struct field){ .name = name, .value = value,
	    .kind = (uint8_t)kind, .layer = (uint8_t)r->layers,
	    .plain_name = true, .clean = true };
	return f;
}
/* f, as it stands in the line, is about to get another name or value. */
static inline void
record_own(struct record *r, const struct field *f)
{
	if (r->keeps_own)
		record_keep_own(r, f);
}
#define NAME(s) ((struct span){ "" s, sizeof s - 1 })
/* Digits as a number, anything else, or what JSON can't hold, as text. */
void record_add_number(struct record *r, struct span name, struct span value);
/* timestamp; remembers it as the time of the record. */
void record_add_time(struct record *r, const struct timestamp *t);
/* A name taken from the line: any bytes. */
void record_add_pair(struct record *r, struct span name, struct span value);
/* What a key or string means, in memory of the record. */
struct span record_decode(struct record *r, const struct json_value *v);
static inline void
record_add_json(struct record *r, const struct json_value *key,
    const struct json_value *value)
{
	struct span name = key->escaped ? record_decode(r, key) : key->text;
	struct field *f = record_add(r, name, value->text,
	    value->type == JSON_STRING ? FIELD_JSON_STRING : FIELD_JSON);

	f->plain_name = key->clean && !key->escaped;
	f->clean = value->clean;
	f->escaped = value->escaped;
}
/* message: what is left of the line for the next layer. */
void record_add_message(struct record *r, struct span value);
/* More lines of the message; it becomes one where there is none. */
void record_append_message(struct record *r, struct span more);
/* The field f, from which t was read, becomes a time; the record has it. */
void record_set_time(struct record *r, struct field *f,
    const struct timestamp *t);

/*
 * The field at path, such as "status", "http.status" (inside objects), "format"
 * or "envelope.timestamp"; where layers both have one, the inner one's.  If the
 * record has none, one that path was the own name of.
 */
bool record_lookup(struct record *r, struct span path, struct field *f);
/* Its bytes, which last until record_clear. */
bool record_find(struct record *r, struct span path, struct span *value);

/* The bytes that a field means, escapes decoded. */
struct span record_value(struct record *r, const struct field *f);

/* "syslog,combined": the layers that matched, or "raw". */
struct span record_format(struct record *r);

/*
 * Set hidden in all fields, once all are there: those where it is not 0 are of
 * the envelope.  True when there are any.
 */
bool record_hide(struct record *r);

#endif
