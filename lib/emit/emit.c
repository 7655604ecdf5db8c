#include "emit/emit.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

#include "emit/emit_internal.h"
#include "record/syslog_priority.h"

/*
 * Copy n bytes without a call of memcpy(3), as names and most values are short.
 */
static inline char *
put(char *to, const char *p, size_t n)
{
	uint64_t first, last;
	uint32_t head, tail;

	if (n > 16 || n < 4) {
		memcpy(to, p, n);
	} else if (n >= 8) {
		memcpy(&first, p, 8);
		memcpy(&last, p + n - 8, 8);
		memcpy(to, &first, 8);
		memcpy(to + n - 8, &last, 8);
	} else {
		memcpy(&head, p, 4);
		memcpy(&tail, p + n - 4, 4);
		memcpy(to, &head, 4);
		memcpy(to + n - 4, &tail, 4);
	}
	return to + n;
}

/* Writes ,"name": */
static inline char *
put_name(char *to, struct span name, bool plain, bool *lossy)
{
	to = put(to, ",\"", 2);
	to = plain ? put(to, name.p, name.len) : json_put(to, name, lossy);
	return put(to, "\":", 2);
}

/* Add a value that is not proper JSON as it stands. */
static int
add_dirty(struct record *r, const struct field *f, struct buf *to)
{
	struct json_value v = { .type = JSON_OBJECT, .text = f->value };

	if (f->kind == FIELD_JSON_STRING)
		return json_add_string(to, record_value(r, f), &r->lossy);
	if (*f->value.p == '[')
		v.type = JSON_ARRAY;
	return json_add_value(to, &v, &r->lossy);
}

/*
 * Writes the value at to, where there is room for it, its quotes and 16 more
 * bytes.
 */
static inline char *
put_value(char *to, struct record *r, const struct field *f)
{
	if (f->kind == FIELD_JSON)
		return put(to, f->value.p, f->value.len);
	*to++ = '"';
	to = f->kind == FIELD_TEXT ? json_put(to, f->value, &r->lossy) :
	    put(to, f->value.p, f->value.len);
	*to++ = '"';
	return to;
}

/* The bytes that a member may need, whatever it holds. */
static inline size_t
member_room(const struct field *f, struct span name)
{
	return JSON_ROOM(f->value.len + name.len) + 16;
}

/* Add a member with a comma in front of it. */
static int
add_next_member(struct record *r, const struct field *f, struct span name,
    bool plain, struct buf *b)
{
	char *to = room(b, member_room(f, name));

	if (to == NULL)
		return -1;
	to = put_name(to, name, plain, &r->lossy);
	if (f->clean || f->kind == FIELD_TEXT) {
		b->len = (size_t)(put_value(to, r, f) - b->p);
		return 0;
	}
	b->len = (size_t)(to - b->p);
	return add_dirty(r, f, b);
}

int
add_member(struct record *r, const struct field *f, struct span name,
    bool plain, struct buf *b)
{
	size_t at = b->len - 1;

	if (b->failed)
		return -1;
	if (b->p[at] != '{')
		return add_next_member(r, f, name, plain, b);
	b->len = at;
	if (add_next_member(r, f, name, plain, b) < 0)
		return -1;
	b->p[at] = '{';
	return 0;
}

int
add_text_member(struct record *r, struct span name, struct span text,
    struct buf *b)
{
	struct field f = { .kind = FIELD_TEXT, .value = text };

	return add_member(r, &f, name, true, b);
}

/*
 * Add the fields that n inner ones hide as an object; the next level, which n +
 * 1 hide, is inside it.
 */
