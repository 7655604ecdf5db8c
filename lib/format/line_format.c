#include "format/line_format.h"

#include <stdlib.h>

#include "record/json.h"

enum { FEW = 16 };		/* fields that a layout has room for at first */

struct item {
	/* The text before the item, as an offset in memory. */
	size_t text, text_len;
	size_t name, name_len;	/* the item's name, or its strftime format */
	enum layout_kind kind;
	bool quoted;		/* the text ends with a quote */
	bool again;		/* an item before this one has the same name */
	size_t ending; /* how much of the text may end the line; or none */
	bool may_end;
};

struct line_format {
	struct buf memory; /* all texts and names, each with a NUL after it */
	struct item *items;
	size_t n;
	size_t tail, tail_len;	/* the text after the last item, in memory */
	enum layout_escape escape;
	size_t ending;		/* the value for the item that is added next */
	bool may_end;
	bool padded;		/* blanks around a field do not count */
	/* The layout to try when this one does not fit, or NULL. */
	struct line_format *next;
};

struct line_format *
line_format_new(void)
{
	return calloc(1, sizeof(struct line_format));
}

void
line_format_free(struct line_format *l)
{
	struct line_format *next;

	for (; l != NULL; l = next) {
		next = l->next;
		buf_free(&l->memory);
		free(l->items);
		free(l);
	}
}

void
line_format_escapes(struct line_format *l, enum layout_escape how)
{
	l->escape = how;
}

/* Let a line end here, too. */
static int
may_end(struct line_format *l)
{
	l->may_end = true;
	l->ending = l->tail_len;
	return 0;
}

static const char *
at(const struct line_format *l, size_t offset)
{
	return l->memory.p + offset;
}

/* The text is kept at the end of memory until a field comes. */
int
line_format_text(struct line_format *l, const char *p, size_t n)
{
	if (l->tail_len == 0)
		l->tail = l->memory.len;
	l->tail_len += n;
	return buf_add(&l->memory, p, n);
}

static struct item *
add_item(struct line_format *l, enum layout_kind kind)
{
	struct item *it = l->items;

	if ((l->n & (l->n - 1)) == 0 && (l->n == 0 || l->n >= FEW)) {
		it = realloc(it, (l->n < FEW ? FEW : 2 * l->n) * sizeof *it);
		if (it == NULL)
			return NULL;
		l->items = it;
	}
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
line_format_field(
    struct line_format *l, struct span name, enum layout_kind kind)
{
	struct item *it = add_item(l, kind);

	if (it == NULL)
		return -1;
	it->name_len = name.len;
	buf_addspan(&l->memory, name);
	return buf_addc(&l->memory, '\0');
}

int
line_format_strftime(struct line_format *l, const char *format, size_t n)
{
	struct item *it = l->n > 0 ? &l->items[l->n - 1] : NULL;
	size_t start = l->memory.len;
	bool more = it != NULL && it->kind == LAYOUT_STRFTIME;

	/*
	 * Bytes of memory are added to memory itself: it must not move
	 * meanwhile.
	 */
	if (buf_reserve(&l->memory, l->memory.len + n + 2) < 0)
		return -1;
	if (more) {		/* join both with the text between them */
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
item_name(const struct line_format *l, const struct item *it)
{
	return it->kind == LAYOUT_STRFTIME ? NAME("timestamp") :
	    span_of(at(l, it->name), it->name_len);
}

bool
line_format_joins_path(const struct line_format *l)
{
	struct span name;

	if (l->n == 0 || l->tail_len > 0)
		return false;
	name = item_name(l, &l->items[l->n - 1]);
	return span_is(name, "path") || span_is(name, "request_path");
}

bool
line_format_has(const struct line_format *l, struct span name)
{
	for (size_t i = 0; i < l->n; i++)
		if (span_eq(item_name(l, &l->items[i]), name))
			return true;
	return false;
}

const char *
line_format_check(struct line_format *l, struct buf *why)
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
		/* So that line_format_has looks only at the items before it. */
		l->n = i;
		l->items[i].again =
		    line_format_has(l, item_name(l, &l->items[i]));
	}
	l->n = n;
	if (why->len == 0 && !why->failed)
		return NULL;
	return buf_str(why) != NULL ? why->p : "";
}

unsigned
line_format_needs(const char *t, const char *bytes)
{
	unsigned all = ~0U, found = 0;
	bool ended = false;
	const char *at;

	for (;; t++) {
		if (*t == '{' && t[1] != '{') {
			ended |= t[1] == '?';
			t = strchr(t, '}');
		} else if (*t != '\n' && *t != '\0') {
			t += *t == '{';
			if (!ended && !is_letter(*t) && *t != ' ' &&
			    (at = strchr(bytes, *t)) != NULL)
				found |= 1U << (at - bytes);
		} else {
			all &= found;
			if (*t == '\0')
				return all;
			found = 0;
			ended = false;
		}
	}
}

bool
line_format_needs_status(const char *t)
{
	const char *lf = strchr(t, '\n'), *status = strstr(t, ":status}");

	return status != NULL && (lf == NULL || (status < lf &&
	    line_format_needs_status(lf + 1)));
}

/*
 * Returns where the value at p ends, before the text that follows it, or NULL.
 */
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

/* Returns the value without escapes, in memory of the record if it had any. */
static struct span
decoded(const struct line_format *l, struct scan *s, struct span v)
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

/* Whether v is digits, perhaps with a point; "-" is not. */
static bool
is_count(struct span v)
{
	const char *point = memchr(v.p, '.', v.len);

	if (v.len > 0 && (*v.p == '+' || *v.p == '-')) {
		v.p++;
		v.len--;
	}
	if (point == NULL)
		return v.len == 0 || all_digits(v);
	return all_digits(span_of(v.p, (size_t)(point - v.p))) &&
	    all_digits(span_of(point + 1, (size_t)(v.p + v.len - point - 1)));
}

static bool
add_stamp(const struct line_format *l, struct scan *s, const struct item *it,
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
	case LAYOUT_TIME:
		q = timestamp_at(p, end, s->zone, &t);
		if (q == NULL)
			q = timestamp_of_day(p, end, s->zone, &t);
		break;
	default: q = timestamp_strptime(p, end, at(l, it->name), s->zone, &t);
	}
	if (q != end)
		return false;
	record_add_time(s->rec, &t);
	return true;
}

