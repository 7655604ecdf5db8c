#include "layout.h"

#include <stdlib.h>

#include "json.h"

struct item {
	size_t text, text_len;	/* what stands before it, an offset in memory */
	size_t name, name_len;	/* its name, or its strftime format */
	enum layout_kind kind;
	bool quoted;		/* text ends with a quote */
	bool again;		/* one before it has the name */
	size_t ending;		/* so much of text may end the line; or none */
	bool may_end;
};

struct layout {
	struct buf memory;	/* texts and names, each with a NUL behind it */
	struct item *items;
	size_t n;
	size_t tail, tail_len;	/* what stands behind the last */
	enum layout_escape escape;
	size_t ending;		/* of the item that is added next */
	bool may_end;
};

struct layout *
layout_new(void)
{
	return calloc(1, sizeof(struct layout));
}

void
layout_free(struct layout *l)
{
	if (l == NULL)
		return;
	buf_free(&l->memory);
	free(l->items);
	free(l);
}

void
layout_escapes(struct layout *l, enum layout_escape how)
{
	l->escape = how;
}

int
layout_may_end(struct layout *l)
{
	l->may_end = true;
	l->ending = l->tail_len;
	return 0;
}

static const char *
at(const struct layout *l, size_t offset)
{
	return l->memory.p + offset;
}

/* Text collects at the end of memory until a field comes. */
int
layout_text(struct layout *l, const char *p, size_t n)
{
	if (l->tail_len == 0)
		l->tail = l->memory.len;
	l->tail_len += n;
	return buf_add(&l->memory, p, n);
}

static struct item *
add_item(struct layout *l, enum layout_kind kind)
{
	struct item *it = realloc(l->items, (l->n + 1) * sizeof *it);

	if (it == NULL)
		return NULL;
	l->items = it;
	if (buf_addc(&l->memory, '\0') < 0)
		return NULL;
	it += l->n++;
	*it = (struct item){ .text = l->tail, .text_len = l->tail_len,
	    .kind = kind, .name = l->memory.len, .may_end = l->may_end,
	    .ending = l->ending };
	it->quoted = it->text_len > 0 &&
	    at(l, it->text)[it->text_len - 1] == '"';
	l->tail = l->tail_len = 0;
	l->may_end = false;
	return it;
}

int
layout_field(struct layout *l, struct span name, enum layout_kind kind)
{
	struct item *it = add_item(l, kind);

	if (it == NULL)
		return -1;
	it->name_len = name.len;
	buf_addspan(&l->memory, name);
	return buf_addc(&l->memory, '\0');
}

int
layout_strftime(struct layout *l, const char *format, size_t n)
{
	struct item *it = l->n > 0 ? &l->items[l->n - 1] : NULL;
	size_t start = l->memory.len;
	bool more = it != NULL && it->kind == LAYOUT_STRFTIME;

	/* Its own bytes are added to memory: it must not move meanwhile. */
	if (buf_reserve(&l->memory, l->memory.len + n + 2) < 0)
		return -1;
	if (more) {		/* with the text between the two */
		buf_add(&l->memory, at(l, it->name), it->name_len);
		buf_add(&l->memory, at(l, l->tail), l->tail_len);
		l->tail = l->tail_len = 0;
	} else if ((it = add_item(l, LAYOUT_STRFTIME)) == NULL) {
		return -1;
	} else {
		start = l->memory.len;
	}
	buf_add(&l->memory, format, n);
	it->name = start;
	it->name_len = l->memory.len - start;
	return buf_addc(&l->memory, '\0');
}

static struct span
item_name(const struct layout *l, const struct item *it)
{
	return it->kind == LAYOUT_STRFTIME ? NAME("timestamp") :
	    span_of(at(l, it->name), it->name_len);
}

bool
layout_joins_path(const struct layout *l)
{
	struct span name;

	if (l->n == 0 || l->tail_len > 0)
		return false;
	name = item_name(l, &l->items[l->n - 1]);
	return span_is(name, "path") || span_is(name, "request_path");
}

bool
layout_has(const struct layout *l, struct span name)
{
	for (size_t i = 0; i < l->n; i++)
		if (span_eq(item_name(l, &l->items[i]), name))
			return true;
	return false;
}

