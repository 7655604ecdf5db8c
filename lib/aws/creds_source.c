#include "aws/creds_source.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/aws_config.h"
#include "aws/creds_local.h"
#include "aws/creds_remote.h"
#include "aws/creds_sso.h"
#include "aws/creds_sts.h"
#include "base/units.h"

enum { RENEW_S = 5 * 60 }; /* how long before they expire they are renewed */

struct creds_source {
	pthread_mutex_t lock;
	struct creds_where where;
	struct creds now;	/* id is NULL when there are none yet */
};

struct creds_source *
creds_new(const char *profile, const char *region,
    const struct http_options *http)
{
	struct creds_source *s;

	if ((s = calloc(1, sizeof *s)) == NULL)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	s->where.profile_asked = profile != NULL;
	s->where.profile = aws_config_profile(profile);
	s->where.region = region;
	s->where.http = http;
	return s;
}

void
creds_free(struct creds_source *s)
{
	if (s == NULL)
		return;
	creds_clear(&s->now);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static char *
copy(const char *s)
{
	return s != NULL ? strdup(s) : NULL;
}

/* Say where there are none. */
static void
tell_places(const struct creds_where *w, char error[256])
{
	const char *path = aws_config_env("AWS_SHARED_CREDENTIALS_FILE");
	struct buf own = { 0 };

	if (path == NULL)
		path = aws_config_path(&own, "credentials");
	snprintf(error, 256, "no credentials found: not in %sprofile %.40s of "
	    "%.100s, nor from a role of this machine",
	    w->profile_asked ? "" : "AWS_ACCESS_KEY_ID, ", w->profile,
	    path != NULL ? path : "~/.aws/credentials");
	buf_free(&own);
}

static int
find(struct creds_source *s, char error[256], bool *hopeless)
{
	static creds_way *const ways[] = {
		creds_from_environment, creds_from_role,
		creds_from_web_identity, creds_check_profile, creds_from_sso,
		creds_from_files, creds_from_process, creds_from_container,
		creds_from_ec2,
	};
	size_t first = s->where.profile_asked ? 1 : 0;
	struct creds c = { 0 };
	int r;

	r = creds_try(ways + first, sizeof ways / sizeof *ways - first,
	    &s->where, &c, error, hopeless);
	if (r > 0) {
		creds_clear(&s->now);
		s->now = c;
		return 0;
	}
	if (r == 0) {
		*hopeless = true;
		tell_places(&s->where, error);
	}
	return -1;
}

static bool
ends_within(const struct creds *c, int64_t seconds)
{
	return c->expires != 0 && c->expires - seconds <= (int64_t)time(NULL);
}

int
creds_get(struct creds_source *s, int64_t timeout_ms, struct creds *out,
    char error[256], bool *hopeless)
{
	int64_t end_ms = timeout_ms > 0 ? units_now_ms() + timeout_ms : 0;
	int r = 0;

	*out = (struct creds){ 0 };
	pthread_mutex_lock(&s->lock);
	s->where.end_ms = end_ms;
	if (s->now.id == NULL || ends_within(&s->now, RENEW_S))
		r = find(s, error, hopeless);
	if (r < 0 && s->now.id != NULL && !ends_within(&s->now, 0))
		r = 0;		/* the old ones are still valid */
	if (r == 0) {
		out->id = copy(s->now.id);
		out->secret = copy(s->now.secret);
		out->token = copy(s->now.token);
		out->expires = s->now.expires;
		if (out->id == NULL || out->secret == NULL) {
			snprintf(error, 256, "%s", strerror(ENOMEM));
			r = -1;
		}
	}
	pthread_mutex_unlock(&s->lock);
	return r;
}

bool
creds_expired(struct creds_source *s, const struct creds *old)
{
	bool other;

	pthread_mutex_lock(&s->lock);
	other = !s->now.fixed;
	if (other && s->now.id != NULL && strcmp(s->now.id, old->id) == 0)
		creds_clear(&s->now);
	pthread_mutex_unlock(&s->lock);
	return other;
}
