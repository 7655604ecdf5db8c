/*
 * uploads - the multipart uploads that were begun in a bucket and not ended
 */
#ifndef UPLOADS_H
#define UPLOADS_H

#include "s3.h"

struct upload {
	const char *key, *id;	/* id: percent-encoded, as a query has it */
	int64_t begun;		/* seconds since 1970, 0: not known */
};

/*
 * Call visit for each whose key begins with prefix.  S3_DONE, or else with the
 * reason, which is of struct s3_call's size, unless it is NULL.
 */
enum s3_verdict uploads_each(struct s3 *s, struct http *h, struct retry *retry,
    struct span prefix, void (*visit)(void *arg, const struct upload *u),
    void *arg, char *reason);

/* End one; the parts that were stored are freed.  S3_DONE when it is gone. */
enum s3_verdict upload_abort(struct s3 *s, struct http *h, struct retry *retry,
    struct span key, const char *id, char *reason);

#endif
