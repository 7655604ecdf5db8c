/*
 * origin - which program a line of a stream comes from
 */
#ifndef ORIGIN_H
#define ORIGIN_H

#include <stdint.h>

#include "buf.h"

struct origin;

struct origin *origin_new(void);	/* NULL: ENOMEM */
void origin_free(struct origin *o);	/* NULL is fine */

/*
 * A number that is the same for all lines of one program: of its hostname,
 * appname and procid, or pod and container, in a record or a syslog line.  What
 * has none of these comes from the stream as a whole.
 */
uint32_t origin_of(struct origin *o, struct span line, uint64_t stream);

#endif
