/*
 * creds_request - a request to a service that gives credentials
 */
#ifndef AWS_CREDS_REQUEST_H
#define AWS_CREDS_REQUEST_H

#include "aws/creds.h"

/*
 * Send r, and again when the server is busy, within the time that is left.
 * Returns 0 for an answer of 200; else -1, with the reason in error, in which
 * the server is called who, and *hopeless when trying again will not help.
 */
int creds_request(const struct creds_where *w, const struct http_options *o,
    struct http_request *r, const char *who, char error[256], bool *hopeless);

#endif
