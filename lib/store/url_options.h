/*
 * url_options - the options of a command whose operands may be URLs
 */
#ifndef STORE_URL_OPTIONS_H
#define STORE_URL_OPTIONS_H

#include "aws/s3.h"
#include "base/opt.h"
#include "input/gzip_index.h"

struct url_options {		/* the strings are the caller's, and stay valid */
	struct http_options http;
	struct s3_options s3;	/* its http is set by us */
	int64_t deadline_ms;	/* the longest time without progress */
	unsigned connections;	/* how many objects are fetched at once */
	/*
	 * If has_since, what by its name or the time of its last change holds
	 * nothing from since on (seconds since 1970) is passed over; with
	 * tell_passed it is among the operands all the same.
	 */
	bool has_since, tell_passed;
	int64_t since;
	/* What no index may leave out; NULL: everything.  It stays valid. */
	const struct gzip_wanted *wanted;
	bool stats;		/* say at the end what was listed and fetched */
	const char *kafka_config;	/* see net/kafka.h, or NULL */
	bool kafka_tail;	/* topics are read on, see kafka_reader.h */
};

#define URL_DEFAULTS { .connections = 16, .deadline_ms = 30 * 1000 }

/* The options of a command whose operands may be URLs; they follow code. */
#define URL_OPTIONS(code) \
	{ (code), "endpoint-url", "url", "the S3 store to talk to" }, \
	{ (code) + 1, "profile", "name", "the profile in ~/.aws" }, \
	{ (code) + 2, "cacert", "file", "the certificates to trust" }, \
	{ (code) + 3, "connections", "num", \
	    "fetch num objects at once (16)" }, \
	{ (code) + 4, "deadline", "time", \
	    "give an object up after so long without progress (30)" }, \
	{ (code) + 5, "insecure-http", NULL, \
	    "credentials may go over http://" }, \
	{ (code) + 7, "kafka-config", "file", \
	    "settings of librdkafka: TLS, SASL, ..." }
/* For a command that has no statistics of its own, also this one. */
#define URL_OPTION_STATS(code) \
	{ (code) + 6, "stats", NULL, "say what was listed and fetched" }

/* Take the nth of these options; false when it is none of them. */
bool url_option(const struct cmd *cmd, struct url_options *o, int nth);

/* An s3:// URL without its scheme, or NULL; and then its key, or "". */
const char *url_after_s3(const char *url);
const char *url_key(const char *after_s3);

/* Whether an operand is a URL; whether it may stand for several objects. */
bool url_is_operand(const char *operand);
bool url_is_many(const char *operand);

/*
 * Whether an operand, of a list that ends with NULL, is a URL.  Passwords in
 * them are hidden from ps(1) from then on: then the operand becomes a copy.
 */
bool url_hide(char **operands);

#endif
