/*
 * multipart - a large file into an S3 store, in parts sent in parallel
 */
#ifndef MULTIPART_H
#define MULTIPART_H

#include "s3.h"

struct multipart {
	/* The caller's. */
	struct s3 *s3;
	struct http *h;
	struct retry *retry;
	const struct http_options *http;	/* to abort by */
	struct parcel *parcel;
	struct span key;
	struct buf headers;	/* those that the object keeps */
	bool if_absent;		/* see struct s3_call */
	bool fresh;		/* do not go on with an upload that was begun */
	unsigned jobs;		/* parts at a time */

	/* Ours, until multipart_free. */
	char *id;		/* the upload's, percent-encoded; NULL: none */
	int64_t begun;		/* when, as uploads.h tells */
	struct part *parts;
	unsigned count;
	bool gone;		/* the store no longer knows the upload */
	struct jobs *digests;	/* the parts not yet assigned */
	_Atomic bool ending;	/* no more of them */
	char etag[80];		/* of the whole, from multipart_complete */
};

/* Begin to digest the parts, in a thread of its own.  A STATUS_. */
int multipart_digest(struct multipart *m);

/*
 * Send all parts, after multipart_digest.  An upload of the same key that a
 * killed run began is taken up: its parts count when their MD5 is ours.  A
 * STATUS_, with parcel->error.
 */
int multipart_send(struct multipart *m);

/*
 * Ask once to put them together.  S3_DONE may be a lie, and a failure too: the
 * caller looks what is there.  *taken: the store says that the key is.
 */
enum s3_verdict multipart_complete(struct multipart *m, bool *taken);

void multipart_abort(struct multipart *m);	/* frees the parts stored */
void multipart_free(struct multipart *m);

#endif
