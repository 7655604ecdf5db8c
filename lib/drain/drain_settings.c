#include "drain/drain_settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/opt.h"
#include "match/condition_index.h"
#include "net/http_headers.h"
#include "net/url.h"
#include "record/json.h"
#include "record/timestamp.h"

enum { ID_MAX = 128, WHERE_MAX = 64,
    SPOOL_MIN = 64 << 10,
    BATCH_BYTES_MAX = 64 << 20, BATCH_SECONDS_MAX = 24 * 3600 };

bool
drain_settings_is_id(const char *name)
{
	size_t n = 0;

	for (; name[n] != '\0'; n++)
		if (!isalnum((unsigned char)name[n]) && name[n] != '-' &&
		    name[n] != '_')
			return false;
	return n > 0 && n <= ID_MAX;
}

/* Each of these returns 0, or -1 after adding what is wrong to error. */

static int
wrong(struct buf *error, const char *what)
{
	buf_adds(error, what);
	return -1;
}

/* Take a string into b and let *to, if not NULL, point to it. */
static int
take_string(struct buf *b, const struct json_value *v, const char **to,
    struct buf *error)
{
	buf_clear(b);
	if (v->type != JSON_STRING || json_decode(b, v) < 0 ||
	    (b->len > 0 && memchr(b->p, '\0', b->len) != NULL) ||
	    buf_str(b) == NULL)
		return wrong(error, "is no string");
	if (to != NULL)
		*to = b->p;
	return 0;
}

static int
take_where(struct drain_settings *s, const struct json_value *v,
    struct buf *error)
{
	struct buf text = { 0 };
	struct json_value each;
	struct json j;
	int r = 0;

	if (v->type != JSON_ARRAY)
		return wrong(error, "is no array");
	json_open(&j, v->text, false);
	while (r == 0 && json_next(&j, NULL, &each) > 0) {
		if (s->n_where == WHERE_MAX)
			r = wrong(error, "has too many conditions");
		else if ((r = take_string(&text, &each, NULL, error)) == 0 &&
		    (s->where[s->n_where++] = strdup(text.p)) == NULL)
			r = wrong(error, strerror(errno));
	}
	buf_free(&text);
	return r;
}

static int
take_headers(struct drain_settings *s, const struct json_value *v,
    struct buf *error)
{
	struct buf name = { 0 }, text = { 0 };
	struct json_value key, each;
	struct json j;
	int r = 0;

	if (v->type != JSON_OBJECT)
		return wrong(error, "is no object");
	json_open(&j, v->text, false);
	buf_clear(&s->headers);
	while (r == 0 && json_next(&j, &key, &each) > 0) {
		if ((r = take_string(&name, &key, NULL, error)) == 0 &&
		    (r = take_string(&text, &each, NULL, error)) == 0 &&
		    headers_add(&s->headers, name.p, "%s", text.p) < 0)
			r = wrong(error, "is no header");
	}
	s->receiver.headers = &s->headers;
	buf_wipe(&text);
	buf_free(&name);
	return r;
}

static int
take_number(uint64_t *n, const struct json_value *v, uint64_t min,
    uint64_t max, struct buf *error)
{
	char text[24], *end = text;

	if (v->type == JSON_NUMBER && v->text.len < sizeof text) {
		memcpy(text, v->text.p, v->text.len);
		text[v->text.len] = '\0';
		*n = strtoull(text, &end, 10);
		if (*end == '\0' && *text != '-' && *n >= min && *n <= max)
			return 0;
	}
	buf_printf(error, "is no number from %llu to %llu",
	    (unsigned long long)min, (unsigned long long)max);
	return -1;
}

static int
take_max(struct drain_settings *s, const struct json_value *v,
    struct buf *error)
{
	return take_number(&s->max, v, SPOOL_MIN, INT64_MAX, error);
}

static int
take_batch_bytes(struct drain_settings *s, const struct json_value *v,
    struct buf *error)
{
	return take_number(&s->batch_bytes, v, 1, BATCH_BYTES_MAX, error);
}

