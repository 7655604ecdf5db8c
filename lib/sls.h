/*
 * sls - Alibaba Cloud's Log Service: its protobuf messages and its signatures
 */
#ifndef SLS_H
#define SLS_H

#include <time.h>

#include "buf.h"

/* What one PutLogs request may hold. */
enum { SLS_GROUP_LOGS = 4096, SLS_GROUP_BYTES = 3 << 20 };

/*
 * What a LogGroup says for all its logs: taken from the record's __topic__ (or
 * tag), __source__ (or hostname), and __tag__:NAME fields.
 */
struct sls_group {
	struct buf topic, source;
	struct buf tags;	/* LogTags fields, as they stand in the message */
};

/* Fill in g (cleared first) from line; host is the source of last resort. */
int sls_group_of(struct sls_group *g, struct span line, const char *host);
bool sls_group_same(const struct sls_group *a, const struct sls_group *b);
void sls_group_free(struct sls_group *g);

/*
 * Add a Logs field to a LogGroup: the record's fields as texts, but those that
 * the group has; its time is that of the log, or now.  -1 with errno: ENOMEM,
 * or EINVAL when its time does not fit.
 */
int sls_add_log(struct buf *msg, struct span line, time_t now);
/* After the last log. */
int sls_add_group(struct buf *msg, const struct sls_group *g);

/* The body in LZ4's block form: 0, or -1 when that is not smaller. */
int sls_compress(struct buf *to, struct span body);

struct sls_key {
	const char *id, *secret;
	const char *token;	/* of temporary credentials, or NULL */
	const char *region;	/* signature v4; NULL: v1 */
};

/*
 * Add to headers (see headers.h; all that begin with x-log- must be there) the
 * date, the digest of the body, and the signature.
 */
int sls_sign(struct buf *headers, const struct sls_key *k, const char *method,
    const char *resource, const char *host, struct span body, time_t now);

/*
 * The signatures alone, over headers that are complete.  v1 in base64, v4 in
 * hex; when is 20220808T032330Z, query canonical, digest the body's SHA-256.
 */
enum { SLS_SIGNATURE_SIZE = 72 };
int sls_signature_v1(const char *secret, const char *method,
    const char *resource, const struct buf *headers,
    char out[SLS_SIGNATURE_SIZE]);
int sls_signature_v4(const struct sls_key *k, const char *method,
    const char *resource, const char *query, const struct buf *headers,
    const char *when, const char *digest, char out[SLS_SIGNATURE_SIZE]);

#endif
