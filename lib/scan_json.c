/*
 * json: any JSON log, also with text in front of the object; and those whose
 * keys say more: docker-json, kube, gelf, journal
 */
#include "scanning.h"

/* Keys that tell which JSON it is. */
enum { LOG = 1, STREAM = 2, TIME = 4, KUBERNETES = 8, SHORT_MESSAGE = 16,
	VERSION = 32, HOST = 64, REALTIME = 128, CURSOR = 256, FORMAT = 512 };

static const struct {
	struct span key;
	unsigned bit;
} telling[] = {		/* the shortest first */
	{ { "log", 3 }, LOG }, { { "time", 4 }, TIME },
	{ { "host", 4 }, HOST }, { { "stream", 6 }, STREAM },
	{ { "format", 6 }, FORMAT }, { { "version", 7 }, VERSION },
	{ { "__CURSOR", 8 }, CURSOR }, { { "kubernetes", 10 }, KUBERNETES },
	{ { "short_message", 13 }, SHORT_MESSAGE },
	{ { "__REALTIME_TIMESTAMP", 20 }, REALTIME },
};

/* Where in telling the keys of a length begin. */
static const unsigned char of_length[] = { 0, 0, 0, 0, 1, 3, 3, 5, 6, 7, 7, 8,
    8, 8, 9, 9, 9, 9, 9, 9, 9, 10 };

static inline unsigned
bit_of(struct span key)
{
	if (key.len + 1 >= sizeof of_length)
		return 0;
	for (size_t i = of_length[key.len]; i < of_length[key.len + 1]; i++)
		if (*telling[i].key.p == *key.p &&
		    memcmp(telling[i].key.p, key.p, key.len) == 0)
			return telling[i].bit;
	return 0;
}

/* The members of the object that text is, all of it; which keys there were. */
static bool
scan_members(struct scan *s, struct span text, struct keys *keys,
    unsigned *found)
{
	struct json_value key, value;
	struct json j;
	int r;

	*found = 0;
	if (json_open(&j, text, true) < 0 || j.close != '}')
		return scan_fail(s, 1, text.p, "{");
	keys_begin(keys);
	while ((r = json_next(&j, &key, &value)) > 0) {
		if (value.type == JSON_ABSENT)
			continue;
		record_add_json(s->rec, &key, &value);
		keys_note(keys, s->rec);
		*found |= bit_of(key.text);
	}
	while (r == 0 && j.p < j.end && (*j.p == ' ' || *j.p == '\t'))
		j.p++;
	if (r < 0 || j.p < j.end)
		return scan_fail(s, (unsigned)s->rec->n + 1, j.p, r < 0 ?
		    "a member" : "end of line");
	return true;
}

/* Docker ends each entry with the LF that the program wrote. */
static void
cut_newline(struct record *r)
{
	struct field *f = r->message >= 0 ? &r->fields[r->message] : NULL;
	size_t n = f != NULL ? f->value.len : 0;

	if (f == NULL || f->kind != FIELD_JSON_STRING || n < 2)
		return;
	if (memcmp(f->value.p + n - 2, "\\n", 2) == 0 &&
	    (n == 2 || f->value.p[n - 3] != '\\'))
		f->value.len -= 2;
}

enum kind { JSON_LOG, DOCKER, KUBE, GELF, JOURNAL };

static enum kind
kind_of(unsigned found)
{
	if ((found & (REALTIME | CURSOR)) != 0)
		return JOURNAL;
	if ((found & KUBERNETES) != 0 && (found & LOG) != 0)
		return KUBE;
	if ((found & (SHORT_MESSAGE | VERSION | HOST)) ==
	    (SHORT_MESSAGE | VERSION | HOST))
		return GELF;
	if ((found & (LOG | STREAM | TIME)) == (LOG | STREAM | TIME))
		return DOCKER;
	return JSON_LOG;
}

/* What the keys mean, once all are there. */
static void
finish(struct scan *s, struct keys *keys, enum kind kind)
{
	if (kind == JOURNAL) {
		journal_names(s);
		return;
	}
	keys_end(keys, s);
	if (kind == DOCKER || kind == KUBE)
		cut_newline(s->rec);
	if (kind == KUBE)
		kube_names(s);
}