const char *
layout_check(struct layout *l, struct buf *why)
{
	struct span a, b;
	size_t n = l->n;

	buf_clear(why);
	if (l->n == 0)
		buf_adds(why, "no field in it");
	for (size_t i = 1; i < l->n && why->len == 0; i++)
		if (l->items[i].text_len == 0) {
			a = item_name(l, &l->items[i - 1]);
			b = item_name(l, &l->items[i]);
			buf_printf(why, "nothing between %.*s and %.*s",
			    (int)a.len, a.p, (int)b.len, b.p);
		}
	for (size_t i = 0; i < n; i++) {
		l->n = i;		/* those before it */
		l->items[i].again = layout_has(l, item_name(l, &l->items[i]));
	}
	l->n = n;
	return why->len > 0 ? buf_str(why) : NULL;
}

/* The value from p to the text that follows it, or NULL; *behind that text. */
static const char *
find_end(const char *p, const char *end, struct span text, bool quoted)
{
	const char *q = p, *slash;

	if (text.len == 0)
		return end;
	for (; (size_t)(end - q) >= text.len; q++) {
		q = memchr(q, *text.p, (size_t)(end - q) - text.len + 1);
		if (q == NULL)
			return NULL;
		if (memcmp(q, text.p, text.len) != 0)
			continue;
		for (slash = q; quoted && slash > p && slash[-1] == '\\';
		    slash--)
			;
		if ((q - slash) % 2 == 0)
			return q;
	}
	return NULL;
}

/* What a value means, in memory of the record where it has escapes. */
static struct span
decoded(const struct layout *l, struct scan *s, struct span v)
{
	struct json_value string = { .type = JSON_STRING, .escaped = true,
	    .text = v };
	char *to;

	if (l->escape == LAYOUT_NO_ESCAPE || memchr(v.p, '\\', v.len) == NULL)
		return v;
	if (l->escape == LAYOUT_BACKSLASH)
		return unescape(s->rec, v);
	if ((to = record_room(s->rec, v.len)) == NULL)
		return v;
	return span_of(to, (size_t)(json_decode_to(to, &string) - to));
}

/* Digits, perhaps with a point; "-" is none. */
static bool
is_count(struct span v)
{
	const char *point = memchr(v.p, '.', v.len);

	if (v.len > 0 && (*v.p == '+' || *v.p == '-')) {
		v.p++;
		v.len--;
	}
	if (point == NULL || point < v.p)
		return v.len == 0 || all_digits(v);
	return all_digits(span_of(v.p, (size_t)(point - v.p))) &&
	    all_digits(span_of(point + 1, (size_t)(v.p + v.len - point - 1)));
}

static bool
add_stamp(const struct layout *l, struct scan *s, const struct item *it,
    struct span v)
{
	const char *p = v.p, *end = p + v.len, *q = NULL;
	struct timestamp t;

	if (v.len == 0 || span_is(v, "-"))
		return true;
	switch (it->kind) {
	case LAYOUT_CLF: q = timestamp_clf(p, end, s->zone, &t); break;
	case LAYOUT_ISO: q = timestamp_iso(p, end, s->zone, &t); break;
	case LAYOUT_CTIME: q = timestamp_ctime(p, end, s->zone, &t); break;
	case LAYOUT_EPOCH: q = timestamp_epoch(p, end, &t); break;
	default: q = timestamp_strptime(p, end, at(l, it->name), s->zone, &t);
	}
	if (q != end)
		return false;
	record_add_time(s->rec, &t);
	return true;
}

/* A second source of a field, as it stands: duration_2. */
static void
add_second(struct scan *s, struct span name, struct span v)
{
	char *p = record_room(s->rec, name.len + 2);

	if (p == NULL)
		return;
	memcpy(p, name.p, name.len);
	memcpy(p + name.len, "_2", 2);
	add_text(s, span_of(p, name.len + 2), v);
}

/* False when it is not what the field should hold. */
static bool
add_value(const struct layout *l, struct scan *s, const struct item *it,
    struct span v)
{
	struct span name = item_name(l, it);

