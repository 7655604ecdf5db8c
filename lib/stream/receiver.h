/*
 * receiver - what delivers the lines of a stream to one kind of receiver, and
 * the table of the kinds
 */
#ifndef STREAM_RECEIVER_H
#define STREAM_RECEIVER_H

#include <stdint.h>

#include "net/http.h"

enum item_state { ITEM_WAITING, ITEM_DONE, ITEM_REFUSED };

enum { ITEM_ID = 20 };

struct item {
	struct span line; /* the line is a record or any text, without LF */
	uint64_t stream, position;	/* see frame.h */
	int64_t time_ms;
	uint64_t number; /* the frame's number in the queue, see queue.h */
	enum item_state state;
	/* Why the item is refused or suspect, for free(); or NULL. */
	char *reason;
	/*
	 * What takes the item at the receiver, such as an index: a hash of its
	 * name.
	 */
	uint64_t group;
	/* The receiver did not take it, and the item itself may be to blame. */
	bool suspect;
	/* The item's id, for receivers whose has_ids is true. */
	char id[ITEM_ID];

	/* Only delivery.c uses these. */
	unsigned strikes; /* how often the item failed when it was sent alone */
	uint64_t struck_at; /* how many other items had been taken by then */
};

enum attempt {
	ATTEMPT_DONE, /* The items that still wait are to be sent again. */
	ATTEMPT_LATER, /* All items that wait are to be sent again later. */
	/*
	 * The batch is too large: it is to be sent in two parts.  An item that
	 * is too large by itself is refused.
	 */
	ATTEMPT_SPLIT,
	ATTEMPT_SUSPECT, /* One of the items, or the receiver, is to blame. */
	ATTEMPT_REFUSED, /* The items that wait will never be accepted. */
};

struct receiver {
	/*
	 * Try once to deliver n waiting items in their order, and set the state
	 * of each that was settled.  After anything but ATTEMPT_DONE, and when
	 * items still wait, error says why.  Items that are suspect are tried
	 * again alone.
	 */
	enum attempt (*attempt)(
	    struct receiver *s, struct item **items, size_t n);
	void (*free)(struct receiver *s);
	bool at_once;		/* a batch does not wait for more lines */
	bool whole; /* a batch sent again must hold the same lines */
	bool has_ids;		/* items have ids, which receipts name */
	/*
	 * How often an item must fail alone, while others are taken, until it
	 * is refused.  0 is the same as 1.
	 */
	unsigned strikes;
	/*
	 * Suspects are found by sending each item alone, not by halving the
	 * batch.
	 */
	bool one_by_one;
	/*
	 * For the last item of a stream, items that were taken before it count
	 * as the others.
	 */
	bool trusts_past;
	/* About how many bytes a line takes in addition to its own. */
	size_t overhead;
	/* How long the receiver asked us to wait, or 0. */
	int64_t retry_after_ms;
	uint64_t lost;		/* how many lines the spool dropped */
	/* How many lines were refused since this was last reported. */
	uint64_t refused;
	struct buf etag; /* the ETag of the stored object, for the receipt */
	/* The URL of the stored object; empty: the stream's own URL. */
	struct buf url;
	char error[512];
	/* What the receiver warned of though it took all; or empty. */
	char warning[256];
	/*
	 * Delivery sets this when the receiver refused all that it was given: if
	 * it has several servers, the next one is to be used.
	 */
	bool leave_server;
};

enum framing { FRAMING_OCTET, FRAMING_LF };
enum body { BODY_NDJSON, BODY_ARRAY, BODY_SINGLE };

struct store;

struct receiver_options { /* The caller keeps the strings valid. */
	const char *url;	/* the URL with its whole scheme */
	/*
	 * n_also more servers that take the same, as URLs without a path; the
	 * next one is used when one fails.
	 */
	const char *const *also;
	size_t n_also;
	const char *host;	/* this machine's name */
	/* The URL to connect to in place of url's host, or NULL. */
	const char *endpoint;
	const char *region;	/* NULL when not given */
	/* Requests are signed for this service of AWS, or NULL. */
	const char *aws_service;
	const char *profile;	/* of its credentials; NULL when not given */
	const char *auth; /* the text of the user's --auth-file, or NULL */
	const struct buf *headers;	/* the user's own headers; not NULL */
	struct http_options http;
	/* The time that one request may take; 0: two minutes. */
	int64_t total_ms;
	bool gzip;		/* request bodies are compressed */
	enum framing framing;	/* how syslog messages are separated */
	/*
	 * The longest syslog message in bytes; 0 for the default of the kind.
	 */
	size_t max_message;
	/* Missing lines are told over syslog, too, as by Logplex. */
	bool tells_losses;
	/* Templates of the syslog message's fields, or NULL. */
	const char *hostname, *appname;
	enum body body; /* the form of the body for http:// and https:// */
	/* The fields that are labels of Loki's streams, or NULL: "a,b". */
	const char *labels;
	bool es_index; /* the action in a _bulk request is index, not create */
	/* The content type of requests; NULL for the default of the kind. */
	const char *content_type;
	const char *kafka_config;	/* see net/kafka.h, or NULL */
	struct store *store; /* a prepared store, for kinds that store files */
};

/*
 * One kind of receiver.  Each is defined in a file receiver_NAME.c and has a
 * row in the table of receiver.c.
 */
struct receiver_kind {
	/* The beginnings of its URLs, with NULL after the last. */
	const char *schemes[4];
	size_t own; /* how many bytes of them are only ours, such as "es+" */
	bool files; /* such a URL can take files as well as streams */
	bool nodes;		/* it uses options.also */
	bool many;	/* its URL may name several hosts, which open checks */
	/* It stores files: it uses options.store, over one connection. */
	bool stores;
	/*
	 * Returns NULL with the reason in *why, which stays valid.  The
	 * options must stay valid as long as the receiver is open.
	 */
	struct receiver *(*open)(const struct receiver_options *o,
	    const char **why);
};

/* Returns the kind that takes a stream for such a URL, or NULL. */
const struct receiver_kind *receiver_kind_of(const char *url);

/*
 * Put the first line of the file of --auth-file into auth, which is a string
 * then.  Returns 0, or -1 with errno: EFBIG when it is no shorter than 16 KiB.
 */
int receiver_read_auth(const char *path, struct buf *auth);

/* Calls the open of the URL's kind, which must be known. */
struct receiver *receiver_open(const struct receiver_options *o,
    const char **why);

/* Returns the URL without the part of its scheme that is only ours: "es+". */
const char *receiver_rest(const char *url);

/* Add the URL without user and password to plain; *user gets these. */
void receiver_plain_url(struct buf *plain, const char *url, struct span *user);

/* Set s->error.  Returns result. */
enum attempt receiver_fail(struct receiver *s, enum attempt result,
    const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Set the state of all items to ITEM_DONE. */
void receiver_done(struct item **items, size_t n);
/*
 * Let the item wait as a suspect: it may be to blame itself, for the reason
 * that s->error gives.
 */
void receiver_suspect(struct receiver *s, struct item *item);
void receiver_free(struct receiver *s);	/* NULL is fine */

#endif