/*
 * Add a second source of a field as it stands, under a name such as duration_2.
 */
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

/*
 * Add a status: three digits, and perhaps the words that servers put after
 * them.
 */
static bool
add_status(struct scan *s, struct span name, struct span v)
{
	if (v.len < 3 || !all_digits(span_of(v.p, 3)) ||
	    (v.len > 3 && v.p[3] != ' '))
		return false;
	add_number(s, name, span_of(v.p, 3));
	if (v.len > 4)
		add_text(s, NAME("reason"), span_of(v.p + 4, v.len - 4));
	return true;
}

/* Add a method such as GET, REPORT or M-SEARCH. */
static bool
add_method(struct scan *s, struct span name, struct span v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((v.p[i] < 'A' || v.p[i] > 'Z') && v.p[i] != '-')
			return false;
	add_text(s, name, v);
	return v.len >= 3 && v.len <= 20;
}

/* Add a field that is a part of a request.  Returns as add_value does. */
static bool
add_part(const struct line_format *l, struct scan *s, const struct item *it,
    struct span v)
{
	struct span name = item_name(l, it), target;

	switch (it->kind) {
	case LAYOUT_STATUS: return add_status(s, name, v);
	case LAYOUT_METHOD: return add_method(s, name, v);
	case LAYOUT_TARGET:
		if (l->padded && memchr(v.p, ' ', v.len) != NULL)
			return false;
		target = decoded(l, s, v);
		if (target.len > 0 && !span_is(target, "-"))
			add_target(s, target, FIELD_TEXT);
		return true;
	case LAYOUT_QUERY:
		if (v.len > 0 && *v.p == '?')
			v = span_of(v.p + 1, v.len - 1);
		if (v.len > 0)
			add_text(s, name, decoded(l, s, v));
		return true;
	default: return add_duration(s, name, v);
	}
}

/*
 * Add the value of a field.  Returns false when the field cannot have this
 * value.
 */
