/*
 * http_batch - one batch as the body of an HTTP POST
 */
#ifndef STREAM_HTTP_BATCH_H
#define STREAM_HTTP_BATCH_H

#include "stream/aws_signer.h"

struct http_batch {
	struct http *http;
	const struct receiver_options *o;
	struct aws_signer *signer;	/* NULL for none */
	/* Holds the answer until the next http_batch_send. */
	struct http_request r;
	/* The request's headers; begin with http_batch_headers. */
	struct buf headers;
	struct buf packed;	/* the body, if it is compressed */
	struct buf url;	/* the user's URL without credentials, a string */
	size_t node;	/* the server in use: 0, or 1 for o->also[0] */
	struct buf at_node;	/* a URL at that server */
	struct buf redirected;	/* the URL that the last answer redirects to */
	struct buf auth;	/* the value of Authorization, or empty */
};

/*
 * Begin with the options' URL, "http://user@host:port/path".  Returns 0, or -1
 * with *why; after 0 that says that there is no memory.
 */
int http_batch_init(struct http_batch *p, const struct receiver_options *o,
    const char **why);
void http_batch_free(struct http_batch *p);
/*
 * Give p->url this path if it has none, or only /.  Returns 0, or -1 with errno
 * ENOMEM.
 */
int http_batch_default_path(struct http_batch *p, const char *path);

/* Begin the headers: content type, Authorization and the user's own. */
void http_batch_headers(struct http_batch *p, const char *content_type);

/* Let the answer be as long as one to n items of so many bytes may be. */
void http_batch_expect(struct http_batch *p, size_t n, size_t bytes);

/*
 * POST body to url, and follow redirections on the same host.  When that fails,
 * try the same at the other servers; the next call begins where this one ends,
 * or with s->leave_server at the next server.  Returns
 * ATTEMPT_DONE for a status of 2xx; ATTEMPT_SUSPECT for 400 and 422, which may
 * be the fault of one record; ATTEMPT_SPLIT for 413; else ATTEMPT_LATER.  Sets
 * s->error and s->retry_after_ms.
 */
enum attempt http_batch_send(struct http_batch *p, struct receiver *s,
    const char *url, struct span body);

/*
 * Set s->error to the status and the beginning of the answer.  Returns result;
 * after ATTEMPT_LATER, http_batch_send begins at another server.
 */
enum attempt http_batch_fail(
    struct http_batch *p, struct receiver *s, enum attempt result);

#endif
