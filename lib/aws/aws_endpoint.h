/*
 * aws_endpoint - where a service of AWS is, by AWS's names or the user's
 */
#ifndef AWS_AWS_ENDPOINT_H
#define AWS_AWS_ENDPOINT_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * The region: name if not NULL, that of the environment or the profile.  It is
 * for free(); NULL when there is none.
 */
char *aws_endpoint_region(const char *name, const char *profile);

/*
 * The URL that the user gave for a service ("s3", "sts", "sso"), in the
 * environment, in the section of services that the profile names, or in the
 * profile.  It is for free(); NULL when there is none.
 */
char *aws_endpoint_configured(const char *profile, const char *service);

/* The kinds of host names that the user wants. */
struct aws_variant {
	bool fips;		/* with cryptography as FIPS 140 has it */
	bool dualstack;		/* with addresses of IPv6 too */
};

struct aws_variant aws_endpoint_variant(const char *profile);

/* Add the host name of a service in a region to out. */
void aws_endpoint_host(struct buf *out, const char *service,
    const char *region, struct aws_variant v);

/*
 * Add the URL of a service that gets secrets to out, with a slash at its end:
 * the configured one, or that of AWS.  Returns NULL, or what is wrong with it;
 * http:// is right for this machine only, unless insecure.
 */
const char *aws_endpoint_url(struct buf *out, const char *profile,
    const char *service, const char *region, bool insecure);

#endif
