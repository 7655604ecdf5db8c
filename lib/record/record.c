#include "record/record.h"

#include <stdint.h>
#include <stdlib.h>

#include "record/name_table.h"

enum { CHUNK_SIZE = 4096 - 3 * sizeof(size_t) };
/* In a record of more fields, names are found by hashing. */
enum { FEW_FIELDS = 64 };

struct chunk {
	struct chunk *next;
	size_t used, size;
	char p[];
};

void
record_clear(struct record *r)
{
	struct chunk *c;

	/* The newest chunk is the largest, so it is kept. */
	while (r->chunks != NULL && (c = r->chunks->next) != NULL) {
		r->chunks->next = c->next;
		free(c);
	}
	if (r->chunks != NULL)
		r->chunks->used = 0;
	r->n = r->n_own = 0;
	r->layers = 0;
	r->has_when = false;
	r->message = -1;
	r->error = span_of(NULL, 0);
	r->lossy = false;
	r->failed = false;
}

void
record_free(struct record *r)
{
	record_clear(r);
	free(r->chunks);
	free(r->fields);
	free(r->own);
	*r = (struct record){ 0 };
}

char *
record_room(struct record *r, size_t n)
{
	struct chunk *c = r->chunks;
	size_t size;

	if (c == NULL || c->size - c->used < n) {
		size = c == NULL ? CHUNK_SIZE : c->size;
		while (size < n && size < SIZE_MAX / 4)
			size *= 2;
		if (size < n || (c = malloc(sizeof *c + size)) == NULL) {
			r->failed = true;
			return NULL;
		}
		*c = (struct chunk){ .next = r->chunks, .size = size };
		r->chunks = c;
	}
	c->used += n;
	return c->p + c->used - n;
}

static bool
grow(struct record *r, struct field **fields, size_t *cap)
{
	size_t more = *cap == 0 ? 32 : *cap * 2;
	struct field *f;

	if (more > SIZE_MAX / 2 / sizeof *f ||
	    (f = realloc(*fields, more * sizeof *f)) == NULL) {
		r->failed = true;
		return false;
	}
	*fields = f;
	*cap = more;
	return true;
}

bool
record_grow(struct record *r)
{
	return grow(r, &r->fields, &r->cap);
}

void
record_keep_own(struct record *r, const struct field *f)
{
	if (r->n_own < r->cap_own || grow(r, &r->own, &r->cap_own))
		r->own[r->n_own++] = *f;
}

static bool
is_number(struct span s)
{
	const char *p = s.p, *end = p + s.len, *start;

	if (s.len > 18)		/* more digits than a double or int64_t holds */
		return false;
	if (p < end && *p == '-')
		p++;
	start = p;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	if (p == start || (*start == '0' && p > start + 1))
		return false;
	if (p < end && *p == '.') {
		start = ++p;
		while (p < end && *p >= '0' && *p <= '9')
			p++;
		if (p == start)
			return false;
	}
	return p == end;
}

void
record_add_number(struct record *r, struct span name, struct span value)
{
	record_add(r, name, value, is_number(value) ? FIELD_JSON : FIELD_TEXT);
}

void
record_set_time(struct record *r, struct field *f, const struct timestamp *t)
{
	char *p;

	r->when = *t;
	r->has_when = true;
	if (f->escaped || !timestamp_is_printed(f->value)) {
		if ((p = record_room(r, TIMESTAMP_SIZE)) == NULL)
			return;
		f->value = span_of(p, timestamp_print(p, t));
	}
	f->kind = FIELD_SAFE;
	f->clean = true;
}

void
record_add_time(struct record *r, const struct timestamp *t)
{
	char *p = record_room(r, TIMESTAMP_SIZE);

	r->when = *t;
	r->has_when = true;
	record_add(r, NAME("timestamp"), p != NULL ?
	    span_of(p, timestamp_print(p, t)) : span_of("", 0), FIELD_SAFE);
}

void
record_add_pair(struct record *r, struct span name, struct span value)
{
	record_add(r, name, value, FIELD_TEXT)->plain_name = false;
}

