/*
 * creds_sts - credentials that Amazon's STS gives for a role
 */
#ifndef AWS_CREDS_STS_H
#define AWS_CREDS_STS_H

#include "aws/creds.h"

/* For the token in a file, AssumeRoleWithWebIdentity. */
creds_way creds_from_web_identity;

/*
 * For the credentials of source_profile or credential_source, AssumeRole.
 * Profiles may name each other, eight deep.
 */
creds_way creds_from_role;

#endif
