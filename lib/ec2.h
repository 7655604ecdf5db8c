/*
 * ec2 - what a machine at Amazon is told about itself (IMDSv2)
 */
#ifndef EC2_H
#define EC2_H

#include "buf.h"
#include "http.h"

/*
 * Add the text of http://169.254.169.254/latest/meta-data/PATH (or of the host
 * in AWS_EC2_METADATA_SERVICE_ENDPOINT) to out.  1; 0: there is none, or this
 * is no such machine, or AWS_EC2_METADATA_DISABLED is true; -1 with error.
 */
int ec2_metadata(const char *path, struct buf *out, char error[256]);

#endif
