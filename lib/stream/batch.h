/*
 * batch - lines that are delivered together
 */
#ifndef STREAM_BATCH_H
#define STREAM_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "net/retry.h"
#include "stream/frame.h"
#include "stream/receiver.h"

struct batch {			/* lines delivered together; begin with { 0 } */
	struct item *items;
	struct item **waiting;	/* room for n of them, for who delivers */
	size_t n, cap;
	struct buf text;	/* the lines, LF after each */
	bool failed;		/* memory was short: something is missing */

	/* These are the delivery's own, while the batch is tried. */
	struct retry retry;
	size_t refused;		/* items */
	unsigned passes;	/* tries that found suspects */
	bool begun, failing;
	bool unjudged;		/* no item was taken, refused or suspect */
	uint64_t began_at;	/* how many items had been taken then */
	int64_t due_ms;		/* when it is tried again */
};

/* Add a frame.  Returns 0, or -1 with errno: then it is not in the batch. */
int batch_add(struct batch *b, const struct frame *f, uint64_t number);
/* Call once all are added: only now the items' lines can be read. */
void batch_ready(struct batch *b);
int batch_join(struct batch *b, const struct batch *more); /* -1: ENOMEM */
void batch_clear(struct batch *b);	/* empties it for the next lines */
void batch_free(struct batch *b);
/* Free the memory; the lines are to be added again to the same batch. */
void batch_rest(struct batch *b);

#endif
