/*
 * record - one log line as named values, in the order they were found
 *
 * Names and values are spans into the line or into memory of the record; they
 * last until record_clear and no longer than the line.  Begin with { 0 } or, to
 * find "lvl" also where it became level, with { .keeps_own = true }.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/buf.h"
#include "record/json.h"
#include "record/timestamp.h"

enum field_kind {
	FIELD_GONE, /* was taken out again; it is to be skipped */
	FIELD_TEXT, /* any bytes */
	FIELD_SAFE, /* bytes that are a JSON string as they stand */
	FIELD_JSON_STRING, /* the inside of a JSON string, perhaps escaped */
	FIELD_JSON, /* any other JSON value, as it stands */
};

struct field {
	struct span name, value;
	uint8_t kind;
	uint8_t layer;		/* 0 is the outermost format, which is first */
	uint8_t hidden;		/* how many inner layers have the name, too */
	bool plain_name;	/* the name needs no escapes in JSON */
	bool clean;		/* the value is proper JSON, as in json_value */
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
	int message;		/* the field with the rest of the line, or -1 */
	struct span error; /* why the line was not parsed; empty if it was */
	bool lossy;		/* a value had bytes that are not UTF-8 */
	bool failed;		/* memory was short: something is missing */
	bool keeps_own; /* fields are also found by their names in the line */
	/* Fields whose name in the line differs from the record's. */
	struct field *own;
	size_t n_own, cap_own;
	struct chunk *chunks;	/* the memory that record_room gives out */
	struct field none; /* the field that record_add returns when it fails */
};

void record_clear(struct record *r);	/* keeps the memory */
void record_free(struct record *r);

/* Returns n bytes that last until record_clear, or NULL without memory. */
char *record_room(struct record *r, size_t n);

/* How far a record has come, so that later fields can be taken out again. */
struct record_mark {
	size_t n, n_own;
	int message;
	struct timestamp when;
	bool has_when;
};

static inline struct record_mark
record_mark(const struct record *r)
{
	struct record_mark m = { .n = r->n, .n_own = r->n_own,
	    .message = r->message, .has_when = r->has_when };

	if (r->has_when)
		m.when = r->when;
	return m;
}

static inline void
record_reset(struct record *r, const struct record_mark *m)
{
	r->n = m->n;
	r->n_own = m->n_own;
	r->message = m->message;
	r->has_when = m->has_when;
	if (r->has_when)
		r->when = m->when;
}

/* Makes room for more fields; false without memory. */
bool record_grow(struct record *r);

void record_keep_own(struct record *r, const struct field *f);

/*
 * Add a field to the innermost layer; name is plain text without quotes or
 * control characters.  The field returned may be changed until the next field
 * is added; it is never NULL (without memory, failed is set).
 */
static inline struct field *
record_add(struct record *r, struct span name, struct span value,
    enum field_kind kind)
{
	struct field *f;

	if (r->n == r->cap && !record_grow(r))
		return &r->none;
	f = &r->fields[r->n++];
	/* One by one: a whole struct would be filled twice over. */
	f->name = name;
	f->value = value;
	f->kind = (uint8_t)kind;
	f->layer = (uint8_t)r->layers;
	f->hidden = 0;
	f->plain_name = true;
	f->clean = true;
	f->escaped = false;
	return f;
}

/*
 * Remember f as it stands in the line: it is about to get another name or
 * value.
 */
static inline void
record_own(struct record *r, const struct field *f)
{
	if (r->keeps_own)
		record_keep_own(r, f);
}
#define NAME(s) ((struct span){ "" s, sizeof s - 1 })
/*
 * Add a field with a number if value is digits; anything else, or a number that
 * JSON can't hold, is added as text.
 */
void record_add_number(struct record *r, struct span name, struct span value);
/* Add the field timestamp, and remember t as the time of the record. */
void record_add_time(struct record *r, const struct timestamp *t);
/* Add a field whose name was taken from the line: it may hold any bytes. */
void record_add_pair(struct record *r, struct span name, struct span value);
/* The text that a key or string means, in memory of the record. */
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
/* Add the field message: the rest of the line, for the next layer. */
void record_add_message(struct record *r, struct span value);
/*
 * Add more lines to the message, which becomes a field of its own where there
 * is none.
 */
void record_append_message(struct record *r, struct span more);
/* Make the field f, from which t was read, the time of the record. */
void record_set_time(struct record *r, struct field *f,
    const struct timestamp *t);

/*
 * Find the field at path, such as "status", "http.status" (inside objects),
 * "format" or "envelope.timestamp".  Where several layers have it, the inner
 * one's counts.  Where none has it, a field is found whose own name in the line
 * was path.
 */
bool record_lookup(struct record *r, struct span path, struct field *f);
/* The same, but its bytes, which last until record_clear. */
bool record_find(struct record *r, struct span path, struct span *value);

/* The bytes that a field means, with escapes decoded. */
struct span record_value(struct record *r, const struct field *f);

/* The formats of the layers that matched, as "syslog,combined", or "raw". */
struct span record_format(struct record *r);

/*
 * Set hidden in all fields, once all fields are added.  A field where it is not
 * 0 belongs to the envelope.  Returns whether there are any.
 */
bool record_hide(struct record *r);

#endif
