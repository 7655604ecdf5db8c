/*
 * grace - how long what is under way may still take after SIGTERM
 */
#ifndef NET_GRACE_H
#define NET_GRACE_H

#include <stdint.h>

/*
 * Milliseconds that are left of the 8 s after termination was asked for, from
 * when this was first called after it; INT64_MAX when it was not.
 */
int64_t grace_left_ms(void);

#endif
