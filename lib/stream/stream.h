/*
 * stream - lines from standard input or files, delivered in batches
 */
#ifndef STREAM_STREAM_H
#define STREAM_STREAM_H

#include "file/operands.h"
#include "stream/delivery.h"

/*
 * Deliver all lines of files, in order.  Returns a STATUS_, after messages.
 * *hung is whether a thread is still under way: then the process has to end by
 * _exit(2).
 */
int stream_push(struct stream *st, struct operands *files, bool *hung);

#endif
