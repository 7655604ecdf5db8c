/*
 * servererror - does a log line say that a request failed with status 5xx?
 *
 * It looks at the status field, whatever the log's shape, bare or behind a
 * prefix (syslog, Docker, CRI): never at a size or a time that happens to lie
 * between 500 and 599.
 */
#ifndef SERVERERROR_H
#define SERVERERROR_H

#include "buf.h"

/*
 * The name of the rule by which the line (without LF) is a server error, or
 * NULL when it is none.
 */
const char *server_error(struct span line);

/*
 * Find the first server error in block, whole lines with their LFs; *line is
 * with its LF.  The rule's name, or NULL for none.  Lines are judged by a copy
 * in b, as a block may be a file that changes.
 */
const char *server_error_next(struct span block, struct span *line,
    struct buf *b);

#endif
