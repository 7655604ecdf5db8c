/*
 * delivery - the batches of a stream to its receiver, until each line is
 * settled
 *
 * Several threads may deliver, each with a receiver and batches of its own.
 */
#ifndef STREAM_DELIVERY_H
#define STREAM_DELIVERY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "stream/batch.h"
#include "stream/dead_letters.h"
#include "stream/evidence.h"
#include "stream/queue.h"
#include "stream/receiver.h"
#include "stream/spool_status.h"

struct stream {		/* what to deliver, and how */
	struct receiver **receivers;	/* one for each connection */
	unsigned n_receivers;
	const char *url;		/* for messages and receipts */
	size_t batch_lines, batch_bytes, max_line;
	int64_t batch_ms;
	int64_t deadline_ms;		/* 0 for no deadline */
	const char *spool;		/* a folder, or NULL */
	uint64_t spool_max;		/* bytes */
	bool drop; /* drop records when the spool is full, else wait */
	bool patient;	/* delivery_send does not wait for the next try */
	bool confirm; /* answer each line, as omprog expects */
	int dead_letter, receipts;	/* file descriptors, or -1 */
	const char *host;		/* this machine's name */
	const char *kafka_config;	/* of the input, see net/kafka.h */
	void (*tell)(const char *fmt, ...) PRINTF_LIKE(1, 2);
};

struct delivery {
	const struct stream *st;
	struct queue *queue;
	bool counted;		/* who has the turn has counted on */

	pthread_mutex_t lock;	/* of all that follows */
	/* Lines; refused ones count as delivered, too. */
	uint64_t delivered, refused;
	int status;
	bool given_up;
	bool drained;		/* no more lines will come to join a batch */
	unsigned failing;	/* batches that wait for another try */
	char told[512];		/* the last reason that was printed */
	char warned[256];	/* the receiver's last warning that was */
	struct evidence evidence;
	struct dead_letters dead;
	struct spool_report report;	/* if there is a spool */
};

void delivery_init(struct delivery *d, const struct stream *st,
    struct queue *queue);
void delivery_free(struct delivery *d);

enum delivered {
	DELIVERY_DONE,	/* each item is settled */
	/*
	 * The delivery ends for all threads, after a message; d->status has the
	 * exit status.
	 */
	DELIVERY_GIVEN_UP,
	/*
	 * The few items that wait may be to blame themselves, which others tell
	 * when the receiver takes them: join some to b, and deliver it again, at
	 * b->due_ms at the latest.
	 */
	DELIVERY_STUCK,
	/*
	 * Only with the stream's patient: deliver the batch again at b->due_ms.
	 * When b->unjudged is true, it may as well be made anew from the same
	 * lines, with the same retry.
	 */
	DELIVERY_LATER,
};

enum delivered delivery_send(struct delivery *d, struct receiver *s,
    struct batch *b);

/*
 * At the first turn: the sums of earlier runs, and of others that sent until
 * now, and what of them s is still to be told.
 */
void delivery_count_on(struct delivery *d, struct receiver *s);
/* Report what the spool dropped: to our user, and to the receiver by s. */
void delivery_tell_losses(struct delivery *d, struct receiver *s);
void delivery_fail(struct delivery *d, int status);	/* give up */
bool delivery_given_up(struct delivery *d);
void delivery_drained(struct delivery *d);

#endif