static int
add_envelope(struct record *r, unsigned n, struct buf *b)
{
	static const char envelope[] = ",\"envelope\":{";
	const struct field *f = r->fields, *end = f + r->n;
	bool deeper = false, begun = false;
	char *to;

	for (; f < end && f->layer + 1u < r->layers; f++) {
		if (f->kind == FIELD_GONE)
			continue;
		deeper |= f->hidden > n;
		if (f->hidden != n)
			continue;
		if (!begun) {
			if ((to = room(b, sizeof envelope)) == NULL)
				return -1;
			memcpy(to, envelope, sizeof envelope - 1);
			b->len += sizeof envelope - 1;
			begun = true;
		}
		add_member(r, f, f->name, f->plain_name, b);
	}
	if (deeper && begun)
		add_envelope(r, n + 1, b);
	if (!begun || (to = room(b, 1)) == NULL)
		return begun ? -1 : 0;
	*to = '}';
	b->len++;
	return 0;
}

/*
 * Names that fields of the line itself may have, too: then emit does not add
 * them again.
 */
enum { HAS_FORMAT = 1, HAS_LOSSY = 2 };
enum { USER = 1, INFO = 6 };	/* of syslog, where the record names none */

static inline unsigned
own_name(struct span name)
{
	if (name.len - 5 > 1 || (*name.p != 'f' && *name.p != 'l'))
		return 0;
	if (name.len == 6 && memcmp(name.p, "format", 6) == 0)
		return HAS_FORMAT;
	return name.len == 5 && memcmp(name.p, "lossy", 5) == 0 ? HAS_LOSSY : 0;
}

/*
 * Writes a member with a comma in front, at to, which is the end of b; most
 * members are copied as they are.  Returns the end of the text, and in *limit
 * that of the memory; or NULL without memory.
 */
static inline char *
put_member(char *to, char **limit, struct record *r, const struct field *f,
    struct buf *b)
{
	if (f->plain_name && f->clean && (size_t)(*limit - to) >=
	    member_room(f, f->name)) {
		to = put_name(to, f->name, true, &r->lossy);
		return put_value(to, r, f);
	}
	b->len = (size_t)(to - b->p);
	if (add_next_member(r, f, f->name, f->plain_name, b) < 0)
		return NULL;
	*limit = b->p + b->cap;
	return b->p + b->len;
}

/*
 * Add format and all fields that no inner one hides; 0, or -1 without memory.
 */
static int
add_fields(struct record *r, struct buf *b, unsigned *has)
{
	struct field format = { .kind = FIELD_TEXT, .name = NAME("format"),
	    .plain_name = true, .clean = true };
	const struct field *f = r->fields, *end = f + r->n;
	char *to = room(b, 1), *limit = b->p + b->cap;

	for (; to != NULL && f < end; f++)
		if (f->kind != FIELD_GONE && f->hidden == 0) {
			*has |= own_name(f->name);
			to = put_member(to, &limit, r, f, b);
		}
	if (to != NULL && (*has & HAS_FORMAT) == 0) {
		format.value = record_format(r);
		to = put_member(to, &limit, r, &format, b);
	}
	if (to == NULL)
		return -1;
	b->len = (size_t)(to - b->p);
	return 0;
}

int
write_json(struct emit *e, struct record *r, struct buf *b)
{
	bool hidden = r->layers > 1 && record_hide(r);
	size_t start = b->len;
	unsigned has = 0;
	char *to;

	(void)e;
	if (add_fields(r, b, &has) < 0)
		return -1;
	b->p[start] = '{';	/* in place of the first comma */
	if (hidden)
		add_envelope(r, 1, b);
	if (r->error.len > 0)
		add_text_member(r, NAME("error"), r->error, b);
	if (r->lossy && (has & HAS_LOSSY) == 0)
		buf_adds(b, ",\"lossy\":true");
	if ((to = room(b, 2)) == NULL)
		return -1;
	put(to, "}\n", 2);
	b->len += 2;
	return 0;
}

