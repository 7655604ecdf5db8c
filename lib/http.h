/*
 * http - requests that leave the machine, over libcurl
 *
 * A struct http holds connections and uses them again; it belongs to one thread
 * at a time.  HTTP/1.1, TLS 1.2 at least, certificates are always checked,
 * redirects are not followed: the answer is given to the caller.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "hash.h"

struct http_options {		/* strings are the caller's, and stay */
	const char *cacert;	/* a file of trusted certificates, or NULL */
	const char *cert, *key;	/* our own, in PEM, or NULL */
	int64_t connect_ms;	/* 0: 10 s */
	int64_t stall_ms;	/* no byte moves for so long: failed; 0: 30 s */
	uint64_t max_rate;	/* bytes a second for each request, 0: any */
	bool insecure;		/* credentials may go over http:// to anybody */
	bool no_proxy;		/* whatever the environment says; never for
				 * this machine */
	bool until_done;	/* finish_asked does not end requests */
};

struct http_request {
	/* To send, the caller's until it is done. */
	const char *method, *url;
	const struct buf *headers;	/* see headers.h; NULL: none */
	struct span body;		/* of PUT and POST, unless from_file */
	bool from_file;
	int fd;				/* these bytes of it are the body */
	off_t from;
	uint64_t size;
	size_t max_answer;		/* 0: 64 KiB; what is more is dropped */
	struct hash *digest;		/* not NULL: the answer goes there */
	int64_t timeout_ms;		/* for all of it, 0: none */

	/* What came back. */
	int status;			/* 0: no answer, see error */
	struct buf answer_headers, answer;
	bool hopeless;			/* another try would not help */
	char error[256];

	struct http_transfer *transfer;	/* while it is under way; ours */
};

struct http;

/* Load libcurl ahead of time, in a thread that has nothing better to do. */
void http_load(void);

/* NULL with errno: ENOMEM; ELIBACC when there is no libcurl. */
struct http *http_new(const struct http_options *o);
void http_free(struct http *h);		/* what is under way ends */

/* Send r and wait for the answer.  0, or -1 without an answer. */
int http_do(struct http *h, struct http_request *r);

/*
 * Several at once: start some, wait for any.  http_wait returns the next that
 * is done, or NULL when the time (-1: none) is up or nothing is under way.
 */
int http_start(struct http *h, struct http_request *r);
struct http_request *http_wait(struct http *h, int64_t timeout_ms);
void http_cancel(struct http *h, struct http_request *r);

/* Free the answer, so that r can be sent again or dropped. */
void http_reset(struct http_request *r);

/* From Retry-After: how long to wait at least; 0 when the answer has none. */
int64_t http_retry_after_ms(const struct http_request *r);
/* From Date: seconds since 1970, or -1. */
int64_t http_date(const struct http_request *r);

/*
 * What a URL's user:password is worth: "Basic ..." for Authorization, into out
 * (to be wiped), and the URL without it into plain.  0; 1: it has none, nothing
 * was added; -1 with errno (EINVAL: not a URL).
 */
int http_split_user(const char *url, struct buf *plain, struct buf *out);

/*
 * Where the answer to a request for url redirects, added to out: 1; 0: nowhere.
 * *same: to the same scheme, host and port.  -1: to something we do not follow.
 */
int http_redirect(const struct http_request *r, struct buf *out, bool *same);

bool http_is_loopback(const char *url);

/* For several threads: each takes a struct http and gives it back. */
struct http_pool;

struct http_pool *http_pool_new(const struct http_options *o);
struct http *http_pool_take(struct http_pool *p);	/* NULL: ENOMEM */
void http_pool_give(struct http_pool *p, struct http *h);
void http_pool_free(struct http_pool *p);

#endif
