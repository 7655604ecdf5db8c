/*
 * creds_remote - credentials from containers and EC2
 */
#ifndef AWS_CREDS_REMOTE_H
#define AWS_CREDS_REMOTE_H

#include "aws/creds.h"

creds_way creds_from_container, creds_from_ec2;

#endif
