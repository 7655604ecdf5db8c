/*
 * s3_list - the objects of a bucket, in the order of their keys
 */
#ifndef AWS_S3_LIST_H
#define AWS_S3_LIST_H

#include "aws/s3.h"

enum { S3_KEY_MAX = 1024, S3_ETAG_MAX = 128, S3_TOKEN_MAX = 4096 };

struct s3_object {
	const char *key;
	int64_t size;
	int64_t changed;	/* LastModified, seconds since 1970; -1 not known */
	const char *etag;	/* with its quotes, "" when not known */
};

bool s3_is_pattern(const char *key);

/*
 * Read a page of ListObjectsV2.  visit is called for each object, whose strings
 * last until it returns; false from it ends the list.  after is the key before
 * the page, or "", and becomes the last key of the page.  token gets the
 * NextContinuationToken, "" after the last page.  Returns 0; 1 when visit ended
 * the list; -1 when the text is no such page, or the keys do not increase.
 */
int s3_list_page(struct span xml, char after[S3_KEY_MAX + 1],
    char token[S3_TOKEN_MAX],
    bool (*visit)(void *arg, const struct s3_object *o), void *arg);

/*
 * Call visit for each object below key, which is a prefix, or a pattern as the
 * shell's (no * and no ? is a /) when it holds one of "*?[".  Only below its
 * literal part is listed, and markers of folders are left out.  Returns S3_DONE, or
 * another verdict with the reason, which is of the size in struct s3_call.
 * *requests grows by the number of requests made.
 */
enum s3_verdict s3_list_each(struct s3 *s, struct http *h,
    struct retry *retry, const char *key,
    bool (*visit)(void *arg, const struct s3_object *o), void *arg,
    char *reason, uint64_t *requests);

#endif
