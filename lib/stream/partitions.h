/*
 * partitions - the connections of a stream, and which of them each line takes
 */
#ifndef STREAM_PARTITIONS_H
#define STREAM_PARTITIONS_H

#include "stream/delivery.h"

/*
 * Deliver the queue's frames, over one connection for each receiver, until the
 * queue ends or d is given up.
 */
void partitions_run(
    struct delivery *d, struct receiver *const *receivers, unsigned n);

#endif