/* One that was asked for by name. */
static bool
scan_as(struct scan *s, struct span text, enum kind kind, const char *expected)
{
	struct keys keys;
	unsigned found;

	if (!scan_members(s, text, &keys, &found))
		return false;
	if (kind_of(found) != kind && !(kind == DOCKER && (found & LOG) != 0))
		return scan_fail(s, 1, text.p, expected);
	finish(s, &keys, kind);
	return true;
}

bool
scan_docker_json(struct scan *s, struct span text)
{
	return scan_as(s, text, DOCKER, "log, stream and time");
}

bool
scan_kube(struct scan *s, struct span text)
{
	return scan_as(s, text, KUBE, "log and kubernetes");
}

bool
scan_gelf(struct scan *s, struct span text)
{
	return scan_as(s, text, GELF, "version, host and short_message");
}

bool
scan_journal_json(struct scan *s, struct span text)
{
	return scan_as(s, text, JOURNAL, "__REALTIME_TIMESTAMP");
}

/* The last field called name, or NULL. */
static struct field *
last_named(struct record *r, struct span name)
{
	for (size_t i = r->n; i-- > 0 && r->fields[i].layer == r->layers;)
		if (span_eq(r->fields[i].name, name))
			return &r->fields[i];
	return NULL;
}

static bool
is_format_name(struct span name)
{
	for (size_t i = 0; formats[i] != NULL; i++)
		if (span_is(name, formats[i]->name))
			return true;
	return span_is(name, "raw") || span_is(name, "custom");
}

/* Does format name formats of ours, as in a record that logparse wrote? */
static bool
is_ours(struct record *r)
{
	struct field *f = last_named(r, NAME("format"));
	const char *p, *end, *comma;

	if (f == NULL || f->kind != FIELD_JSON_STRING || f->escaped)
		return false;
	for (p = f->value.p, end = p + f->value.len;; p = comma + 1) {
		if ((comma = memchr(p, ',', (size_t)(end - p))) == NULL)
			comma = end;
		if (!is_format_name(span_to(p, comma)))
			return false;
		if (comma == end)
			return true;
	}
}

/* Names and values are as they should be, and nothing is left for others. */
static void
finish_ours(struct scan *s)
{
	struct field *f = last_named(s->rec, NAME("timestamp"));
	struct span v;
	struct timestamp t;

	if (f == NULL || f->kind != FIELD_JSON_STRING)
		return;
	v = f->value;
	if (timestamp_iso(v.p, v.p + v.len, s->zone, &t) == v.p + v.len) {
		s->rec->when = t;
		s->rec->has_when = true;
	}
}

static bool
scan_object(struct scan *s, struct span text)
{
	static const struct format *const nearer[] = {
		[DOCKER] = &format_docker_json, [KUBE] = &format_kube,
		[GELF] = &format_gelf, [JOURNAL] = &format_journal,
	};
	struct keys keys;
	enum kind kind;
	unsigned found;

	if (!scan_members(s, text, &keys, &found))
		return false;
	if ((found & FORMAT) != 0 && is_ours(s->rec)) {
		finish_ours(s);
		return true;
	}
	kind = s->sure ? JSON_LOG : kind_of(found);
	finish(s, &keys, kind);
	if (kind != JSON_LOG)
		s->format = nearer[kind];
	return true;
}

/* nginx before 1.11.8 wrote escape=json in front of each line. */
static bool
is_nginx_slip(struct span prefix)
{
	return span_is(prefix, "escape=json");
}

bool
scan_json(struct scan *s, struct span text)
{
	const char *end = text.p + text.len, *brace;
	struct span prefix;

	if (text.len > 0 && *text.p == '{')
		return scan_object(s, text);
	while (end > text.p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (end == text.p || end[-1] != '}' ||
	    (brace = memchr(text.p, '{', text.len)) == NULL)
		return scan_fail(s, 1, text.p, "{");
	prefix = span_of(text.p, (size_t)(brace - text.p));
	while (prefix.len > 0 && prefix.p[prefix.len - 1] == ' ')
		prefix.len--;
	if (prefix.len > 0 && !is_nginx_slip(prefix))
		record_add(s->rec, NAME("prefix"), prefix, FIELD_TEXT);
	return scan_object(s, span_of(brace, (size_t)(end - brace)));
}