static int
write_chosen(struct emit *e, struct record *r, struct buf *b)
{
	struct field f;

	if (r->error.len > 0)
		return write_json(e, r, b);	/* no line is ever lost */
	buf_addc(b, '{');
	for (size_t i = 0; i < e->n; i++)
		if (record_lookup(r, e->parts[i].field, &f))
			add_member(r, &f, e->parts[i].field, false, b);
	if (r->lossy && !b->failed)
		buf_adds(b, b->p[b->len - 1] == '{' ? "\"lossy\":true" :
		    ",\"lossy\":true");
	return buf_adds(b, "}\n");
}

static bool
has_own_format(const struct record *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->fields[i].kind != FIELD_GONE &&
		    r->fields[i].hidden == 0 &&
		    own_name(r->fields[i].name) == HAS_FORMAT)
			return true;
	return false;
}

bool
next_flat(struct record *r, size_t *i, struct field *f)
{
	static const struct span envelope = { "envelope.", 9 };
	char *p;

	if (*i == 0 && r->layers > 1)
		record_hide(r);
	for (; *i < r->n; ++*i) {
		*f = r->fields[*i];
		if (f->kind == FIELD_GONE)
			continue;
		if (f->hidden > 0 && (p =
		    record_room(r, envelope.len + f->name.len)) != NULL) {
			memcpy(p, envelope.p, envelope.len);
			memcpy(p + envelope.len, f->name.p, f->name.len);
			f->name = span_of(p, envelope.len + f->name.len);
		}
		++*i;
		return true;
	}
	*i += *i == r->n && has_own_format(r);
	*f = (struct field){ .kind = FIELD_TEXT, .name = NAME("format"),
	    .value = record_format(r) };
	if (*i == r->n + 1) {
		f->name = NAME("error");
		f->value = r->error;
	}
	++*i;
	return *i == r->n + 1 || (*i == r->n + 2 && r->error.len > 0);
}

unsigned
facility_of(struct record *r)
{
	struct field f;
	int n = -1;

	if (record_lookup(r, NAME("facility"), &f))
		n = syslog_priority_facility(
		    record_value(r, &f), f.kind == FIELD_JSON);
	return n < 0 ? USER : (unsigned)n;
}

unsigned
severity_of(struct record *r)
{
	static const struct { struct span name; } names[] = {
		{ { "severity", 8 } }, { { "level", 5 } },
	};
	struct field f;
	int n = -1;

	for (size_t i = 0; i < 2 && n < 0; i++)
		if (record_lookup(r, names[i].name, &f))
			n = syslog_priority_severity(record_value(r, &f),
			    f.kind == FIELD_JSON);
	return n < 0 ? INFO : (unsigned)n;
}

/* Add bytes as one line of text: LF, CR, TAB and \ become \n, \r, \t and \\. */
int
add_plain(struct buf *b, struct span s)
{
	static const char from[] = "\n\r\t\\", to[] = "nrt\\";
	const char *p = s.p, *end = p + s.len, *known;
	char *at = room(b, s.len * 2);

	if (at == NULL)
		return -1;
	for (; p < end; p++)
		if ((unsigned char)*p > '\r' && *p != '\\') {
			*at++ = *p;
		} else if ((known = memchr(from, *p, 4)) != NULL) {
			*at++ = '\\';
			*at++ = to[known - from];
		} else {
			*at++ = *p;
		}
	b->len = (size_t)(at - b->p);
	return 0;
}

static int
write_template(struct emit *e, struct record *r, struct buf *b)
{
	struct span value;

	for (size_t i = 0; i < e->n; i++) {
		buf_addspan(b, e->parts[i].text);
		if (e->parts[i].field.len == 0)
			continue;
		if (record_find(r, e->parts[i].field, &value))
			add_plain(b, value);
		else
			buf_addc(b, '-');
	}
	return buf_addc(b, '\n');
}

static int
add_part(struct emit *e, struct span text, struct span field)
{
	struct part *p;

	if ((p = realloc(e->parts, (e->n + 1) * sizeof *p)) == NULL)
		return -1;
	e->parts = p;
	p[e->n++] = (struct part){ text, field };
	return 0;
}

