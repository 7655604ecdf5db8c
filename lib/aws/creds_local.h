/*
 * creds_local - credentials from the environment, ~/.aws and a program
 */
#ifndef AWS_CREDS_LOCAL_H
#define AWS_CREDS_LOCAL_H

#include "aws/creds.h"

creds_way creds_from_environment, creds_from_files, creds_from_process;
/*
 * Checks the profile that was asked for.  It never returns 1; -1 means that
 * there is no such profile, or that its role cannot be asked for.
 */
creds_way creds_check_profile;

#endif
