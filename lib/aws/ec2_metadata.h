/*
 * ec2_metadata - what a machine at Amazon is told about itself (IMDSv2)
 */
#ifndef AWS_EC2_METADATA_H
#define AWS_EC2_METADATA_H

#include "aws/creds.h"

/*
 * Add the text of http://169.254.169.254/latest/meta-data/PATH to out; host,
 * patience and number of tries are those of the environment or the profile.
 * Returns 1; 0 when there is no such text, or this is not a machine at Amazon,
 * or AWS_EC2_METADATA_DISABLED is true; -1 with the reason in error, when
 * another try may help.
 */
int ec2_metadata(const struct creds_where *w, const char *path,
    struct buf *out, char error[256]);

#endif
