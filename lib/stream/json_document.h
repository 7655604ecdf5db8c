/*
 * json_document - a line of a stream as a JSON document
 */
#ifndef STREAM_JSON_DOCUMENT_H
#define STREAM_JSON_DOCUMENT_H

#include "base/buf.h"

/*
 * Add line as one JSON object without LF.  A line that is an object already is
 * added as it stands, except that bytes that are not UTF-8 become U+FFFD and
 * "lossy":true is added; any other line becomes {"message":line}.  Returns 0,
 * or -1 with errno ENOMEM.
 */
int json_document_add(struct buf *b, struct span line);

/*
 * Add the value that the record has at path, decoded.  Returns false when line
 * is no record, or has no such value, or the value is empty or null.
 */
bool json_document_get(struct buf *b, struct span line, const char *path);

/* Sets *t to the record's own time.  Returns false when it has none. */
struct timestamp;
bool json_document_time(struct span line, struct timestamp *t);

/*
 * Add template with its fields filled in: {date:FORMAT} is the record's time,
 * or else now, in UTC; {field} is the value of the record's field, or
 * "unknown".  Returns 0, 1 when a field was unknown, or -1 with errno ENOMEM.
 */
int json_document_expand(struct buf *b, const char *template, struct span line);
/* Returns NULL, or what is wrong with the template. */
const char *json_document_check(const char *template);

#endif
