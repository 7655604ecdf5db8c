/*
 * multipart - a large file into an S3 store, in parts sent in parallel
 */
#ifndef AWS_MULTIPART_H
#define AWS_MULTIPART_H

#include "aws/s3.h"

struct multipart {
	/* These members are the caller's. */
	struct s3 *s3;
	struct http *h;
	struct retry *retry;
	const struct http_options *http; /* for the request that aborts */
	struct upload *upload;
	struct span key;
	struct buf headers;	/* the headers that the object keeps */
	bool if_absent;		/* see struct s3_call */
	bool fresh;		/* do not go on with an upload that was begun */
	unsigned jobs;		/* how many parts are sent at a time */

	/* These are ours, until multipart_free. */
	char *id; /* the upload's id, percent-encoded; NULL for none */
	int64_t begun;		/* when it was begun, as in multipart_list.h */
	struct part *parts;
	unsigned count;
	bool gone;		/* the store no longer knows the upload */
	struct thread_pool *digests;	/* the parts not yet assigned */
	_Atomic bool ending;	/* no more parts are to be digested */
	char etag[80]; /* the ETag of the whole, from multipart_complete */
};

/* Begin to digest the parts, in threads.  Returns a STATUS_. */
int multipart_digest(struct multipart *m);

/*
 * Send all parts, after multipart_digest.  An upload of the same key that a
 * killed run began is taken up: its parts count when their MD5 is ours.
 * Returns a STATUS_, with upload->error.
 */
int multipart_send(struct multipart *m);

/*
 * Ask the store once to put the parts together.  Neither S3_DONE nor a failure
 * can be relied on: the caller looks at the object.  *taken becomes true when
 * the store says that the key is taken.
 */
enum s3_verdict multipart_complete(struct multipart *m, bool *taken);

void multipart_abort(struct multipart *m);	/* frees the parts stored */
void multipart_free(struct multipart *m);

#endif
