/*
 * s3 - signed requests to one bucket of an S3 store, whoever made it
 */
#ifndef AWS_S3_H
#define AWS_S3_H

#include "file/upload.h"
#include "net/http.h"
#include "net/retry.h"

enum s3_style { S3_CONFIGURED, S3_AUTO, S3_PATH, S3_VIRTUAL };

struct s3_options { /* the strings are the caller's, and stay valid */
	const char *endpoint;	/* a URL; NULL for the environment's, or AWS */
	/* NULL for that of the environment or the profile. */
	const char *region;
	const char *profile;	/* NULL for the environment's */
	enum s3_style style;	/* CONFIGURED: the profile's, or AUTO */
	/* For requests that find credentials. */
	const struct http_options *http;
	bool unsigned_payload;	/* over TLS, the body's digest is not signed */
};

/* A bucket; safe in several threads. */
struct s3;

/*
 * bucket is read up to its NUL or '/'; what follows it in a URL helps to see that
 * it is a user's key, as url_user has it.  Returns NULL, with what is wrong in
 * *why.
 */
struct s3 *s3_new(const char *bucket, const struct s3_options *o,
    const char **why);
void s3_free(struct s3 *s);

/*
 * The certificates to trust that the settings of AWS name (AWS_CA_BUNDLE, or
 * ca_bundle of the profile, NULL for the usual one), for free(); NULL for none.
 */
char *s3_ca_bundle(const char *profile);

bool s3_is_aws(const struct s3 *s);

struct s3_call {
	/* These members are the caller's. */
	const char *method;
	struct span key;	/* the key's bytes as they are; may be empty */
	const char *query;	/* percent-encoded, or "" */
	/* The headers, without Host and those that signing adds. */
	struct buf headers;
	bool impatient;		/* there is no retry where no server is */
	bool if_absent;		/* fail with 412 when the key is taken, if the
				 * server knows how to */
	/* Its body; there is no retry once it changed. */
	const struct upload *upload;
	const char *sha256; /* of the body, in hex; NULL when there is none */
	struct http_request http;	/* the body, and the answer */

	/* These are set by s3_judge from the answer. */
	char code[64];		/* the server's code, such as "NoSuchBucket" */
	char reason[320];	/* for a message; holds no secrets */
	/* With S3_LATER, how long the server wants us to wait. */
	int64_t after_ms;

	/* These members are ours. */
	struct buf url, signed_headers;
	struct creds *creds;
	unsigned fixed;		/* which corrections were tried */
	unsigned attempts;	/* how many were made; 0 for another request */
};

enum s3_verdict {
	S3_DONE,		/* the status is 2xx */
	S3_AGAIN,		/* something was corrected: try again at once */
	S3_LATER,		/* it may succeed after a while */
	S3_NO,			/* the answer will stay the same */
};

/*
 * Sign the call and set up its http for http_start.  Returns 0, or -1 with the
 * reason in call->reason; *hopeless as in creds_get.
 */
int s3_prepare(struct s3 *s, struct s3_call *c, bool *hopeless);
enum s3_verdict s3_judge(struct s3 *s, struct s3_call *c);

/*
 * Add the checksum of a body that buckets with Object Lock want: its MD5, or
 * its SHA-256 where there is no MD5.  Returns 0, or -1 with errno.
 */
int s3_add_checksum(struct buf *headers, const struct digests *d);

/* Whether a request was tried as often as AWS_MAX_ATTEMPTS allows. */
bool s3_out_of_attempts(const struct s3 *s, unsigned attempts);

/* Make the whole call, with retries.  Returns S3_DONE, S3_LATER or S3_NO. */
enum s3_verdict s3_do(struct s3 *s, struct http *h, struct s3_call *c,
    struct retry *retry);

void s3_call_free(struct s3_call *c);

#endif
