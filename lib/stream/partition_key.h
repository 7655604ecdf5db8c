/*
 * partition_key - which program a line of a stream comes from
 */
#ifndef STREAM_PARTITION_KEY_H
#define STREAM_PARTITION_KEY_H

#include <stdint.h>

#include "base/buf.h"

struct partition_key;

struct partition_key *partition_key_new(void);	/* NULL with errno ENOMEM */
void partition_key_free(struct partition_key *o);	/* NULL is fine */

/*
 * Returns a number that is the same for all lines of one program.  It is made
 * of the hostname, appname and procid, or of the pod and container, in a record
 * or a syslog line.  For a line that has none of these it is made of the
 * stream's id.
 */
uint32_t partition_key_of(
    struct partition_key *o, struct span line, uint64_t stream);

#endif
