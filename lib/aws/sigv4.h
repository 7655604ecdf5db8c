/*
 * sigv4 - AWS Signature Version 4, in the Authorization header
 */
#ifndef AWS_SIGV4_H
#define AWS_SIGV4_H

#include <time.h>

#include "base/buf.h"

struct sigv4 {
	const char *id, *secret;
	const char *token;	/* the token of a session, or NULL */
	const char *region, *service;
	time_t when;
};

/*
 * Add X-Amz-Date, X-Amz-Security-Token and Authorization to headers.  All
 * headers in it are signed, and Host has to be one of them.  path and query are
 * percent- encoded as they go over the wire (S3 encodes once), query without
 * "?", in any order; payload is the body's SHA-256 in hex, or UNSIGNED-PAYLOAD.
 * Returns 0, or -1 with errno; E2BIG: more than 256 headers or parameters, or a
 * secret of more than 500 bytes.
 */
int sigv4_sign(const struct sigv4 *s, const char *method, const char *path,
    const char *query, struct buf *headers, const char *payload);

#endif
