/*
 * akkeris: what the Akkeris platform has in its topics
 *
 * Applications' lines are as in kube.  Its router writes pairs, or JSON through
 * Istio, and its builds JSON:
 *
 *	hostname=app-space.example.com source=1.2.3.4 path=/ status=200
 *	{"app":"a","space":"s","method":"GET","path":"/","status":200,...}
 *	{"metadata":"app-space","build":40,"job":"40","message":"text"}
 *
 * Their message becomes what Akkeris' logshuttle makes of it, and appname
 * akkeris/router or akkeris/build.
 */
#include "base/bytes.h"
#include "format/json_object.h"
#include "format/known_keys.h"
#include "format/scan_util.h"

extern const struct format format_kube, format_logfmt;

static struct field *
field_named(struct record *r, struct span name)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->fields[i].layer == r->layers &&
		    r->fields[i].kind != FIELD_GONE &&
		    span_eq(r->fields[i].name, name))
			return &r->fields[i];
	return NULL;
}

/* Returns the value of a field, or an empty span. */
static struct span
value_of(struct record *r, struct span name)
{
	const struct field *f = field_named(r, name);

	return f != NULL ? record_value(r, f) : span_of(NULL, 0);
}

static void
set_field(struct record *r, struct span name, struct span value)
{
	struct field *f = field_named(r, name);

	if (f != NULL)
		f->kind = FIELD_GONE;
	record_add(r, name, value, FIELD_TEXT);
}

static void
set_origin(struct record *r, struct span app, struct span space,
    struct span appname)
{
	set_field(r, NAME("app"), app);
	set_field(r, NAME("namespace"), space);
	set_field(r, NAME("appname"), appname);
}

/* Cut "app-space" at its first "-"; without one the space is default. */
static bool
cut_name(struct span name, struct span *app, struct span *space)
{
	const char *end = name.p + name.len;
	const char *cut = find_char(name.p, end, '-');

	*app = span_to(name.p, cut);
	*space = cut < end ? span_to(cut + 1, end) : NAME("default");
	return app->len > 0 && space->len > 0;
}

/* --- texts in memory of the record --- */

struct text {
	char *p;	/* NULL while its length is counted */
	size_t len;
};

static void
text_add(struct text *t, struct span s)
{
	if (t->p != NULL && s.len > 0)
		memcpy(t->p + t->len, s.p, s.len);
	t->len += s.len;
}

static void
text_add_pair(struct text *t, struct span name, struct span value)
{
	if (t->len > 0)
		text_add(t, NAME(" "));
	text_add(t, name);
	text_add(t, NAME("="));
	text_add(t, value);
}

/* Make the message of what compose adds, in two turns: count, and copy. */
static bool
add_composed(struct scan *s, bool (*compose)(struct text *t,
    struct record *r, struct span text), struct span text)
{
	struct record *r = s->rec;
	struct text t = { 0 };

	if (!compose(&t, r, text))
		return false;
	if ((t.p = record_room(r, t.len + 1)) != NULL) {
		t.len = 0;
		compose(&t, r, text);
		set_field(r, NAME("message"), span_of(t.p, t.len));
	}
	return true;
}

static void
add_place(struct text *t, struct record *r, struct span path)
{
	text_add_pair(t, NAME("host"), value_of(r, NAME("app")));
	text_add(t, NAME("-"));
	text_add(t, value_of(r, NAME("namespace")));
	text_add_pair(t, NAME("path"), path);
}

/* --- the router's pairs --- */

/* Returns where the next word begins and, in *word, the word; or NULL. */
static const char *
next_word(const char *p, const char *end, struct span *word)
{
	p = skip_spaces(p, end);
	*word = token_at(p, end);
	return word->len > 0 ? p + word->len : NULL;
}

/* Returns the value without its %HH and +, or as it stands when they are wrong. */
static struct span
percent_decoded(struct record *r, struct span s)
{
	char *to = record_room(r, s.len + 1), *start = to;
	int high, low;

	for (size_t i = 0; i < s.len && to != NULL; i++) {
		if (s.p[i] != '%') {
			*to++ = (char)(s.p[i] == '+' ? ' ' : s.p[i]);
			continue;
		}
		if (i + 2 >= s.len || (high = hex_digit(s.p[i + 1])) < 0 ||
		    (low = hex_digit(s.p[i + 2])) < 0)
			return s;
		*to++ = (char)(high << 4 | low);
		i += 2;
	}
	return to != NULL ? span_to(start, to) : s;
}

