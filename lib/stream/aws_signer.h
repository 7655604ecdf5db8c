/*
 * aws_signer - the requests of a stream, signed for a service of AWS
 */
#ifndef STREAM_AWS_SIGNER_H
#define STREAM_AWS_SIGNER_H

#include "stream/receiver.h"

struct aws_signer;

/*
 * For options.aws_service, in options.region, or else the one that the host's
 * name tells, or the environment or the profile.  The options must stay valid.
 * Returns NULL with *why.
 */
struct aws_signer *aws_signer_new(const struct receiver_options *o,
    const char **why);
void aws_signer_free(struct aws_signer *s);	/* NULL is fine */

/*
 * Sign a request whose method, URL, body and timeout are set.  Its headers are
 * set to headers and the signature; they last until the next call.  Returns 0,
 * or -1 with the reason in error, which holds no secrets.
 */
int aws_signer_sign(struct aws_signer *s, struct http_request *r,
    const struct buf *headers, char error[256]);

/*
 * Whether the answer says that the credentials have expired, and there are
 * others now, so that the request is to be signed again.
 */
bool aws_signer_renewed(struct aws_signer *s, const struct http_request *r);

#endif
