#include "aws/creds_sso.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "aws/aws_config.h"
#include "aws/aws_endpoint.h"
#include "aws/creds_request.h"
#include "file/name_template.h"
#include "net/http_headers.h"
#include "record/json.h"

enum { CACHE_MAX = 64 << 10 };

/* What the profile says; the strings are for free(), NULL where it does not. */
struct sso {
	char *session;		/* the name of its section, sso-session */
	char *start_url, *region, *account, *role;
};

/* A setting of the session, or of the profile itself, as it was at first. */
static char *
setting(const struct creds_where *w, const struct sso *s, const char *key)
{
	return s->session != NULL ?
	    aws_config_section("sso-session", s->session, key) :
	    aws_config_get(w->profile, key);
}

static void
read_settings(const struct creds_where *w, struct sso *s)
{
	s->session = aws_config_get(w->profile, "sso_session");
	s->start_url = setting(w, s, "sso_start_url");
	s->region = setting(w, s, "sso_region");
	s->account = aws_config_get(w->profile, "sso_account_id");
	s->role = aws_config_get(w->profile, "sso_role_name");
}

static void
free_settings(struct sso *s)
{
	free(s->session);
	free(s->start_url);
	free(s->region);
	free(s->account);
	free(s->role);
}

static const char *
missing(const struct sso *s)
{
	return s->start_url == NULL ? "sso_start_url" :
	    s->region == NULL ? "sso_region" :
	    s->account == NULL ? "sso_account_id" :
	    s->role == NULL ? "sso_role_name" : NULL;
}

/* Read the token from the cache.  Returns it for free(), or NULL. */
static char *
read_token(const struct creds_where *w, const struct sso *s, char error[256])
{
	const char *name = s->session != NULL ? s->session : s->start_url;
	struct buf path = { 0 }, json = { 0 };
	unsigned char d[SHA1_SIZE];
	char hex[2 * SHA1_SIZE + 1], base[64], *when, *token = NULL;
	const char *why = "no token";

	if (!digest_sha1(name, strlen(name), d)) {
		snprintf(error, 256, "profile %.100s: libcrypto gives no "
		    "SHA-1, which names the file of the token", w->profile);
		return NULL;
	}
	digest_hex(d, sizeof d, hex);
	snprintf(base, sizeof base, "sso/cache/%s.json", hex);
	if (aws_config_path(&path, base) != NULL &&
	    aws_config_read(path.p, CACHE_MAX, &json) == 0) {
		token = creds_text(buf_span(&json), "accessToken");
		when = creds_text(buf_span(&json), "expiresAt");
		if (token != NULL && creds_time(when) <= (int64_t)time(NULL)) {
			explicit_bzero(token, strlen(token));
			free(token);
			token = NULL;
			why = "the token has expired";
		}
		free(when);
	}
	if (token == NULL)
		snprintf(error, 256, "profile %.100s: %s, "
		    "\"aws sso login\" gets one", w->profile, why);
	buf_wipe(&json);
	buf_free(&path);
	return token;
}

static int
take_answer(struct span json, struct creds *out, char error[256])
{
	struct json_value ms;
	struct buf number = { 0 };

	out->id = creds_text(json, "roleCredentials.accessKeyId");
	out->secret = creds_text(json, "roleCredentials.secretAccessKey");
	out->token = creds_text(json, "roleCredentials.sessionToken");
	if (json_get(json, "roleCredentials.expiration", &ms) &&
	    json_decode(&number, &ms) == 0 && buf_str(&number) != NULL)
		out->expires = strtoll(number.p, NULL, 10) / 1000;
	buf_free(&number);
	if (out->id != NULL && out->secret != NULL && out->expires > 0)
		return 1;
	snprintf(error, 256, "SSO gave no credentials");
	return -1;
}

/* Ask for the credentials of a role with a token. */
static int
ask(const struct creds_where *w, const struct sso *s, const char *token,
    struct creds *out, char error[256], bool *hopeless)
{
	struct buf url = { 0 }, headers = { 0 };
	struct http_request r = { .method = "GET", .headers = &headers };
	const char *why = aws_endpoint_url(&url, w->profile, "sso", s->region,
	    w->http->insecure);
	int got = -1;

	buf_adds(&url, "federation/credentials?role_name=");
	name_template_escape_query(&url, span_str(s->role));
	buf_adds(&url, "&account_id=");
	name_template_escape_query(&url, span_str(s->account));
	if (why == NULL && (buf_str(&url) == NULL || headers_add(&headers,
	    "x-amz-sso_bearer_token", "%s", token) < 0))
		why = strerror(errno);
	r.url = url.p;
	if (why != NULL)
		snprintf(error, 256, "SSO: %s", why);
	else if (creds_request(w, w->http, &r, "SSO", error, hopeless) == 0)
		got = take_answer(buf_span(&r.answer), out, error);
	http_reset(&r);
	buf_wipe(&headers);
	buf_free(&url);
	return got;
}

int
creds_from_sso(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	struct sso s = { 0 };
	char *token;
	int r = -1;

	read_settings(w, &s);
	if (s.session == NULL && s.start_url == NULL && s.account == NULL) {
		r = 0;
	} else if (*hopeless = true, missing(&s) != NULL) {
		snprintf(error, 256, "profile %.100s: no %s", w->profile,
		    missing(&s));
	} else if ((token = read_token(w, &s, error)) != NULL) {
		r = ask(w, &s, token, out, error, hopeless);
		explicit_bzero(token, strlen(token));
		free(token);
	}
	free_settings(&s);
	return r;
}
