#include "aws/creds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "record/json.h"

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
	c->fixed = false;
}

char *
creds_text(struct span json, const char *key)
{
	struct json_value v;
	struct buf b = { 0 };

	if (!json_get(json, key, &v) || v.type != JSON_STRING)
		return NULL;
	if (json_decode(&b, &v) < 0 || buf_str(&b) == NULL)
		buf_wipe(&b);
	return b.p;
}

int64_t
creds_time(const char *text)
{
	struct tm tm = { 0 };

	if (text == NULL || strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) == NULL)
		return 0;
	return (int64_t)timegm(&tm);
}

int
creds_take_json(struct span json, struct creds *out, char error[256])
{
	char *when = creds_text(json, "Expiration");

	out->id = creds_text(json, "AccessKeyId");
	out->secret = creds_text(json, "SecretAccessKey");
	out->token = creds_text(json, "SessionToken");
	if (out->token == NULL)
		out->token = creds_text(json, "Token");
	out->expires = creds_time(when);
	free(when);
	if (out->id != NULL && out->secret != NULL)
		return 1;
	snprintf(error, 256, "no credentials in the answer");
	return -1;
}

int64_t
creds_left_ms(const struct creds_where *w, int64_t most)
{
	int64_t left = w->end_ms - units_now_ms();

	if (w->end_ms == 0 || left > most)
		return most;
	return left > 1 ? left : 1;
}

int
creds_try(creds_way *const *ways, size_t n, const struct creds_where *w,
    struct creds *out, char error[256], bool *hopeless)
{
	int r = 0;

	*hopeless = false;
	for (size_t i = 0; r == 0 && i < n; i++) {
		creds_clear(out);
		r = ways[i](w, out, error, hopeless);
	}
	if (r <= 0)
		creds_clear(out);
	return r;
}
