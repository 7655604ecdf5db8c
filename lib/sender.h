/*
 * sender - what delivers the lines of a stream to one kind of receiver
 */
#ifndef SENDER_H
#define SENDER_H

#include <stdint.h>

#include "http.h"

enum item_state { ITEM_WAITING, ITEM_DONE, ITEM_REFUSED };

struct item {
	struct span line;	/* a record or any text, without LF */
	uint64_t stream, position;	/* see frame.h */
	enum item_state state;
	char *reason;		/* of its refusal, for free(); or NULL */
};

enum attempt {
	ATTEMPT_DONE,		/* items that still wait are to be tried again */
	ATTEMPT_LATER,		/* try again */
	ATTEMPT_FEW,		/* try again, but only a few times */
	ATTEMPT_SPLIT,		/* too much at once: try again in two parts */
	ATTEMPT_REFUSED,	/* those that wait will never be accepted */
	ATTEMPT_HOPELESS,	/* nor will anything, until somebody mends it */
};

struct sender {
	/*
	 * Try once to deliver n waiting items in their order, and set the state
	 * of each that was settled.  After anything but ATTEMPT_DONE, and when
	 * items still wait, error says why.
	 */
	enum attempt (*attempt)(struct sender *s, struct item **items, size_t n);
	void (*free)(struct sender *s);
	bool at_once;		/* a batch does not wait for more lines */
	bool whole;		/* a batch sent again must hold the same lines */
	size_t overhead;	/* bytes that a line takes more, about */
	int64_t retry_after_ms;	/* what the receiver asked for, or 0 */
	uint64_t lost, refused;	/* lines that a spool dropped, or that it refused:
				 * since it was last told, if it can be */
	struct buf etag;	/* of what was stored, for the receipt */
	struct buf url;		/* where that is; empty: the stream's own URL */
	char error[512];
};

enum framing { FRAMING_OCTET, FRAMING_LF };

struct sender_options {		/* the strings are the caller's, and stay */
	const char *url;	/* with its whole scheme */
	const char *host;	/* this machine's name */
	const char *endpoint;	/* where to connect instead, or NULL */
	const char *region;	/* NULL: not given */
	const char *auth;	/* as --auth-file holds it, or NULL */
	const struct buf *headers;	/* the user's own; not NULL */
	struct http_options http;
	bool gzip;		/* request bodies */
	enum framing framing;	/* of syslog */
};

/*
 * NULL with the reason in *why, which is a constant text.  The options must stay
 * as long as the sender does.
 */
struct sender *sender_open(const struct sender_options *o, const char **why);

/* Is there a sender for such a URL, and (only) is it for nothing but streams? */
bool sender_takes(const char *url, bool only);

/* The URL without that part of its scheme that is ours: "es+". */
const char *sender_rest(const char *url);

/* Add the URL without user and password, which *user gets, to plain. */
void sender_plain_url(struct buf *plain, const char *url, struct span *user);

/* What sender_open chooses from. */
typedef struct sender *sender_new(const struct sender_options *o,
    const char **why);
sender_new sender_ndjson_new;	/* http:// https:// */
sender_new sender_es_new;	/* es+http:// es+https:// */
sender_new sender_logplex_new;	/* logplex+http:// logplex+https:// */
sender_new sender_sls_new;	/* sls+http:// sls+https:// */
sender_new sender_syslog_new;	/* syslog+tcp:// syslog+tls:// syslog+udp:// */

/* Set s->error and return result. */
enum attempt sender_fail(struct sender *s, enum attempt result,
    const char *fmt, ...) PRINTF_LIKE(3, 4);
void sender_done(struct item **items, size_t n);	/* all of them are */
void sender_free(struct sender *s);	/* NULL is fine */

#endif
