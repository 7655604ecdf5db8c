/*
 * http_headers - HTTP header fields as text: lines "Name: value" that end with LF
 */
#ifndef NET_HTTP_HEADERS_H
#define NET_HTTP_HEADERS_H

#include "base/buf.h"

/*
 * Add a header field.  Returns 0, or -1 with errno: ENOMEM, or EINVAL for a
 * control character in the value or a name that is not valid.
 */
int headers_add(struct buf *h, const char *name, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/*
 * Take the next field; *rest is moved after it.  Names and values are without
 * blanks around them.
 */
bool headers_next(struct span *rest, struct span *name, struct span *value);

/* The value of the last field of that name; p is NULL when there is none. */
struct span headers_get(const struct buf *h, const char *name);

#endif
