/*
 * store - deliver files to a store: what its kinds have in common
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "aws/s3.h"
#include "file/name_template.h"
#include "file/upload.h"

enum if_exists { IF_EXISTS_SUFFIX, IF_EXISTS_REFUSE, IF_EXISTS_OVERWRITE };

struct store {
	char *url;		/* the user's, with its scheme; for free() */
	char *url_prefix; /* text in front of the place, in a URL for people */
	bool escape;		/* values in the place are percent-encoded */
	struct buf place;	/* the template of a file's name in the store */
	struct place_fields common;	/* the fields that all files share */
	enum if_exists if_exists;
	int64_t deadline_ms; /* the longest time for one file, 0 for no limit */
	unsigned jobs;		/* how many pieces are sent in parallel */
	bool gzip_encoding; /* .gz means Content-Encoding, not a type of file */
	const char *content_type;	/* NULL to choose it by the name */
	struct buf headers;	/* the user's own, see http_headers.h */
	struct http_options http;
	struct s3_options s3_options;
	char *ca_bundle;	/* from the settings of AWS, or NULL */
	struct http_pool *pool;	/* made by a prepare that needs it */
	struct s3 *s3;
};

/*
 * Write the place of p to out; the file is digested first when the place holds
 * its digest.  Returns a STATUS_.
 */
int store_place(const struct store *s, struct upload *p, struct buf *out);

/* The Content-Type, and Content-Encoding, of the upload. */
int store_content_type(const struct store *s, const struct upload *p,
    struct buf *headers);

/*
 * Each kind of store has two functions.  prepare returns NULL, or what is wrong
 * with the URL or the options.  The other one, which is called in several
 * threads, returns a STATUS_.
 */

/* For file:///folder: a copy, whole or not at all, synced and read back. */
const char *store_file_prepare(struct store *s);
int store_file(struct store *s, struct upload *p);

/* For s3://bucket/key: an object, whose digest the store confirmed. */
const char *store_s3_prepare(struct store *s);
int store_s3(struct store *s, struct upload *p);

/*
 * Abort the uploads below the key's part before its first field that were begun
 * before that time (seconds since 1970); *count becomes how many.  Returns a
 * STATUS_, with the reason.
 */
int store_s3_sweep(struct store *s, int64_t before, unsigned *count,
    char reason[320]);

/* For http(s)://host/path: a PUT, as curl -T does. */
const char *store_http_prepare(struct store *s);
int store_http(struct store *s, struct upload *p);

/*
 * Make s the store of an s3:// or file:// URL, with these headers and the options
 * of `like`, whose strings must stay valid.  Returns NULL, or what is wrong;
 * store_free is needed all the same.
 */
const char *store_open(struct store *s, const char *url,
    const struct store *like, const struct buf *headers);

void store_free(struct store *s); /* frees all that prepare made */

#endif
