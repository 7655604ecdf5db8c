/*
 * drain - one drain at work: its lines wait in a spool of its own, and are
 * delivered a batch at a time, by whichever thread has one to spare
 */
#ifndef DRAIN_DRAIN_H
#define DRAIN_DRAIN_H

#include "drain/drain_settings.h"
#include "match/condition_index.h"
#include "stream/delivery.h"
#include "stream/queue.h"

enum drain_state {
	DRAIN_IDLE,		/* nothing waits, or nothing that is due */
	DRAIN_DUE,		/* it gets a turn at due_ms */
	DRAIN_READY, DRAIN_RUNNING,
};

struct drain {
	char *id;
	struct drain_settings *settings;
	struct condition_set *conditions;

	/* For whoever puts lines: one thread at a time. */
	struct queue *queue;
	uint64_t fresh;		/* bytes put since the last flush */
	bool dirty, broken;	/* broken: the spool cannot be written */
	struct drain *next_dirty;

	/* For the thread whose turn it is. */
	struct stream stream;
	struct buf name, spool;	/* id and URL for messages; the folder */
	struct delivery delivery;
	struct receiver *receiver;	/* NULL: not open now */
	struct batch batch, more;
	bool stuck;
	uint64_t lost, refused;	/* what the receiver is still to be told */

	/* Under the lock of the pool. */
	enum drain_state state;
	bool failing;		/* its last try failed: due_ms stands */
	bool retired;		/* gets no more turns */
	bool open;		/* has a receiver or a reader that can be closed */
	bool ended;		/* gave up, as the process ends */
	int64_t due_ms;		/* -1: none */
	int64_t used_ms;	/* when the last turn ended */
	uint64_t turns;		/* how many have */
	struct drain *next_ready, *next_retired;
	uint64_t next, acked;	/* frames flushed, and before which all are settled */
	uint64_t unsent;	/* bytes flushed since the last turn began */
	uint64_t none_at;	/* what next was when a turn found no line */
	int64_t oldest_ms;	/* when the oldest was read; 0: not known */
};

/*
 * Make a drain whose spool is the folder id in the folder spools.  It owns the
 * settings from now on.  Returns NULL, with the reason in error, and the
 * settings are not freed.
 */
struct drain *drain_new(const char *id, struct drain_settings *settings,
    const struct stream *defaults, const char *spools, struct buf *error);
/* Closes the spool, and keeps it.  Returns a STATUS_: what it had to give up. */
int drain_free(struct drain *d);

enum drain_turn {
	DRAIN_NOTHING,		/* there was no line */
	DRAIN_DELIVERED,	/* a batch was */
	DRAIN_FAILED,		/* try again at *due_ms */
	DRAIN_STUCK,		/* likewise, or when more lines have come */
	DRAIN_GAVE_UP,		/* as the process is to end */
};

/*
 * Deliver one batch, or try to.  Sets *acked to the number of the first frame
 * that is not settled, and *oldest_ms to when it was read, 0 when not known.
 */
enum drain_turn drain_take_turn(struct drain *d, int64_t *due_ms,
    uint64_t *acked, int64_t *oldest_ms);
/* Close what is only needed while lines come: in a turn, too. */
void drain_rest(struct drain *d);

#endif
