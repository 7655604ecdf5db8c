/*
 * send - deliver files to a store: what its kinds have in common
 */
#ifndef SEND_H
#define SEND_H

#include "parcel.h"
#include "place.h"
#include "s3.h"

enum if_exists { IF_EXISTS_SUFFIX, IF_EXISTS_REFUSE, IF_EXISTS_OVERWRITE };

struct send {
	char *url;		/* the user's, with its scheme; for free() */
	char *origin;		/* what comes before it in a URL for people */
	bool escape;		/* in it, values are percent-encoded */
	struct buf place;	/* the template of a file's name in the store */
	struct place_fields common;	/* those that all files share */
	enum if_exists if_exists;
	int64_t deadline_ms;	/* for one file, 0 for none */
	unsigned jobs;		/* pieces in parallel */
	bool gzip_encoding;	/* .gz: a way to transport text, not a file */
	const char *content_type;	/* NULL: by the name */
	struct buf headers;	/* the user's own, see headers.h */
	struct http_options http;
	struct s3_options s3_options;
	struct http_pool *pool;	/* made by a prepare that needs it */
	struct s3 *s3;
};

/*
 * Fill in the place of p into out; the file is digested first when the place
 * asks for that.  A STATUS_.
 */
int send_place(const struct send *s, struct parcel *p, struct buf *out);

/* Content-Type, and Content-Encoding, of the parcel. */
int send_content_type(const struct send *s, const struct parcel *p,
    struct buf *headers);

/*
 * For each kind of store: prepare returns NULL or what is wrong with the URL or
 * the options; the other, which is called in several threads, a STATUS_.
 */

/* file:///folder: a copy, whole or not at all, synced and read back. */
const char *send_file_prepare(struct send *s);
int send_file(struct send *s, struct parcel *p);

/* s3://bucket/key: an object, whose digest the store confirmed. */
const char *send_s3_prepare(struct send *s);
int send_s3(struct send *s, struct parcel *p);

/*
 * Abort the uploads below the key's part before its first field that were begun
 * before that time (seconds since 1970); *count tells how many.  A STATUS_,
 * with the reason.
 */
int send_s3_sweep(struct send *s, int64_t before, unsigned *count,
    char reason[320]);

/* http(s)://host/path: a PUT, as curl -T does. */
const char *send_http_prepare(struct send *s);
int send_http(struct send *s, struct parcel *p);

void send_free(struct send *s);		/* what the prepares made */

#endif
