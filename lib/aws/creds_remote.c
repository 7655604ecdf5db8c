#include "aws/creds_remote.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "aws/aws_config.h"
#include "aws/creds_request.h"
#include "aws/ec2_metadata.h"
#include "net/http_headers.h"
#include "net/url.h"

enum { TOKEN_MAX = 64 << 10 };

/*
 * Whether a token may be sent to url: in clear it goes only to this machine or
 * the container's agent.
 */
static bool
is_trusted(const char *url)
{
	static const char *const agents[] = {
		"http://169.254.170.2/", "http://169.254.170.23/",
		"http://[fd00:ec2::23]/",
	};

	for (size_t i = 0; i < sizeof agents / sizeof *agents; i++)
		if (strncmp(url, agents[i], strlen(agents[i])) == 0)
			return true;
	return strncmp(url, "https://", 8) == 0 || url_is_loopback(url);
}

/* Add the agent's token, from the environment or a file, as a header. */
static int
add_token(struct buf *headers, char error[256])
{
	const char *path =
	    aws_config_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = aws_config_env("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	struct buf b = { 0 };
	int r = 0;

	if (path != NULL) {
		if (aws_config_read(path, TOKEN_MAX, &b) < 0 ||
		    (token = buf_str(&b)) == NULL) {
			snprintf(error, 256, "%.200s: %s", path,
			    strerror(errno));
			r = -1;
		}
	}
	if (r == 0 && token != NULL)
		r = headers_add(headers, "Authorization", "%s", token);
	buf_wipe(&b);
	return r;
}

int
creds_from_container(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	const char *relative =
	    aws_config_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = aws_config_env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	struct http_options o = *w->http;
	struct buf url = { 0 }, headers = { 0 };
	struct http_request r = { .method = "GET", .headers = &headers };
	int got = -1;

	if (relative == NULL && full == NULL)
		return 0;
	if (relative != NULL)
		buf_printf(&url, "http://169.254.170.2%s", relative);
	else
		buf_adds(&url, full);
	o.no_proxy = true;
	*hopeless = true;
	if ((r.url = buf_str(&url)) == NULL)
		snprintf(error, 256, "%s", strerror(errno));
	else if (!is_trusted(r.url))
		snprintf(error, 256, "AWS_CONTAINER_CREDENTIALS_FULL_URI is "
		    "neither https:// nor on this host");
	else if (add_token(&headers, error) == 0 &&
	    creds_request(w, &o, &r, "the container's agent", error,
	    hopeless) == 0)
		got = creds_take_json(buf_span(&r.answer), out, error);
	http_reset(&r);
	buf_wipe(&headers);
	buf_free(&url);
	return got;
}

int
creds_from_ec2(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	static const char base[] = "iam/security-credentials/";
	struct buf role = { 0 }, json = { 0 };
	char path[512];
	int r;

	(void)hopeless;
	if ((r = ec2_metadata(w, base, &role, error)) > 0) {
		role.len = role.len > 0 ? strcspn(buf_str(&role), "\r\n") : 0;
		snprintf(path, sizeof path, "%s%.*s", base, (int)role.len,
		    role.p);
		r = role.len > 0 ? ec2_metadata(w, path, &json, error) : 0;
	}
	if (r > 0)
		r = creds_take_json(buf_span(&json), out, error);
	buf_wipe(&json);
	buf_free(&role);
	return r;
}
