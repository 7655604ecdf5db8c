#include "ec2.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "awsconf.h"
#include "headers.h"

enum { PATIENCE_MS = 1000, TRIES = 3 };

static const char usual[] = "http://169.254.169.254";

/* One request; the status, 0 for no answer. */
static int
ask(struct http *h, const char *method, const char *path, struct buf *headers,
    struct http_request *r)
{
	const char *host = awsconf_env("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	char url[1024];

	if (host == NULL)
		host = usual;
	snprintf(url, sizeof url, "%.*s/latest/%s",
	    (int)(strlen(host) - (host[strlen(host) - 1] == '/')), host, path);
	*r = (struct http_request){
		.method = method, .url = url, .headers = headers,
		.timeout_ms = 2 * PATIENCE_MS,
	};
	for (int tries = 0; tries < TRIES; tries++) {
		http_do(h, r);
		if (r->status != 0 && r->status < 500)
			break;
		if (r->status == 0)	/* most likely another machine */
			break;
	}
	r->url = NULL;
	return r->status;
}

static int
fetch(struct http *h, const char *path, struct buf *out, char error[256])
{
	struct buf headers = { 0 };
	struct http_request r;
	char full[512];
	int status;

	headers_add(&headers, "X-aws-ec2-metadata-token-ttl-seconds", "21600");
	status = ask(h, "PUT", "api/token", &headers, &r);
	if (status != 200 || buf_str(&r.answer) == NULL)
		goto done;
	buf_clear(&headers);
	headers_add(&headers, "X-aws-ec2-metadata-token", "%s", r.answer.p);
	http_reset(&r);
	snprintf(full, sizeof full, "meta-data/%s", path);
	status = ask(h, "GET", full, &headers, &r);
	if (status == 200)
		buf_addspan(out, buf_span(&r.answer));
done:
	http_reset(&r);
	buf_free(&headers);
	if (status >= 500)
		snprintf(error, 256, "the metadata service answers %d", status);
	return status == 200 ? 1 : status >= 500 ? -1 : 0;
}

int
ec2_metadata(const char *path, struct buf *out, char error[256])
{
	const struct http_options o = {
		.connect_ms = PATIENCE_MS, .no_proxy = true,
	};
	const char *off = awsconf_env("AWS_EC2_METADATA_DISABLED");
	struct http *h;
	int r;

	if (off != NULL && strcasecmp(off, "true") == 0)
		return 0;
	if ((h = http_new(&o)) == NULL) {
		snprintf(error, 256, "%s", strerror(errno));
		return -1;
	}
	r = fetch(h, path, out, error);
	http_free(h);
	return r;
}
