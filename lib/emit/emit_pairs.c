/*
 * logfmt and ltsv: name and value, name and value
 */
#include "emit/emit_internal.h"

/* Does logfmt need quotes around s? */
static bool
needs_quotes(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((signed char)s.p[i] <= ' ' || s.p[i] == '"' ||
		    s.p[i] == '=' || s.p[i] == '\\' || s.p[i] == 0x7f)
			return true;
	return s.len == 0;
}

/* What cannot be added sets failed in b. */
static void
add_logfmt(struct record *r, struct buf *b, struct span value)
{
	if (needs_quotes(value))
		json_add_string(b, value, &r->lossy);
	else
		buf_addspan(b, value);
}

static void
add_ltsv(struct record *r, struct buf *b, struct span value)
{
	char *to = room(b, value.len * 2), c;

	(void)r;
	if (to == NULL)
		return;
	for (size_t i = 0; i < value.len; i++) {
		c = value.p[i];
		if (c == '\t' || c == '\n' || c == '\r') {
			*to++ = '\\';
			c = c == '\t' ? 't' : c == '\n' ? 'n' : 'r';
		}
		*to++ = c;
	}
	b->len = (size_t)(to - b->p);
}

/* Add any name so that both formats take it. */
static void
add_name(struct buf *b, struct span name)
{
	char *to = room(b, name.len);

	if (to == NULL)
		return;
	for (size_t i = 0; i < name.len; i++)
		to[i] = (name.p[i] >= '0' && name.p[i] <= '9') ||
		    ((name.p[i] | 0x20) >= 'a' && (name.p[i] | 0x20) <= 'z') ||
		    memchr("_.-@", name.p[i], 4) != NULL ? name.p[i] : '_';
	b->len += name.len;
}

static int
write_pairs(struct emit *e, struct record *r, struct buf *b, char equals,
    char between, void (*add)(struct record *, struct buf *, struct span))
{
	bool chosen = e->n > 0 && r->layers > 0;
	size_t start = b->len, i = 0;
	struct field f;

	while (chosen ? i < e->n : next_flat(r, &i, &f)) {
		if (chosen) {
			f.name = e->parts[i++].field;
			if (!record_lookup(r, f.name, &f))
				continue;
			f.name = e->parts[i - 1].field;
		}
		if (b->len > start)
			buf_addc(b, between);
		add_name(b, f.name);
		buf_addc(b, equals);
		add(r, b, record_value(r, &f));
	}
	return buf_addc(b, '\n');
}

int
write_logfmt(struct emit *e, struct record *r, struct buf *b)
{
	return write_pairs(e, r, b, '=', ' ', add_logfmt);
}

int
write_ltsv(struct emit *e, struct record *r, struct buf *b)
{
	return write_pairs(e, r, b, ':', '\t', add_ltsv);
}