/* Split "a,b" into parts; list is kept. */
int
split_fields(struct emit *e, const char *list)
{
	const char *comma;

	for (;; list = comma + 1) {
		comma = strchrnul(list, ',');
		if (comma > list && add_part(e, span_of(NULL, 0),
		    span_of(list, (size_t)(comma - list))) < 0)
			return -1;
		if (*comma == '\0')
			return 0;
	}
}

/*
 * Split "text {field} text" into parts; {{ is a brace.  Returns NULL, or what
 * is wrong.
 */
static const char *
split_template(struct emit *e, char *t)
{
	char *brace, *close;
	struct span text;

	for (;; t = close + 1) {
		brace = strchrnul(t, '{');
		text = span_of(t, (size_t)(brace - t));
		if (*brace == '\0')
			return add_part(e, text, span_of(NULL, 0)) < 0 ? "" :
			    NULL;
		if (brace[1] == '{') {
			text.len++;
			close = brace + 1;
			if (add_part(e, text, span_of(NULL, 0)) < 0)
				return "";
			continue;
		}
		if ((close = strchr(brace, '}')) == NULL || close == brace + 1)
			return "{ without a field and }";
		if (add_part(e, text, span_of(brace + 1,
		    (size_t)(close - brace - 1))) < 0)
			return "";
	}
}

static const struct {
	const char *name;
	int (*write)(struct emit *e, struct record *r, struct buf *to);
} outputs[] = {
	{ "json", write_json }, { "tsv", write_tsv }, { "csv", write_csv },
	{ "logfmt", write_logfmt }, { "ltsv", write_ltsv },
	{ "syslog", write_syslog }, { "sls", write_sls }, { "ecs", write_ecs },
	{ "otlp", write_otlp }, { "gelf", write_gelf }, { "hec", write_hec },
};

const char *
emit_output_name(size_t i)
{
	return i < sizeof outputs / sizeof outputs[0] ? outputs[i].name : NULL;
}

/* Returns NULL, or what is wrong with the output or the fields. */
static const char *
set_output(struct emit *e, const char *output, const char *fields)
{
	if (strncmp(output, "template:", 9) == 0) {
		e->write = write_template;
		if (fields != NULL)
			return "-s has no use beside a template";
		if ((e->copy = strdup(output + 9)) == NULL)
			return "";
		return split_template(e, e->copy);
	}
	for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++)
		if (strcmp(output, outputs[i].name) == 0)
			e->write = outputs[i].write;
	if (e->write == NULL)
		return "no such output";
	if (fields == NULL)
		return NULL;
	if (e->write == write_json)
		e->write = write_chosen;
	else if (e->write == write_syslog || e->write == write_sls ||
	    e->write == write_ecs || e->write == write_otlp ||
	    e->write == write_gelf || e->write == write_hec)
		return "its fields can't be chosen";
	return split_fields(e, fields) < 0 ? "" : NULL;
}

struct emit *
emit_new(const char *output, const char *fields, bool header,
    const char **why)
{
	struct emit *e = calloc(1, sizeof *e);

	*why = "";
	if (e != NULL && (*why = set_output(e, output, fields)) != NULL) {
		emit_free(e);
		return NULL;
	}
	if (e != NULL)
		e->header = header;
	return e;
}

void
emit_free(struct emit *e)
{
	if (e == NULL)
		return;
	free(e->copy);
	free(e->parts);
	free(e);
}

bool
emit_is_settled(const struct emit *e)
{
	return (e->write != write_tsv && e->write != write_csv) ||
	    (e->n > 0 && !e->header);
}

int
emit_record(struct emit *e, struct record *r, struct buf *to)
{
	/* A writer may need memory of the record, too. */
	if (r->failed || e->write(e, r, to) < 0 || to->failed || r->failed) {
		errno = ENOMEM;
		return -1;
	}
	return 0;
}
