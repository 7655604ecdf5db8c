/*
 * delivery - the batches of a stream to its receiver, until each line is settled
 *
 * Several threads may deliver, each with a sender and batches of its own.
 */
#ifndef DELIVERY_H
#define DELIVERY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "relay.h"
#include "sender.h"

struct stream;

struct delivery {
	const struct stream *st;
	struct relay *relay;

	pthread_mutex_t lock;	/* of all that follows */
	uint64_t delivered, refused;	/* lines; those count for delivered, too */
	int status;
	bool given_up;
	unsigned failing;	/* batches that wait for another try */
	char told[512];		/* the last reason that was told */
};

void delivery_init(struct delivery *d, const struct stream *st,
    struct relay *relay);

/*
 * Deliver b.  False: given up, for all threads, and d->status says what that
 * means; the reason was told.
 */
bool delivery_send(struct delivery *d, struct sender *s, struct batch *b);

/* Tell what the spool dropped: our user, and the receiver by s. */
void delivery_tell_losses(struct delivery *d, struct sender *s);
void delivery_fail(struct delivery *d, int status);	/* give up */
bool delivery_given_up(struct delivery *d);

#endif
