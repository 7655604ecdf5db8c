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

/* What is known of an input; { 0 } at its start. */
struct server_errors {
	struct buf line;	/* a copy: blocks may be a file that changes */
	size_t columns;		/* by the last #Fields: of a W3C log, or 0, */
	size_t status;		/* and which of them is the status, from 1 on */
};

/*
 * Find the first server error in block, whole lines with their LFs; *line is
 * with its LF.  The name of the rule by which it is one, or NULL for none.
 */
const char *server_errors_next(struct server_errors *e, struct span block,
    struct span *line);

#endif
