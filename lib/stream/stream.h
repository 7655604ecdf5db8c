/*
 * stream - lines from standard input or files, delivered in batches
 */
#ifndef STREAM_STREAM_H
#define STREAM_STREAM_H

#include "file/operands.h"
#include "stream/delivery.h"

/* Deliver all lines of files, in order.  Returns a STATUS_, after messages. */
int stream_push(struct stream *st, struct operands *files);

#endif
