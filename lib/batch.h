/*
 * batch - lines that are delivered together
 */
#ifndef BATCH_H
#define BATCH_H

#include "frame.h"
#include "sender.h"

struct batch {			/* begin with { 0 } */
	struct item *items;
	struct item **waiting;	/* room for n of them, for who delivers */
	size_t n, cap;
	struct buf text;	/* the lines, LF after each */
	bool failed;		/* no memory: something is missing */
};

void batch_add(struct batch *b, const struct frame *f);
/* Call once all are added: only now the items' lines can be read. */
void batch_ready(struct batch *b);
void batch_clear(struct batch *b);
void batch_free(struct batch *b);

#endif
