/*
 * creds_source - AWS credentials: found, kept, and renewed before they expire
 */
#ifndef AWS_CREDS_SOURCE_H
#define AWS_CREDS_SOURCE_H

#include "aws/creds.h"

/* The source of credentials; safe in several threads. */
struct creds_source;

/*
 * Make a source.  Credentials are looked for, in this order: in the environment
 * (not when the user asked for a profile), for the profile's role, by web
 * identity, from SSO, in the files of ~/.aws, from the profile's
 * credential_process, from the container's agent, from EC2.  profile and region
 * are those that the user asked for, or NULL; they and http are the caller's,
 * and must stay valid.  Returns NULL with errno ENOMEM.
 */
struct creds_source *creds_new(const char *profile, const char *region,
    const struct http_options *http);

/*
 * Copy the credentials to use; those that expire within minutes are renewed
 * first.  Gives up after timeout_ms, 0 for no limit.  Returns 0, or -1 with the
 * reason in error (which holds no secrets), and *hopeless when trying again
 * will not help.
 */
int creds_get(struct creds_source *s, int64_t timeout_ms, struct creds *out,
    char error[256], bool *hopeless);

/*
 * Get other credentials, as the server says that these have expired.  Returns
 * false when there are none.
 */
bool creds_expired(struct creds_source *s, const struct creds *old);

void creds_free(struct creds_source *s);

#endif
