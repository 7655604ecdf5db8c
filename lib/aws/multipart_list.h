/*
 * multipart_list - the multipart uploads that were begun in a bucket and not ended
 */
#ifndef AWS_MULTIPART_LIST_H
#define AWS_MULTIPART_LIST_H

#include "aws/s3.h"

struct multipart_entry {
	const char *key, *id;	/* id is percent-encoded, as a query has it */
	int64_t begun;		/* seconds since 1970, 0 when not known */
};

/*
 * Call visit for each upload whose key begins with prefix.  Returns S3_DONE, or
 * another verdict with the reason, which is of the size in struct s3_call or
 * NULL.
 */
enum s3_verdict multipart_list_each(struct s3 *s, struct http *h,
    struct retry *retry, struct span prefix,
    void (*visit)(void *arg, const struct multipart_entry *u), void *arg,
    char *reason);

/*
 * Abort an upload; its stored parts are freed.  Returns S3_DONE when it is
 * gone.
 */
enum s3_verdict multipart_list_abort(struct s3 *s, struct http *h,
    struct retry *retry, struct span key, const char *id, char *reason);

#endif
