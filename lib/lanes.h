/*
 * lanes - a stream's connections, and which of them each line takes
 *
 * All lines of one origin take the same, so that they keep their order.  Each
 * has a batch that is filled while another is delivered.
 */
#ifndef LANES_H
#define LANES_H

#include "delivery.h"

/*
 * Deliver what the relay gives, over one lane for each sender, until it ends or
 * d is given up.
 */
void lanes_run(struct delivery *d, struct sender *const *senders, unsigned n);

#endif
