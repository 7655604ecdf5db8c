#include "emit.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

/* A template: text, then a field, and so on; the last has no field. */
struct part {
	struct span text, field;
};

struct emit {
	int (*write)(struct emit *e, struct record *r, struct buf *to);
	struct part *parts;
	size_t n;
	char *copy;		/* what the parts point into */
};

/* Room for n bytes at the end of what was written: where, or NULL. */
static inline char *
room(struct buf *b, size_t n)
{
	if (b->cap - b->len < n && buf_reserve(b, n) < 0)
		return NULL;
	return b->p + b->len;
}

static inline char *
put(char *to, const char *p, size_t n)
{
	memcpy(to, p, n);
	return to + n;
}

/* "name": with a comma in front unless it is the first. */
static inline char *
put_name(char *to, struct span name, bool plain, bool *lossy)
{
	if (to[-1] != '{')
		*to++ = ',';
	*to++ = '"';
	to = plain ? put(to, name.p, name.len) : json_put(to, name, lossy);
	return put(to, "\":", 2);
}

/* A value that is not JSON as it stands; to is where the buffer ends. */
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

static int
add_member(struct record *r, const struct field *f, struct span name,
    bool plain, struct buf *b)
{
	char *to = room(b, JSON_ROOM(f->value.len + name.len) + 16);

	if (to == NULL)
		return -1;
	to = put_name(to, name, plain, &r->lossy);
	if (f->kind == FIELD_TEXT) {
		*to++ = '"';
		to = json_put(to, f->value, &r->lossy);
		*to++ = '"';
	} else if (!f->clean) {
		b->len = (size_t)(to - b->p);
		return add_dirty(r, f, b);
	} else if (f->kind == FIELD_JSON) {
		to = put(to, f->value.p, f->value.len);
	} else {
		*to++ = '"';
		to = put(to, f->value.p, f->value.len);
		*to++ = '"';
	}
	b->len = (size_t)(to - b->p);
	return 0;
}

static int
add_text_member(struct record *r, struct span name, struct span text,
    struct buf *b)
{
	struct field f = { .kind = FIELD_TEXT, .value = text };

	return add_member(r, &f, name, true, b);
}

/* How many inner layers have a field of f's name. */
static unsigned
hidden_by(const struct record *r, const struct field *f)
{
	unsigned n = 0;

	while ((f = record_inner(r, f)) != NULL)
		n++;
	return n;
}

/*
 * The fields that n inner ones hide, as an object; the next level, which n + 1
 * hide, is inside it.
 */
static int
add_envelope(struct record *r, unsigned n, struct buf *b)
{
	bool deeper = false, begun = false;
	const struct field *f;
	unsigned by;

	for (f = r->fields; f < r->fields + r->n; f++) {
		if (f->kind == FIELD_GONE)
			continue;
		by = hidden_by(r, f);
		deeper |= by > n;
		if (by != n)
			continue;
		if (!begun && buf_adds(b, ",\"envelope\":{") < 0)
			return -1;
		begun = true;
		add_member(r, f, f->name, f->plain_name, b);
	}
	if (deeper && begun)
		add_envelope(r, n + 1, b);
	return begun ? buf_addc(b, '}') : 0;
}

/* format, error and lossy, which are not in the line; not twice. */
static void
add_own(struct record *r, struct buf *b)
{
	bool has_format = false, has_lossy = false;
	struct span name;

	for (size_t i = 0; i < r->n; i++) {
		name = r->fields[i].name;
		if (name.len < 5 || name.len > 6)
			continue;
		has_format |= span_is(name, "format");
		has_lossy |= span_is(name, "lossy");
	}
	if (!has_format)
		add_text_member(r, NAME("format"), record_format(r), b);
	if (r->layers > 1)
		add_envelope(r, 1, b);
	if (r->error.len > 0)
		add_text_member(r, NAME("error"), r->error, b);
	if (r->lossy && !has_lossy)
		buf_adds(b, ",\"lossy\":true");
}

static int
write_json(struct emit *e, struct record *r, struct buf *b)
{
	const struct field *f;

	(void)e;
	buf_addc(b, '{');
	for (f = r->fields; f < r->fields + r->n; f++) {
		if (f->kind == FIELD_GONE ||
		    (r->layers > 1 && record_inner(r, f) != NULL))
			continue;
		if (add_member(r, f, f->name, f->plain_name, b) < 0)
			return -1;
	}
	add_own(r, b);
	return buf_adds(b, "}\n");
}

