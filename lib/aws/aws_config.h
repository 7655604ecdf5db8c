/*
 * aws_config - what the environment and the files in ~/.aws say of a profile
 *
 * The files are read as boto3 reads them: a section "[name]", entries "key =
 * value" or "key: value" whose keys have no case, and below an entry without a
 * value a block of entries that are indented more.  1 MiB of a file is read.
 */
#ifndef AWS_AWS_CONFIG_H
#define AWS_AWS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * The profile to use: name if not NULL, AWS_DEFAULT_PROFILE, AWS_PROFILE, or
 * "default".
 */
const char *aws_config_profile(const char *name);

/*
 * The value of key in the profile, from the credentials file (which goes first)
 * or the config file; "s3.endpoint_url" is a key of the block "s3".  It is for
 * free(); wipe secrets before that.  Returns NULL when the value is in neither
 * or empty, or neither can be read.
 */
char *aws_config_get(const char *profile, const char *key);

/* The same, of one of the files. */
enum aws_file { AWS_CREDENTIALS, AWS_CONFIG };
char *aws_config_of(enum aws_file file, const char *profile, const char *key);

/* The same for the section "[kind name]" of the config file. */
char *aws_config_section(const char *kind, const char *name, const char *key);

bool aws_config_has(const char *profile);	/* whether either file has it */

/* The value of an environment variable, NULL when unset or empty. */
const char *aws_config_env(const char *name);

/*
 * A setting that is in the environment (unless variable is NULL), or else in
 * the profile: as text, for free(), or NULL; as a number from 1 to max, or 0;
 * whether it is "true".
 */
char *aws_config_setting(const char *profile, const char *variable,
    const char *key);
int64_t aws_config_number(const char *profile, const char *variable,
    const char *key, int64_t max);
bool aws_config_flag(const char *profile, const char *variable,
    const char *key);

/*
 * Add the path of base in ~/.aws to out.  Returns NULL when there is no home
 * folder.
 */
const char *aws_config_path(struct buf *out, const char *base);

/*
 * Add what a small file holds, at most max bytes of it, to out, without the
 * line ends at its end.  Returns 0, or -1 with errno.
 */
int aws_config_read(const char *path, size_t max, struct buf *out);

#endif
