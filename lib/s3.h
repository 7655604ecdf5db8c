/*
 * s3 - signed requests to one bucket of an S3 store, whoever made it
 */
#ifndef S3_H
#define S3_H

#include "http.h"
#include "parcel.h"
#include "retry.h"

enum s3_style { S3_AUTO, S3_PATH, S3_VIRTUAL };

struct s3_options {		/* strings are the caller's, and stay */
	const char *endpoint;	/* a URL, NULL: the environment's, or AWS */
	const char *region;	/* NULL: the environment's, the profile's */
	const char *profile;	/* NULL: the environment's */
	enum s3_style style;
	const struct http_options *http;	/* to find credentials by */
	bool unsigned_payload;	/* over TLS: the body's digest is not signed */
};

/* A bucket; safe in several threads. */
struct s3;

/* bucket: up to its NUL or '/'.  NULL, with what is wrong in *why. */
struct s3 *s3_new(const char *bucket, const struct s3_options *o,
    const char **why);
void s3_free(struct s3 *s);

bool s3_is_aws(const struct s3 *s);

struct s3_call {
	/* The caller's. */
	const char *method;
	struct span key;	/* its bytes as they are; may be empty */
	const char *query;	/* percent-encoded, or "" */
	struct buf headers;	/* those besides Host and what signing adds */
	bool if_absent;		/* fail with 412 when the key is taken, if the
				 * server knows how to */
	const struct parcel *parcel;	/* its body; no retry once it changed */
	const char *sha256;	/* of the body, in hex; NULL: there is none */
	struct http_request http;	/* its body, and the answer */

	/* What was made of the answer by s3_judge. */
	char code[64];		/* the server's: "NoSuchBucket" */
	char reason[320];	/* for a message; no secrets */
	int64_t after_ms;	/* with S3_LATER: the server's wish */

	/* Ours. */
	struct buf url, signed_headers;
	struct creds *creds;
	unsigned fixed;		/* which corrections were tried */
};

enum s3_verdict {
	S3_DONE,		/* 2xx */
	S3_AGAIN,		/* something was corrected: at once */
	S3_LATER,		/* may succeed after a while */
	S3_NO,			/* this answer stays */
};

/*
 * Sign the call and set up its http for http_start.  0, or -1 with the reason
 * in call->reason; *hopeless as in creds_get.
 */
int s3_prepare(struct s3 *s, struct s3_call *c, bool *hopeless);
enum s3_verdict s3_judge(struct s3 *s, struct s3_call *c);

/* All of it, with retries; S3_DONE, S3_LATER or S3_NO. */
enum s3_verdict s3_do(struct s3 *s, struct http *h, struct s3_call *c,
    struct retry *retry);

void s3_call_free(struct s3_call *c);

#endif