static bool
compose_pairs(struct text *t, struct record *r, struct span text)
{
	struct span word, name, value, path = span_of(NULL, 0);
	const char *p = text.p, *end = p + text.len, *equals;

	while ((p = next_word(p, end, &word)) != NULL) {
		equals = find_char(word.p, p, '=');
		if (equals == p)
			return false;
		name = span_to(word.p, equals);
		value = span_to(equals + 1, p);
		if (span_is(name, "path")) {
			path = value;
		} else if (span_is(name, "source")) {
			text_add_pair(t, NAME("fwd"), NAME("\""));
			text_add(t, percent_decoded(r, value));
			text_add(t, NAME("\""));
		} else if (!span_is(name, "hostname") &&
		    !span_is(name, "timestamp")) {
			text_add_pair(t, name, value);
		}
	}
	add_place(t, r, path);
	return true;
}

static bool
scan_pairs(struct scan *s, struct span text)
{
	struct span name, app, space;
	struct record *r = s->rec;
	struct field *f;

	if (!format_logfmt.scan(s, text))
		return false;
	name = value_of(r, NAME("hostname"));
	name = span_to(name.p, find_char(name.p, name.p + name.len, '.'));
	if (!cut_name(name, &app, &space))
		return scan_fail(s, 1, text.p, "hostname=app-space");
	if ((f = field_named(r, NAME("site_domain"))) != NULL) {
		f->kind = FIELD_GONE;
		set_field(r, NAME("site"), f->value);
	}
	set_origin(r, app, space, NAME("akkeris/router"));
	return add_composed(s, compose_pairs, text) ||
	    scan_fail(s, 1, text.p, "key=value");
}

/* --- the router's JSON --- */

static bool
compose_object(struct text *t, struct record *r, struct span path)
{
	static const struct span names[] = {
		{ "bytes", 5 }, { "method", 6 }, { "request_id", 10 },
		{ "fwd", 3 }, { "origin", 6 }, { "status", 6 },
		{ "service", 7 }, { "total", 5 }, { "source", 6 },
		{ "dyno", 4 },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		text_add_pair(t, names[i], value_of(r, names[i]));
	add_place(t, r, path);
	return true;
}

/* --- builds --- */

/*
 * What a build is given may be secret: "Step 3/7 : ARG TOKEN=..." is cut after
 * its "=".
 */
static void
hide_argument(struct record *r)
{
	struct field *f = field_named(r, NAME("message"));
	const char *p, *end, *q;
	char *text;
	size_t n;

	if (f == NULL || f->kind != FIELD_JSON_STRING)
		return;
	p = f->value.p;
	end = p + f->value.len;
	for (; (p = memmem(p, (size_t)(end - p), "Step ", 5)) != NULL; p++) {
		for (q = p + 5; q < end && (is_digit(*q) || *q == '/');)
			q++;
		if ((q = skip(q, end, " : ARG ")) == NULL)
			continue;
		while (q < end && (is_letter(*q) || is_digit(*q) ||
		    *q == '_'))
			q++;
		if (q == end || *q++ != '=')
			continue;
		n = (size_t)(q - f->value.p);
		if ((text = record_room(r, n + 3)) == NULL)
			return;
		memcpy(text, f->value.p, n);
		memcpy(text + n, "...", 3);
		f->value = span_of(text, n + 3);
		return;
	}
}

static void
name_keys(struct scan *s, struct keys *keys)
{
	struct record *r = s->rec;
	struct span app, space, path = value_of(r, NAME("path"));

	if (keys_have(keys, r, NAME("kubernetes"))) {
		format_kube.name_keys(s, keys);
	} else if (cut_name(value_of(r, NAME("metadata")), &app, &space)) {
		hide_argument(r);
		keys_end(keys, s, false);
		set_origin(r, app, space, NAME("akkeris/build"));
	} else if ((space = value_of(r, NAME("space"))).len > 0) {
		keys_end(keys, s, false);
		set_origin(r, value_of(r, NAME("app")), space,
		    NAME("akkeris/router"));
		add_composed(s, compose_object, path);
	} else {
		keys_end(keys, s, false);
	}
}

static bool
scan_akkeris(struct scan *s, struct span text)
{
	if (text.len == 0 || *text.p != '{')
		return scan_pairs(s, text);
	return scan_object(s, text) && (field_named(s->rec, NAME("app")) !=
	    NULL || scan_fail(s, 1, text.p, "kubernetes, metadata or space"));
}

/* It is never a guess: no line begins with a byte of first, which has none. */
const struct format format_akkeris = {
	.name = "akkeris", .description = "topics of the Akkeris platform",
	.example = "hostname=app-space.example.com source=1.2.3.4 path=/ "
	    "status=200",
	.first = "", .scan = scan_akkeris, .name_keys = name_keys,
	.status = "status",
};
