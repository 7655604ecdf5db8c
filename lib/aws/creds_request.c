#include "aws/creds_request.h"

#include <stdio.h>
#include <string.h>

#include "aws/xml.h"
#include "net/retry.h"

enum { PATIENCE_MS = 10 * 1000, TRIES = 3 };

/* Whether the server says that it is busy; STS says so with status 400. */
static bool
is_busy(const struct http_request *r)
{
	return r->status == 0 || r->status == 429 || r->status >= 500 ||
	    (r->status == 400 && r->answer.len > 0 && memmem(r->answer.p,
	    r->answer.len, "<Code>Throttling", 16) != NULL);
}

int
creds_request(const struct creds_where *w, const struct http_options *o,
    struct http_request *r, const char *who, char error[256], bool *hopeless)
{
	struct http *h = http_new(o);
	struct retry retry;
	struct span answer;
	char code[64];

	retry_begin(&retry, w->end_ms != 0 ? creds_left_ms(w, INT64_MAX) : 0);
	for (int tries = 1; h != NULL; tries++) {
		r->timeout_ms = creds_left_ms(w, PATIENCE_MS);
		http_do(h, r);
		if (!is_busy(r) || tries == TRIES || !retry_wait(&retry, 0))
			break;
	}
	http_free(h);
	*hopeless = false;
	if (r->status == 200)
		return 0;
	*hopeless = r->status != 0 && !is_busy(r);
	answer = buf_span(&r->answer);
	xml_element(&answer, "Code", code, sizeof code);
	if (r->status != 0)
		snprintf(error, 256, "%s answers %d%s%s", who, r->status,
		    code[0] != '\0' ? " " : "", code);
	else
		snprintf(error, 256, "%s: %.200s", who, r->error);
	return -1;
}
