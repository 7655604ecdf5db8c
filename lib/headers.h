/*
 * headers - HTTP header fields as text: lines "Name: value" that end with LF
 */
#ifndef HEADERS_H
#define HEADERS_H

#include "buf.h"

/*
 * 0, or -1 with errno: ENOMEM; EINVAL for a control character in the value, or
 * a name that is none.
 */
int headers_add(struct buf *h, const char *name, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* The next field, *rest is moved behind it; names and values without blanks. */
bool headers_next(struct span *rest, struct span *name, struct span *value);

/* The value of the last field of that name; p is NULL when there is none. */
struct span headers_get(const struct buf *h, const char *name);

#endif
