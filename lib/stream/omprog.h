/*
 * omprog - read lines as rsyslog's omprog sends them, and answer each
 *
 * "OK" says that a line is delivered, or synced to the spool.  Between the
 * lines BEGIN TRANSACTION and COMMIT TRANSACTION each gets DEFER_COMMIT, and
 * the last one the answer for all.  rsyslog sends lines that were not answered
 * again, perhaps to the next instance; that one passes over the lines that are
 * in the spool already.
 */
#ifndef STREAM_OMPROG_H
#define STREAM_OMPROG_H

#include "input/lines.h"
#include "stream/queue.h"

/*
 * Read and answer lines until the input ends; *count is how many lines were put
 * into the queue.  spool is the spool's folder, or NULL.  Returns 0, or -1 when
 * the input or the queue failed.
 */
int omprog_confirm(struct lines *l, struct queue *queue, const char *spool,
    uint64_t *count);

#endif
