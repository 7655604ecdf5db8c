/*
 * sls_protocol - Alibaba Cloud's Log Service: its protobuf messages and its
 * signatures
 */
#ifndef STREAM_SLS_PROTOCOL_H
#define STREAM_SLS_PROTOCOL_H

#include <time.h>

#include "base/buf.h"

/* How many logs and bytes one PutLogs request may hold. */
enum { SLS_GROUP_LOGS = 4096, SLS_GROUP_BYTES = 3 << 20 };

/*
 * The values that a LogGroup has for all its logs.  They come from the record's
 * fields __topic__ (or tag), __source__ (or hostname), and __tag__:NAME.
 */
struct sls_group {
	struct buf topic, source;
	/* The LogTags fields in the form that they have in the message. */
	struct buf tags;
};

/* Clear g and fill it in from line; host is the source when line has none. */
int sls_group_of(struct sls_group *g, struct span line, const char *host);
bool sls_group_same(const struct sls_group *a, const struct sls_group *b);
void sls_group_free(struct sls_group *g);

/*
 * Add a Logs field to a LogGroup: the record's fields as texts, without those
 * that the group holds.  The log's time is the record's, or else now.  Returns
 * 0, or -1 with errno: ENOMEM, or EINVAL when the time does not fit.
 */
int sls_add_log(struct buf *msg, struct span line, time_t now);
/* Add the group's own fields after the last log. */
int sls_add_group(struct buf *msg, const struct sls_group *g);

/*
 * Set `to` to the body in LZ4's block form.  Returns 0, or -1 when that is not
 * smaller.
 */
int sls_compress(struct buf *to, struct span body);

struct sls_key {
	const char *id, *secret;
	const char *token; /* the token of temporary credentials, or NULL */
	/* The region for a signature v4; NULL: the signature is v1. */
	const char *region;
};

/*
 * Add the date, the digest of the body, and the signature to headers (see
 * http_headers.h), which must hold all that begin with x-log- already.
 */
int sls_sign(struct buf *headers, const struct sls_key *k, const char *method,
    const char *resource, const char *host, struct span body, time_t now);

/*
 * Make only the signature, for headers that are complete: v1 in base64, v4 in
 * hex.  when has the form 20220808T032330Z, query is in canonical form, digest
 * is the body's SHA-256.
 */
enum { SLS_SIGNATURE_SIZE = 72 };
int sls_signature_v1(const char *secret, const char *method,
    const char *resource, const struct buf *headers,
    char out[SLS_SIGNATURE_SIZE]);
int sls_signature_v4(const struct sls_key *k, const char *method,
    const char *resource, const char *query, const struct buf *headers,
    const char *when, const char *digest, char out[SLS_SIGNATURE_SIZE]);

#endif
