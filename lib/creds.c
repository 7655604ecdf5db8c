#include "creds.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "awsconf.h"

enum { RENEW_S = 5 * 60 };	/* so long before they expire */

struct creds_source {
	pthread_mutex_t lock;
	const char *profile;
	bool profile_asked;	/* then the environment's keys do not count */
	struct creds now;	/* id NULL: none yet */
	bool fixed;		/* these cannot be renewed */
};

static void
wipe(char **s)
{
	if (*s != NULL)
		explicit_bzero(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

void
creds_clear(struct creds *c)
{
	wipe(&c->id);
	wipe(&c->secret);
	wipe(&c->token);
	c->expires = 0;
}

struct creds_source *
creds_new(const char *profile)
{
	struct creds_source *s;

	if ((s = calloc(1, sizeof *s)) == NULL)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	s->profile_asked = profile != NULL;
	s->profile = awsconf_profile(profile);
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

/* Each way: 1 found, 0 not configured, -1 failed, with the reason in error. */
static int
from_environment(struct creds_source *s)
{
	const char *id = awsconf_env("AWS_ACCESS_KEY_ID");
	const char *secret = awsconf_env("AWS_SECRET_ACCESS_KEY");

	if (s->profile_asked || id == NULL || secret == NULL)
		return 0;
	s->now.id = copy(id);
	s->now.secret = copy(secret);
	s->now.token = copy(awsconf_env("AWS_SESSION_TOKEN"));
	s->fixed = true;
	return 1;
}

static int
from_files(struct creds_source *s)
{
	s->now.id = awsconf_get(s->profile, "aws_access_key_id");
	s->now.secret = awsconf_get(s->profile, "aws_secret_access_key");
	s->now.token = awsconf_get(s->profile, "aws_session_token");
	s->fixed = true;
	return s->now.id != NULL && s->now.secret != NULL;
}

static int
find(struct creds_source *s, char error[256], bool *hopeless)
{
	int r;

	creds_clear(&s->now);
	if ((r = from_environment(s)) == 0)
		r = from_files(s);
	if (r > 0)
		return 0;
	creds_clear(&s->now);
	*hopeless = true;
	snprintf(error, 256, "no credentials found");
	return -1;
}

int
creds_get(struct creds_source *s, struct creds *out, char error[256],
    bool *hopeless)
{
	int r = 0;

	*out = (struct creds){ 0 };
	pthread_mutex_lock(&s->lock);
	if (s->now.id == NULL || (s->now.expires != 0 &&
	    s->now.expires - RENEW_S <= (int64_t)time(NULL)))
		r = find(s, error, hopeless);
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
	if (!s->fixed && s->now.id != NULL && strcmp(s->now.id, old->id) == 0)
		creds_clear(&s->now);
	other = !s->fixed;
	pthread_mutex_unlock(&s->lock);
	return other;
}
