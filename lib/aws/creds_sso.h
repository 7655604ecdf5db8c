/*
 * creds_sso - credentials from AWS IAM Identity Center, after "aws sso login"
 */
#ifndef AWS_CREDS_SSO_H
#define AWS_CREDS_SSO_H

#include "aws/creds.h"

/*
 * The token comes from ~/.aws/sso/cache, where "aws sso login" has put it.  It
 * is not renewed here: one that has expired is an error.
 */
creds_way creds_from_sso;

#endif