static int
take_batch_lines(struct drain_settings *s, const struct json_value *v,
    struct buf *error)
{
	return take_number(&s->batch_lines, v, 1, INT32_MAX, error);
}

static int
take_batch_time(struct drain_settings *s, const struct json_value *v,
    struct buf *error)
{
	return take_number(&s->batch_s, v, 1, BATCH_SECONDS_MAX, error);
}

static int
take_until(struct drain_settings *s, const struct json_value *v,
    struct buf *error)
{
	struct timestamp t;
	struct zone utc;

	zone_set(&utc, "UTC");
	if (v->type != JSON_STRING ||
	    v->text.len < strlen("2021-06-29T10:00:00Z") ||
	    v->text.p[4] != '-' || !timestamp_any(v->text, &utc, &t) ||
	    t.sec <= 0)
		return wrong(error, "is no time as in RFC 3339");
	s->until = t.sec;
	return 0;
}

static int
take_framing(struct drain_settings *s, const struct json_value *v,
    struct buf *error)
{
	if (json_is(v, "octet"))
		s->receiver.framing = FRAMING_OCTET;
	else if (json_is(v, "lf"))
		s->receiver.framing = FRAMING_LF;
	else
		return wrong(error, "is neither octet nor lf");
	return 0;
}

static int
take_auth(struct drain_settings *s, const struct json_value *v,
    struct buf *error)
{
	struct buf path = { 0 };
	int r;

	if ((r = take_string(&path, v, NULL, error)) == 0 &&
	    receiver_read_auth(path.p, &s->auth) < 0)
		r = wrong(error, strerror(errno));
	buf_free(&path);
	s->receiver.auth = s->auth.p;
	return r;
}

/* A certificate that is missing would be tried for ever. */
static int
take_cacert(struct drain_settings *s, const struct json_value *v,
    struct buf *error)
{
	if (take_string(&s->cacert, v, &s->receiver.http.cacert, error) < 0)
		return -1;
	return access(s->cacert.p, R_OK) < 0 ? wrong(error, strerror(errno)) :
	    0;
}

static int
take_url(struct drain_settings *s, const struct json_value *v,
    struct buf *error)
{
	if (take_string(&s->url, v, &s->receiver.url, error) < 0)
		return -1;
	buf_clear(&s->shown);
	url_redact(&s->shown, s->url.p);
	return buf_str(&s->shown) == NULL ? wrong(error, strerror(ENOMEM)) : 0;
}

static int
take_hostname(struct drain_settings *s, const struct json_value *v,
    struct buf *error)
{
	return take_string(&s->hostname, v, &s->receiver.hostname, error);
}

static int
take_appname(struct drain_settings *s, const struct json_value *v,
    struct buf *error)
{
	return take_string(&s->appname, v, &s->receiver.appname, error);
}

static const struct {
	const char *name;
	int (*take)(struct drain_settings *s, const struct json_value *v,
	    struct buf *error);
} members[] = {
	{ "appname", take_appname }, { "auth_file", take_auth },
	{ "batch_bytes", take_batch_bytes },
	{ "batch_lines", take_batch_lines }, { "batch_time", take_batch_time },
	{ "cacert", take_cacert }, { "framing", take_framing },
	{ "headers", take_headers }, { "hostname", take_hostname },
	{ "max", take_max }, { "until", take_until }, { "url", take_url },
	{ "where", take_where },
};

/* We do not know the member: without a where a drain would get all lines. */
static void
doubt_member(struct drain_settings *s, const struct json_value *key)
{
	struct nearest near = { 0 };

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		opt_nearest(&near, key->text, members[i].name);
	if (near.word == NULL)
		return;
	buf_clear(&s->doubt);
	buf_printf(&s->doubt, "%.*s is ignored (did you mean %s?)",
	    (int)key->text.len, key->text.p, near.word);
}

static int
take_member(struct drain_settings *s, const struct json_value *key,
    const struct json_value *v, struct buf *error)
{
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		if (!json_is(key, members[i].name))
			continue;
		if (v->type == JSON_NULL)
			return 0;
		buf_printf(error, "%s ", members[i].name);
		if (members[i].take(s, v, error) < 0)
			return -1;
		buf_clear(error);
		return 0;
	}
	doubt_member(s, key);
	return 0;
}

