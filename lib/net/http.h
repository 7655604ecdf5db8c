/*
 * http - requests that leave the machine, over libcurl
 *
 * A struct http holds connections and uses them again; it belongs to one thread
 * at a time.  HTTP/1.1, TLS 1.2 at least, certificates are always checked,
 * redirects are not followed: the answer is given to the caller.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/digest.h"

struct http_options { /* the strings are the caller's, and stay valid */
	const char *cacert;	/* a file of trusted certificates, or NULL */
	/* Our own certificate and key, in PEM, or NULL. */
	const char *cert, *key;
	int64_t connect_ms;	/* the longest time to connect; 0 means 10 s */
	/* A request fails when no byte moves for so long; 0 means 30 s. */
	int64_t stall_ms;
	uint64_t max_rate; /* bytes a second for each request, 0 for no limit */
	bool insecure; /* credentials may go over http:// to any host */
	/*
	 * Use no proxy, whatever the environment says; there is never one for
	 * this machine.
	 */
	bool no_proxy;
	/*
	 * Connect to nothing but what address_is_allowed says, with `allow`,
	 * which may be NULL.
	 */
	bool guarded;
	const char *allow;
	bool until_done;	/* termination ends requests after its grace
				 * alone, see grace.h */
};

struct http_request {
	/* The request to send, which is the caller's until it is done. */
	const char *method, *url;
	const struct buf *headers;	/* see http_headers.h; NULL for none */
	struct span body; /* the body of PUT and POST, unless from_file */
	bool from_file;
	int fd; /* size bytes from the offset from on are the body */
	off_t from;
	uint64_t size;
	size_t max_answer;	/* 0: 64 KiB; more ends the answer: see cut */
	/* If not NULL, it digests the answer, which is not kept. */
	struct digest *digest;
	uint64_t max_digest;		/* bytes of it; 0: any */
	/*
	 * If not NULL, it is given the body of an answer whose status is 2xx,
	 * which is not kept.  -1 from it ends the answer: see cut.
	 */
	int (*take)(void *arg, const char *p, size_t n);
	void *take_arg;
	int64_t timeout_ms; /* for the whole request, 0 for no limit */

	/* The answer. */
	int status;			/* 0 for no answer, see error */
	bool connected;			/* a connection was made */
	struct buf answer_headers, answer;
	bool cut;			/* the answer was longer than wanted */
	uint64_t digested;		/* bytes */
	bool hopeless;			/* another try would not help */
	bool refused;			/* there is no server, or no host */
	char error[256];

	/* Ours, while the request is under way. */
	struct http_transfer *transfer;
};

struct http;

/* Load libcurl ahead of time, in a thread that has nothing better to do. */
void http_load(void);

/* Returns NULL with errno: ENOMEM, or ELIBACC when there is no libcurl. */
struct http *http_new(const struct http_options *o);
void http_free(struct http *h);		/* requests under way end */

/* Send r and wait for the answer.  Returns 0, or -1 without an answer. */
int http_do(struct http *h, struct http_request *r);

/*
 * Several requests at once: start some, wait for any.  http_wait returns the
 * next that is done, or NULL when the time is up; -1 is no limit, or none at all
 * when no request is under way.
 */
int http_start(struct http *h, struct http_request *r);
struct http_request *http_wait(struct http *h, int64_t timeout_ms);
void http_cancel(struct http *h, struct http_request *r);

/* Free the answer, so that r can be sent again or dropped. */
void http_reset(struct http_request *r);

/* How long to wait at least, from Retry-After; 0 when the answer has none. */
int64_t http_retry_after_ms(const struct http_request *r);
/* Where the answer redirects to, from Location; empty when it does not. */
struct span http_location(const struct http_request *r);
/* The time of the answer, from Date, in seconds since 1970, or -1. */
int64_t http_date(const struct http_request *r);
/* When what was asked for changed last, the same way. */
int64_t http_last_modified(const struct http_request *r);

/*
 * Connections for several threads: each takes a struct http and gives it back.
 */
struct http_pool;

struct http_pool *http_pool_new(const struct http_options *o);
struct http *http_pool_take(struct http_pool *p); /* NULL without memory */
void http_pool_give(struct http_pool *p, struct http *h);
void http_pool_free(struct http_pool *p);

#endif
