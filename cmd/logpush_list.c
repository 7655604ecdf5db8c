/*
 * The part of logpush that lists what a store has.
 */
#include "logpush.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/s3_list.h"
#include "base/status.h"
#include "base/stdout.h"
#include "base/termination.h"
#include "file/name_list.h"
#include "match/selector.h"
#include "store/url_options.h"

enum { DEADLINE_MS = 30 * 1000 };

struct listing {
	struct push *push;
	const char *bucket;
	struct timestamp since, until;
	struct buf line;
	bool any;
};

/* The moment that a text stands for, or other when there is none. */
static struct timestamp
moment(const char *text, int64_t other)
{
	struct timestamp t = { .sec = other };
	struct zone z = { 0 };

	zone_set(&z, "local");
	z.near = ZONE_NOW;
	if (text != NULL && select_time(text, &z, &t) < 0)
		opt_misuse(&logpush_cmd, "%s: not a time such as " SELECT_TIMES,
		    text);
	return t;
}

static bool
is_wanted(const struct listing *l, const struct s3_object *o)
{
	return o->changed < 0 || (o->changed >= l->since.sec &&
	    o->changed < l->until.sec);
}

static bool
print_object(void *arg, const struct s3_object *o)
{
	struct listing *l = arg;
	struct buf url = { 0 };
	char when[32] = "-";
	time_t t = (time_t)o->changed;
	struct tm tm;

	if (!is_wanted(l, o))
		return true;
	l->any = true;
	if (o->changed >= 0 && gmtime_r(&t, &tm) != NULL)
		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_clear(&l->line);
	if (!l->push->nul)
		buf_printf(&l->line, "%s\t%lld\t", when, (long long)o->size);
	buf_printf(&url, "s3://%s/%s", l->bucket, o->key);
	if (buf_str(&url) != NULL &&
	    !name_list_add(&l->line, url.p, l->push->nul ? '\0' : '\n')) {
		warnx("%s: %s", url.p, NAME_LIST_NEWLINE);
		l->push->status = status_worse(l->push->status, STATUS_NO);
	} else if (url.failed || l->line.failed) {
		warnx("%s: %s", o->key, strerror(ENOMEM));
		l->push->status = status_worse(l->push->status, STATUS_TROUBLE);
	} else {
		out_span(buf_span(&l->line));
	}
	buf_free(&url);
	return !out_failed() && !termination_asked();
}

void
list_objects(struct push *push, char *const *operands)
{
	struct store *s = &push->store;
	const char *bucket = url_after_s3(s->url), *key, *why = NULL;
	struct listing l = { .push = push,
		.since = moment(push->since, INT64_MIN),
		.until = moment(push->until, INT64_MAX) };
	char reason[320], *name;
	enum s3_verdict v;
	struct retry retry;
	uint64_t requests = 0;
	struct http *h;

	if (!push->print_list)
		opt_misuse(&logpush_cmd, "--since and --until are for --list");
	if (bucket == NULL || *operands != NULL)
		opt_misuse(&logpush_cmd, "--list is for one s3:// URL");
	s->s3_options.http = &s->http;
	if (s->http.cacert == NULL)
		s->http.cacert = s->ca_bundle =
		    s3_ca_bundle(s->s3_options.profile);
	if ((s->s3 = s3_new(bucket, &s->s3_options, &why)) == NULL)
		diex("%s", why);
	key = url_key(bucket);
	l.bucket = name = strndup(bucket, strcspn(bucket, "/"));
	if ((h = http_new(&s->http)) == NULL || name == NULL)
		die("%s", s->url);
	retry_begin(&retry, s->deadline_ms < 0 ? DEADLINE_MS : s->deadline_ms);
	v = s3_list_each(s->s3, h, &retry, key, print_object, &l, reason,
	    &requests);
	if (v != S3_DONE) {
		warnx("%s: %s", s->url, reason);
		push->status = v == S3_LATER ? STATUS_RETRY : STATUS_TROUBLE;
	} else if (!l.any) {
		push->status = status_worse(push->status, STATUS_NO);
	}
	http_free(h);
	free(name);
	buf_free(&l.line);
}
