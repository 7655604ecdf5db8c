/*
 * server_error - does a log line say that a request failed with status 5xx?
 *
 * A fast search finds lines that hold a number from 500 to 599 where a status
 * may stand.  Those are read as logparse reads them, and the status of their
 * record decides: never a size or a time that happens to be such a number.
 */
#ifndef MATCH_SERVER_ERROR_H
#define MATCH_SERVER_ERROR_H

#include <stdint.h>

#include "base/buf.h"

struct server_errors;		/* for one input at a time, in one thread */

struct server_errors *server_errors_new(void);	/* NULL: ENOMEM */
void server_errors_free(struct server_errors *e);

/* Begin a new input; near is as for scanner_input. */
void server_errors_input(struct server_errors *e, int64_t near);

/* Begin a block of whole lines. */
void server_errors_block(struct server_errors *e);

/*
 * Find the first server error in rest, the end of the block after the line
 * found last; *line is with its LF.  Returns false when there is none.  Of a
 * message that a container's runtime cut into pieces, all pieces in the block
 * are server errors; of those in earlier blocks see below.
 */
bool server_errors_next(struct server_errors *e, struct span rest,
    struct span *line);

/* As scanner_carries. */
bool server_errors_carry(const struct server_errors *e);

/*
 * The lines of the block that wait: a message may have pieces in several
 * blocks.
 */
struct waiting_lines;
const struct waiting_lines *server_errors_waiting(
    const struct server_errors *e);
/*
 * Whether the line found last is the first here of a message of stdout (1) or
 * stderr (2) that has pieces in earlier blocks; else 0.
 */
unsigned server_errors_follows(const struct server_errors *e);

/* The line found last: a copy without its LF, and its format. */
struct span server_errors_line(const struct server_errors *e);
const char *server_errors_format(struct server_errors *e);

/* Whether memory was short since the last call: errors may be missing. */
bool server_errors_failed(struct server_errors *e);

#endif
