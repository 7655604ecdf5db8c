/*
 * payload - a line of a stream as a JSON document
 */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include "buf.h"

/*
 * Add line as one JSON object without LF.  A line that is one goes as it
 * stands, except that bytes that are not UTF-8 become U+FFFD and "lossy":true
 * is added; any other line becomes {"message":line}.  -1 with errno ENOMEM.
 */
int payload_add(struct buf *b, struct span line);

/*
 * Add what the record holds at path, decoded; false: it is no record, or has no
 * such value, or the value is empty or null.
 */
bool payload_get(struct buf *b, struct span line, const char *path);

/* When the record says it happened: seconds since 1970; false: it does not. */
struct timestamp;
bool payload_time(struct span line, struct timestamp *t);

/*
 * Add template with {date:FORMAT} (the record's time, or now, in UTC) and
 * {field} (what the record holds there, or "unknown") filled in.
 */
int payload_expand(struct buf *b, const char *template, struct span line);
/* NULL, or what is wrong with the template. */
const char *payload_check(const char *template);

#endif