	if (it->again) {
		add_second(s, name, decoded(l, s, v));
		return true;
	}
	switch (it->kind) {
	case LAYOUT_MILLIS: return add_scaled(s, name, v, 3);
	case LAYOUT_MICROS: return add_scaled(s, name, v, 6);
	case LAYOUT_NUMBER:
	case LAYOUT_SECONDS:
		if (!is_count(v))
			return false;
		add_number(s, name, v);
		return true;
	case LAYOUT_CLF:
	case LAYOUT_ISO:
	case LAYOUT_CTIME:
	case LAYOUT_EPOCH:
	case LAYOUT_STRFTIME: return add_stamp(l, s, it, v);
	case LAYOUT_REQUEST:
		add_request(s, decoded(l, s, v), QUOTED_PLAIN);
		return true;
	case LAYOUT_ADDRESS:
		add_address(s, v);
		return true;
	case LAYOUT_LIST:
		add_list(s, name, decoded(l, s, v));
		return true;
	case LAYOUT_MESSAGE:
		record_add_message(s->rec, decoded(l, s, v));
		return true;
	case LAYOUT_TEXT: break;
	}
	if (it->quoted)
		add_quoted(s, name, decoded(l, s, v), QUOTED_PLAIN);
	else
		add_text(s, name, decoded(l, s, v));
	return true;
}

static bool
fail_at(const struct layout *l, struct scan *s, size_t i, const char *p)
{
	return scan_fail(s, (unsigned)i + 1, p, i < l->n ?
	    item_name(l, &l->items[i]).p : "end of line");
}

/* What stands behind the i-th item. */
static struct span
text_behind(const struct layout *l, size_t i)
{
	if (i + 1 == l->n)
		return span_of(at(l, l->tail), l->tail_len);
	return span_of(at(l, l->items[i + 1].text), l->items[i + 1].text_len);
}

bool
layout_scan(const struct layout *l, struct scan *s, struct span text)
{
	const char *p, *end = text.p + text.len, *q;
	const struct item *it = l->items;
	size_t n = l->n;
	struct span after;

	if (text.len < it->text_len ||
	    memcmp(text.p, at(l, it->text), it->text_len) != 0)
		return fail_at(l, s, 0, text.p);
	p = text.p + it->text_len;
	for (size_t i = 0; i < n; i++, it++) {
		after = text_behind(l, i);
		q = find_end(p, end, after, it->quoted);
		if (q == NULL && i + 1 < n && it[1].may_end) {
			after.len = it[1].ending;
			n = i + 1;	/* the line ends here */
			q = end - after.len;
			if (q < p || memcmp(q, after.p, after.len) != 0)
				q = NULL;
		}
		if (q == NULL)
			return fail_at(l, s, i + 1, p);
		if (!add_value(l, s, it, span_to(p, q)))
			return fail_at(l, s, i, p);
		p = q + after.len;
	}
	return p == end || fail_at(l, s, l->n, p);
}

bool
scan_layout(struct scan *s, struct span text)
{
	return layout_scan(s->layout, s, text);
}

/* "name:kind" as a field. */
static int
add_described(struct layout *l, const char *p, size_t n)
{
	static const char *const kinds[] = { "text", "number", "seconds",
	    "millis", "micros", "clf", "iso", "ctime", "epoch", "strftime",
	    "request", "address", "list", "message" };
	const char *colon = memchr(p, ':', n);
	size_t kind = 0;

	while (colon != NULL && kind < sizeof kinds / sizeof kinds[0] - 1 &&
	    !span_is(span_of(colon + 1, (size_t)(p + n - colon - 1)),
	    kinds[kind]))
		kind++;
	return layout_field(l, span_of(p, colon != NULL ? (size_t)(colon - p) :
	    n), (enum layout_kind)kind);
}

struct layout *
layout_of(const char *t)
{
	struct layout *l = layout_new();
	const char *close;
	int r = l == NULL ? -1 : 0;

	for (; r == 0 && *t != '\0'; t++) {
		if (*t != '{' || t[1] == '{') {
			r = layout_text(l, t, 1);
			t += *t == '{';
			continue;
		}
		close = strchr(t, '}');
		if (t[1] == '?')
			r = layout_may_end(l);
		else
			r = add_described(l, t + 1, (size_t)(close - t - 1));
		t = close;
	}
	if (r == 0)
		return l;
	layout_free(l);
	return NULL;
}
