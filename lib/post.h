/*
 * post - one batch as the body of an HTTP POST
 */
#ifndef POST_H
#define POST_H

#include "sender.h"

struct post {
	struct http *http;
	const struct sender_options *o;
	struct http_request r;	/* the answer, until the next post_send */
	struct buf headers;	/* of the request; begin with post_headers */
	struct buf packed;	/* the body, if it is compressed */
	struct buf url;		/* the base, without credentials or last / */
	struct buf auth;	/* the value of Authorization, or empty */
};

/* From "http://user@host:port/path".  0, or -1 with *why. */
int post_init(struct post *p, const struct sender_options *o,
    const char **why);
void post_free(struct post *p);

/* Begin the headers: content type, Authorization and the user's own. */
void post_headers(struct post *p, const char *content_type);

/*
 * POST body to url.  ATTEMPT_DONE for a 2xx; else what post_judge makes of the
 * status, and s->error and s->retry_after_ms are set.
 */
enum attempt post_send(struct post *p, struct sender *s, const char *url,
    struct span body);

/* What a status means for a batch, as syslog-ng's http() has it. */
enum attempt post_judge(int status);

/* Set s->error to the status and the beginning of the answer; return result. */
enum attempt post_fail(struct post *p, struct sender *s, enum attempt result);

#endif
