/*
 * awsconf - what ~/.aws/credentials and ~/.aws/config say of a profile
 */
#ifndef AWSCONF_H
#define AWSCONF_H

#include <stdbool.h>

/* The profile in force: name if not NULL, AWS_PROFILE, or "default". */
const char *awsconf_profile(const char *name);

/*
 * The value of key in the profile, from the credentials file (which goes first)
 * or the config file.  For free(), which secrets deserve a wipe before; NULL
 * when it is in neither, or neither can be read.
 */
char *awsconf_get(const char *profile, const char *key);

bool awsconf_has(const char *profile);	/* is it in either? */

/* The value of an environment variable, NULL when unset or empty. */
const char *awsconf_env(const char *name);

#endif