static bool
add_value(const struct line_format *l, struct scan *s, const struct item *it,
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
	case LAYOUT_TIME:
	case LAYOUT_STRFTIME: return add_stamp(l, s, it, v);
	case LAYOUT_STATUS:
	case LAYOUT_METHOD:
	case LAYOUT_TARGET:
	case LAYOUT_QUERY:
	case LAYOUT_DURATION: return add_part(l, s, it, v);
	case LAYOUT_REQUEST:
		add_request(s, decoded(l, s, v), QUOTED_PLAIN);
		return true;
	case LAYOUT_ADDRESS:
		add_endpoint(s, v);
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
fail_at(const struct line_format *l, struct scan *s, size_t i, const char *p)
{
	return scan_fail(s, (unsigned)i + 1, p, i < l->n ?
	    item_name(l, &l->items[i]).p : "end of line");
}

/*
 * Returns where the i-th item, which begins at p, ends so that its following
 * text comes next; or NULL.  A time may hold that text, such as a blank,
 * itself.
 */
static const char *
item_end(const struct line_format *l, struct scan *s, size_t i,
    const char *p, const char *end, struct span after)
{
	const struct item *it = &l->items[i];
	struct timestamp t;
	const char *q = NULL;

	if (l->padded && it->kind == LAYOUT_TEXT && !it->quoted &&
	    after.len > 0 && (*after.p == ' ' || *after.p == ':')) {
		q = find_char(p, end, ' ');	/* the value is a word */
		if ((size_t)(end - q) > after.len)
			end = q + after.len;
	}
	if (it->kind == LAYOUT_TIME)
		q = any_time(s, p, end, &t);
	else if (it->kind == LAYOUT_STRFTIME)
		q = timestamp_strptime(p, end, at(l, it->name), s->zone, &t);
	if (q != NULL && (size_t)(end - q) >= after.len &&
	    memcmp(q, after.p, after.len) == 0)
		return q;
	/* A format's blank may have taken the text behind it along. */
	return it->kind == LAYOUT_TIME ? NULL :
	    find_end(p, end, after, it->quoted);
}

/* Returns the text after the i-th item. */
static struct span
text_behind(const struct line_format *l, size_t i)
{
	if (i + 1 == l->n)
		return span_of(at(l, l->tail), l->tail_len);
	return span_of(at(l, l->items[i + 1].text), l->items[i + 1].text_len);
}

bool
line_format_scan(const struct line_format *l, struct scan *s, struct span text)
{
	const char *p, *end, *q;
	const struct item *it = l->items;
	size_t n = l->n;
	struct span after, value;

	if (l->padded)
		text = span_trim(text);
	end = text.p + text.len;
	if (text.len < it->text_len ||
	    memcmp(text.p, at(l, it->text), it->text_len) != 0)
		return fail_at(l, s, 0, text.p);
	p = text.p + it->text_len;
	for (size_t i = 0; i < n; i++, it++) {
		after = text_behind(l, i);
		if (l->padded)
			p = skip_spaces(p, end);
		q = item_end(l, s, i, p, end, after);
		if (q == NULL && i + 1 < n && it[1].may_end) {
			after.len = it[1].ending;
			n = i + 1;	/* the line ends here */
			q = end - after.len;
			if (q < p || memcmp(q, after.p, after.len) != 0)
				q = NULL;
		}
		if (q == NULL)
			return fail_at(l, s, i + 1, p);
		value = span_to(p, q);
		while (l->padded && value.len > 0 &&
		    value.p[value.len - 1] == ' ')
			value.len--;
		if (!add_value(l, s, it, value))
			return fail_at(l, s, i, p);
		p = q + after.len;
	}
	return p == end || fail_at(l, s, l->n, p);
}

bool
scan_layout(struct scan *s, struct span text)
{
	const struct line_format *l = s->layout;
	struct record_mark mark = record_mark(s->rec);

	for (; l != NULL; l = l->next) {
		if (line_format_scan(l, s, text))
			return true;
		record_reset(s->rec, &mark);
	}
	return false;
}

/* Add "name:kind" as a field. */
static int
add_described(struct line_format *l, const char *p, size_t n)
{
	static const char *const kinds[] = { "text", "number", "seconds",
	    "millis", "micros", "clf", "iso", "ctime", "epoch", "strftime",
	    "request", "method", "target", "query", "status", "duration",
	    "time", "address", "list", "message" };
	const char *colon = memchr(p, ':', n);
	size_t kind = 0;

	while (colon != NULL && kind < sizeof kinds / sizeof kinds[0] - 1 &&
	    (*kinds[kind] != colon[1] || !span_is(span_of(colon + 1, (size_t)(p + n - colon - 1)),
	    kinds[kind])))
		kind++;
	return line_format_field(l,
	    span_of(p, colon != NULL ? (size_t)(colon - p) : n),
	    (enum layout_kind)kind);
}

struct line_format *
line_format_of(const char *t)
{
	struct line_format *l = line_format_new();
	const char *close;
	size_t n = strlen(t);
	int r = l == NULL || buf_reserve(&l->memory, n) < 0 ? -1 : 0;

	for (; r == 0 && *t != '\0'; t++) {
		if (*t == '\n') {
			l->next = line_format_of(t + 1);
			r = l->next == NULL ? -1 : 0;
			break;
		}
		if (*t != '{' || t[1] == '{') {
			t += *t == '{';
			for (n = 1; t[n] != '\0' && t[n] != '{' &&
			    t[n] != '\n'; n++)
				;
			r = line_format_text(l, t, n);
			t += n - 1;
			continue;
		}
		close = strchr(t, '}');
		if (t[1] == '?')
			r = may_end(l);
		else if (t[1] == '~')
			l->padded = true;
		else
			r = add_described(l, t + 1, (size_t)(close - t - 1));
		t = close;
	}
	if (r == 0)
		return l;
	line_format_free(l);
	return NULL;
}