static int
write_chosen(struct emit *e, struct record *r, struct buf *b)
{
	struct field f;

	if (r->layers == 0)
		return write_json(e, r, b);	/* none is ever lost */
	buf_addc(b, '{');
	for (size_t i = 0; i < e->n; i++)
		if (record_lookup(r, e->parts[i].field, &f))
			add_member(r, &f, e->parts[i].field, false, b);
	if (r->lossy)
		buf_adds(b, b->p[b->len - 1] == '{' ? "\"lossy\":true" :
		    ",\"lossy\":true");
	return buf_adds(b, "}\n");
}

/* Bytes on one line of text: LF, CR, TAB and \ as \n, \r, \t and \\. */
static int
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

/* Columns; a line that was not parsed stands behind them, so it is not lost. */
static int
write_tsv(struct emit *e, struct record *r, struct buf *b)
{
	struct span value;
	bool raw = r->layers == 0;

	for (size_t i = 0; i < e->n; i++) {
		if (i > 0)
			buf_addc(b, '\t');
		if (record_find(r, e->parts[i].field, &value)) {
			add_plain(b, value);
			raw &= !span_is(e->parts[i].field, "message");
		}
	}
	if (raw && record_find(r, NAME("message"), &value)) {
		buf_addc(b, '\t');
		add_plain(b, value);
	}
	return buf_addc(b, '\n');
}

/* What a table of such records shows when nobody said. */
static const char *
usual_columns(const struct record *r)
{
	const char *format = r->layers > 0 ? r->formats[r->layers - 1] : "raw";

	if (strcmp(format, "clf") == 0)
		return "timestamp,client,identity,user,method,path,protocol,"
		    "status,size";
	if (strcmp(format, "combined") == 0)
		return "timestamp,client,identity,user,method,path,protocol,"
		    "status,size,referer,agent";
	if (strcmp(format, "syslog") == 0)
		return "timestamp,hostname,appname,procid,msgid,facility,"
		    "severity,message";
	return NULL;
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

/* "a,b" as parts; list is kept. */
static int
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

/* The columns of a table without -s: the usual ones, or those of record r. */
static int
choose_columns(struct emit *e, const struct record *r)
{
	const char *usual = usual_columns(r);
	struct buf names = { 0 };

	if (usual != NULL)
		return split_fields(e, usual);
	for (size_t i = 0; i < r->n; i++)
		if (r->fields[i].kind != FIELD_GONE) {
			buf_addspan(&names, r->fields[i].name);
			buf_addc(&names, ',');
		}
	if (buf_str(&names) == NULL)
		return -1;
	e->copy = names.p;
	return split_fields(e, e->copy);
}

/* "text {field} text" as parts; {{ is a brace.  NULL, or what is wrong. */
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

static int
write_first_row(struct emit *e, struct record *r, struct buf *b)
{
	if (choose_columns(e, r) < 0)
		return -1;
	e->write = write_tsv;
	return write_tsv(e, r, b);
}

static const char *
set_output(struct emit *e, const char *output, const char *fields)
{
	if (strncmp(output, "template:", 9) == 0) {
		e->write = write_template;
		if ((e->copy = strdup(output + 9)) == NULL)
			return "";
		return split_template(e, e->copy);
	}
	if (fields != NULL && split_fields(e, fields) < 0)
		return "";
	if (strcmp(output, "json") == 0)
		e->write = fields != NULL ? write_chosen : write_json;
	else if (strcmp(output, "tsv") == 0)
		e->write = fields != NULL ? write_tsv : write_first_row;
	else
		return "no such output";
	return NULL;
}

struct emit *
emit_new(const char *output, const char *fields, const char **why)
{
	struct emit *e = calloc(1, sizeof *e);

	*why = "";
	if (e != NULL && (*why = set_output(e, output, fields)) != NULL) {
		emit_free(e);
		return NULL;
	}
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

int
emit_record(struct emit *e, struct record *r, struct buf *to)
{
	if (r->failed || e->write(e, r, to) < 0 || to->failed) {
		errno = ENOMEM;
		return -1;
	}
	return 0;
}