struct span
record_decode(struct record *r, const struct json_value *v)
{
	char *p = record_room(r, v->text.len);

	if (p == NULL)
		return span_of("", 0);
	return span_of(p, (size_t)(json_decode_to(p, v) - p));
}

void
record_add_message(struct record *r, struct span value)
{
	size_t n = r->n;

	record_add(r, NAME("message"), value, FIELD_TEXT);
	r->message = r->n > n ? (int)n : -1;
}

void
record_append_message(struct record *r, struct span more)
{
	struct span first;
	struct field *f;
	size_t i = r->n;
	char *p;

	while (i > 0 && (r->fields[i - 1].kind == FIELD_GONE ||
	    !span_eq(r->fields[i - 1].name, NAME("message"))))
		i--;
	if (i == 0) {
		record_add_message(r, more);
		return;
	}
	f = &r->fields[i - 1];
	first = record_value(r, f);
	if ((p = record_room(r, first.len + 1 + more.len)) == NULL)
		return;
	if (first.len > 0)
		memcpy(p, first.p, first.len);
	p[first.len] = '\n';
	memcpy(p + first.len + 1, more.p, more.len);
	f->value = span_of(p, first.len + 1 + more.len);
	f->kind = FIELD_TEXT;
}

static struct json_value
as_json(const struct field *f)
{
	return (struct json_value){
		.type = f->kind == FIELD_JSON_STRING ? JSON_STRING :
		    f->value.len > 0 && *f->value.p == '{' ? JSON_OBJECT :
		    f->value.len > 0 && *f->value.p == '[' ? JSON_ARRAY :
		    JSON_NUMBER,
		.text = f->value, .clean = f->clean, .escaped = f->escaped,
	};
}

struct span
record_value(struct record *r, const struct field *f)
{
	struct json_value v = as_json(f);

	return f->kind == FIELD_JSON_STRING && f->escaped ?
	    record_decode(r, &v) : f->value;
}

/* How many layers inside that of f have a field of its name. */
static uint8_t
count_inner(const struct record *r, size_t i)
{
	const struct field *f = &r->fields[i], *in = f + 1;
	const struct field *end = r->fields + r->n;
	uint8_t n = 0;

	for (; in < end; in++)
		if (in->layer > f->layer && in->name.len == f->name.len &&
		    in->kind != FIELD_GONE && span_eq(in->name, f->name))
			n++;
	return n;
}

/* Returns one bit of 64, mostly a different one for a different name. */
static inline uint64_t
name_bit(struct span name)
{
	return name.len == 0 ? 1 : UINT64_C(1) <<
	    ((name.len * 7 + (unsigned char)*name.p) & 63);
}

/* As record_hide, in linear time. */
static bool
hide_many(struct record *r)
{
	struct name_table names;
	struct name_slot *slot;
	bool any = false;
	struct field *f;

	if (name_table_begin(&names, r, r->n) < 0)
		return false;
	for (size_t i = r->n; i-- > 0;) {
		f = &r->fields[i];
		slot = name_table_at(&names, f->name);
		if (slot->name.p == NULL)
			slot->name = f->name;
		if (f->layer < slot->layer)
			slot->inner = slot->times;
		slot->layer = f->layer;
		f->hidden = (uint8_t)slot->inner;
		slot->times += f->kind != FIELD_GONE;
		any |= f->hidden > 0 && f->kind != FIELD_GONE;
	}
	return any;
}

bool
record_hide(struct record *r)
{
	uint64_t layer_bits = 0, inner_bits = 0;
	unsigned layer = r->layers;
	bool any = false;
	struct field *f;

	if (r->n > FEW_FIELDS)
		return hide_many(r);
	for (size_t i = r->n; i-- > 0;) {
		f = &r->fields[i];
		if (f->layer < layer) {
			inner_bits |= layer_bits;
			layer = f->layer;
		}
		layer_bits |= name_bit(f->name);
		if ((inner_bits & name_bit(f->name)) == 0)
			continue;
		f->hidden = count_inner(r, i);
		any |= f->hidden > 0 && f->kind != FIELD_GONE;
	}
	return any;
}