/* Whether the URL begins with a word of the list that ends in a slash. */
static bool
is_named(const char *url, const char *list)
{
	static const char between[] = ", \t\r\n";
	size_t n;

	for (; list != NULL && *list != '\0'; list += n) {
		list += strspn(list, between);
		n = strcspn(list, between);
		if (n > 0 && list[n - 1] == '/' && strncmp(url, list, n) == 0)
			return true;
	}
	return false;
}

/*
 * A store is a place on this machine, or is reached with its credentials: only
 * who runs us says which may be used, and that needs no other guard.
 */
static const char *
open_store(struct drain_settings *s)
{
	struct store like = *s->receiver.store;

	if (!is_named(s->url.p, s->receiver.http.allow))
		return "url is of a store that LOGFERRY_ALLOW does not name";
	like.http = s->receiver.http;
	like.http.guarded = false;
	s->receiver.store = &s->store;
	return store_open(&s->store, s->url.p, &like, s->receiver.headers);
}

/* Whether lines can go to the URL at all: a receiver is opened for it. */
static int
check_receiver(struct drain_settings *s, struct buf *error)
{
	const struct receiver_kind *kind;
	struct receiver *r;
	const char *why;

	if (s->url.len == 0)
		return wrong(error, "url is missing");
	if ((kind = receiver_kind_of(s->url.p)) == NULL)
		return wrong(error, "url is of no kind that takes a stream");
	if (kind->stores && (why = open_store(s)) != NULL)
		return wrong(error, why);
	if ((r = receiver_open(&s->receiver, &why)) == NULL)
		return wrong(error, why);
	s->at_once = r->at_once;
	receiver_free(r);
	return 0;
}

static int
check_conditions(struct drain_settings *s, struct buf *error)
{
	struct condition_set *c = condition_set_new(s->where, NULL, error);

	condition_set_free(c);
	return c != NULL ? 0 : -1;
}

static int
take_all(struct drain_settings *s, struct span text, struct buf *error)
{
	struct json_value key, v;
	struct json j;
	int r = -1;

	if (json_open(&j, text, false) == 0 && j.close == '}')
		while ((r = json_next(&j, &key, &v)) > 0)
			if (take_member(s, &key, &v, error) < 0)
				return -1;
	for (; r == 0 && j.p < j.end; j.p++)
		if (!isspace((unsigned char)*j.p))
			r = -1;
	return r < 0 ? wrong(error, "is no JSON object") : 0;
}

struct drain_settings *
drain_settings_new(struct span text, const struct receiver_options *defaults,
    uint64_t max, struct buf *error)
{
	struct drain_settings *s = calloc(1, sizeof *s);
	int failed;

	if (s == NULL || (s->where = calloc(WHERE_MAX + 1,
	    sizeof *s->where)) == NULL) {
		buf_adds(error, strerror(ENOMEM));
		free(s);
		errno = ENOMEM;
		return NULL;
	}
	s->receiver = *defaults;
	s->max = max;
	if (take_all(s, text, error) == 0 && check_conditions(s, error) == 0 &&
	    check_receiver(s, error) == 0)
		return s;
	failed = errno;
	if (s->doubt.len > 0)
		buf_printf(error, "; %s", s->doubt.p);
	drain_settings_free(s);
	errno = failed;
	return NULL;
}

void
drain_settings_free(struct drain_settings *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_where; i++)
		free(s->where[i]);
	free(s->where);
	store_free(&s->store);
	buf_wipe(&s->url);
	buf_free(&s->shown);
	buf_free(&s->doubt);
	buf_free(&s->hostname);
	buf_free(&s->appname);
	buf_free(&s->cacert);
	buf_wipe(&s->auth);
	buf_wipe(&s->headers);
	free(s);
}

bool
drain_settings_expired(const struct drain_settings *s)
{
	return s->until != 0 && (int64_t)time(NULL) >= s->until;
}
