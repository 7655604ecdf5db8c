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
#include <strings.h>

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
	size_t len, size;
};

/* What was decoded when it was counted may be longer when memory is short. */
static void
text_add(struct text *t, struct span s)
{
	if (t->p != NULL && s.len > t->size - t->len)
		s.len = t->size - t->len;
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
static void
add_composed(struct scan *s, void (*compose)(struct text *t,
    struct record *r, struct span text), struct span text)
{
	struct record *r = s->rec;
	struct text t = { 0 };

	compose(&t, r, text);
	t.size = t.len;
	if ((t.p = record_room(r, t.size + 1)) == NULL)
		return;
	t.len = 0;
	compose(&t, r, text);
	set_field(r, NAME("message"), span_of(t.p, t.len));
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

/*
 * Returns where the next word ends, which may have blanks between quotes, and
 * in *word the word; or NULL.
 */
static const char *
next_word(const char *p, const char *end, struct span *word)
{
	const char *start = skip_spaces(p, end), *quote;

	*word = token_at(start, end);
	p = start + word->len;
	quote = find_char(start, p, '=') + 1;
	if (quote < p && *quote == '"') {
		for (p = quote + 1; p < end && *p != '"'; p++)
			p += *p == '\\' && p + 1 < end;
		p += token_at(p, end).len;
		*word = span_to(start, p);
	}
	return word->len > 0 ? p : NULL;
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

static void
compose_pairs(struct text *t, struct record *r, struct span text)
{
	struct span word, name, value, path = span_of(NULL, 0);
	const char *p = text.p, *end = p + text.len, *equals;

	while ((p = next_word(p, end, &word)) != NULL) {
		equals = find_char(word.p, p, '=');
		if (equals == p) {
			text_add(t, NAME(" "));
			text_add(t, word);
			continue;
		}
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
	add_composed(s, compose_pairs, text);
	return true;
}

/* --- the router's JSON --- */

static void
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
}

/* --- builds --- */

/* Returns where a value of "ARG name=" begins in the text, or NULL. */
static const char *
argument_at(struct span text)
{
	const char *p = text.p, *end = p + text.len, *q;

	for (; end - p > 4; p++) {
		if (strncasecmp(p, "arg", 3) != 0 ||
		    (p[3] != ' ' && p[3] != '\t') || (p > text.p &&
			(is_letter(p[-1]) || is_digit(p[-1]) || p[-1] == '_')))
			continue;
		for (q = p + 4; q < end && (is_letter(*q) || is_digit(*q) ||
		    memchr(" \t_.-", *q, 5) != NULL);)
			q++;
		if (q < end && *q == '=')
			return q + 1;
	}
	return NULL;
}

/*
 * What a build is given may be secret: "Step 3/7 : ARG TOKEN=..." is cut after
 * its "=", under whichever key it stands.
 */
static void
hide_arguments(struct record *r, size_t first)
{
	for (size_t i = first; i < r->n; i++) {
		struct field *f = &r->fields[i];
		struct span text = record_value(r, f);
		const char *cut = argument_at(text);
		size_t n;
		char *p;

		if (text.len == 0)	/* perhaps for want of memory */
			f->value.len = 0;
		if (cut == NULL)
			continue;
		n = (size_t)(cut - text.p);
		f->kind = FIELD_TEXT;
		f->value = NAME("...");
		if ((p = record_room(r, n + 3)) == NULL)
			continue;
		memcpy(p, text.p, n);
		memcpy(p + n, "...", 3);
		f->value = span_of(p, n + 3);
	}
}

/* Returns the value of a field that is a string, or an empty span. */
static struct span
string_of(struct record *r, struct span name)
{
	const struct field *f = field_named(r, name);

	return f != NULL && f->kind == FIELD_JSON_STRING ?
	    record_value(r, f) : span_of(NULL, 0);
}

static void
name_keys(struct scan *s, struct keys *keys)
{
	struct record *r = s->rec;
	struct span app = string_of(r, NAME("app"));
	struct span space = string_of(r, NAME("space"));
	struct span path = value_of(r, NAME("path")), build;

	if (keys_have(keys, r, NAME("kubernetes"))) {
		format_kube.name_keys(s, keys);
	} else if ((build = string_of(r, NAME("metadata"))).len > 0 &&
	    cut_name(build, &app, &space)) {
		hide_arguments(r, keys->first);
		keys_end(keys, s, false);
		set_origin(r, app, space, NAME("akkeris/build"));
	} else if (app.len > 0 && space.len > 0) {
		keys_end(keys, s, false);
		set_origin(r, app, space, NAME("akkeris/router"));
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
	return scan_object(s, text) && (value_of(s->rec, NAME("app")).len >
	    0 || scan_fail(s, 1, text.p, "kubernetes, metadata or space"));
}

/* It is never a guess: no line begins with a byte of first, which has none. */
const struct format format_akkeris = {
	.name = "akkeris", .description = "topics of the Akkeris platform",
	.example = "hostname=app-space.example.com source=1.2.3.4 path=/ "
	    "status=200",
	.first = "", .scan = scan_akkeris, .name_keys = name_keys,
	.status = "status",
};