/* The formats of the record, as "syslog,combined", or raw. */
struct span
record_format(struct record *r)
{
	char *p, *to;
	size_t n = 0;

	if (r->layers == 0)
		return NAME("raw");
	if (r->layers == 1)
		return span_str(r->formats[0]);
	for (unsigned i = 0; i < r->layers; i++)
		n += strlen(r->formats[i]) + 1;
	if ((p = to = record_room(r, n)) == NULL)
		return span_of("", 0);
	for (unsigned i = 0; i < r->layers; i++) {
		to = stpcpy(to, r->formats[i]);
		*to++ = ',';	/* in place of the NUL */
	}
	return span_of(p, n - 1);
}

/* The part of path after name and a dot, or an empty span. */
static struct span
behind_name(struct span path, struct span name)
{
	if (path.len <= name.len + 1 || path.p[name.len] != '.' ||
	    memcmp(path.p, name.p, name.len) != 0)
		return span_of(NULL, 0);
	return span_of(path.p + name.len + 1, path.len - name.len - 1);
}

/* Find the member at path in an object. */
static bool
find_inside(struct record *r, const struct field *object, struct span path,
    struct field *f)
{
	struct json_value v;
	char *p = record_room(r, path.len + 1);

	if (p == NULL || object->kind != FIELD_JSON)
		return false;
	memcpy(p, path.p, path.len);
	p[path.len] = '\0';
	if (memchr(p, '\0', path.len) != NULL ||
	    !json_get(object->value, p, &v))
		return false;
	*f = (struct field){ .value = v.text, .clean = v.clean,
	    .escaped = v.escaped, .kind = v.type == JSON_STRING ?
	    FIELD_JSON_STRING : FIELD_JSON };
	return true;
}

/*
 * Find the field at path, without "envelope.", in the layer that is as far out
 * as path says.
 */
static bool
find_hidden(struct record *r, struct span path, struct field *f)
{
	struct span deeper;
	unsigned depth = 1;

	if (!record_hide(r))
		return false;
	while ((deeper = behind_name(path, NAME("envelope"))).len > 0) {
		path = deeper;
		depth++;
	}
	for (size_t i = r->n; i-- > 0;)
		if (r->fields[i].kind != FIELD_GONE &&
		    span_eq(r->fields[i].name, path) &&
		    r->fields[i].hidden == depth) {
			*f = r->fields[i];
			return true;
		}
	return false;
}

static bool
find_field(const struct field *fields, size_t n, struct span name,
    struct field *f)
{
	while (n-- > 0)
		if (fields[n].kind != FIELD_GONE &&
		    span_eq(fields[n].name, name)) {
			*f = fields[n];
			return true;
		}
	return false;
}

/* Find the member at path inside a field that is an object. */
static bool
find_member(struct record *r, const struct field *fields, size_t n,
    struct span path, struct field *f)
{
	struct span rest;

	while (n-- > 0) {
		rest = behind_name(path, fields[n].name);
		if (rest.len > 0 && find_inside(r, &fields[n], rest, f))
			return true;
	}
	return false;
}

bool
record_lookup(struct record *r, struct span path, struct field *f)
{
	struct span rest;

	if (find_field(r->fields, r->n, path, f))
		return true;
	*f = (struct field){ .kind = FIELD_TEXT, .value = r->error };
	if (span_is(path, "error") && r->error.len > 0)
		return true;
	if (span_is(path, "format")) {
		f->value = record_format(r);
		return true;
	}
	if (memchr(path.p, '.', path.len) == NULL)
		return find_field(r->own, r->n_own, path, f);
	rest = behind_name(path, NAME("envelope"));
	return (rest.len > 0 && find_hidden(r, rest, f)) ||
	    find_member(r, r->fields, r->n, path, f) ||
	    find_field(r->own, r->n_own, path, f) ||
	    find_member(r, r->own, r->n_own, path, f);
}

bool
record_find(struct record *r, struct span path, struct span *value)
{
	struct field f;

	if (!record_lookup(r, path, &f))
		return false;
	*value = record_value(r, &f);
	return true;
}
