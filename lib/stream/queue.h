/*
 * queue - frames on their way from the thread that reads to the one that sends
 *
 * They go through memory, where the reader waits when it holds 4 MiB, or
 * through a spool, to which other processes may write, too.
 */
#ifndef STREAM_QUEUE_H
#define STREAM_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/frame.h"

struct queue;

struct queue *queue_memory(void);	/* NULL: ENOMEM */
/*
 * Returns NULL with errno.  With drop, a full spool loses its oldest frames,
 * else the reader waits.
 */
struct queue *queue_spool(const char *dir, uint64_t max, bool drop);
/*
 * A spool that loses its oldest frames when it is full, for many queues in one
 * process: it takes few descriptors, queue_get does not wait, and it is not
 * synced: see spool_writer_unsynced.
 */
struct queue *queue_drain(const char *dir, uint64_t max);
void queue_free(struct queue *r);

/*
 * For the reader.  A frame reaches the sender by queue_flush, at the latest.
 * Returns 0, or -1: queue_error says why; without an error the sender has given
 * up.
 */
int queue_put(struct queue *r, const struct frame *f);
int queue_flush(struct queue *r);
int queue_sync(struct queue *r);	/* flush, to disk if there is a spool */
void queue_close(struct queue *r); /* says that there will be no more frames */
/* As spool_tail; 0 without a spool. */
int queue_tail(struct queue *r, struct frame *last, size_t n, struct buf *text);
/*
 * Wait until all frames that were put are delivered.  Returns -1 when they will
 * not be.
 */
int queue_settle(struct queue *r);

/*
 * For the sender.  The next frame, waiting until then at most (units_now_ms; -1
 * for ever).  Its data lasts until the next call.  Returns 1; 0 when it is too
 * late, or it was woken, or another process has been sending for a second now;
 * -1 at the end, or for an error.
 */
int queue_get(struct queue *r, struct frame *f, int64_t until_ms);
uint64_t queue_number(const struct queue *r);	/* of the next frame */
/* Whether it was the end, and no error, that queue_get returned -1 for. */
bool queue_at_end(const struct queue *r);
bool queue_has_turn(const struct queue *r);	/* no other process sends */
/*
 * Say that all frames before number are delivered.  Returns 0, or -1 with
 * errno.
 */
int queue_ack(struct queue *r, uint64_t number);
/*
 * What was got before number is a batch that must stay the same when it is sent
 * again.  queue_planned: the frame got last is of such a batch, which has so
 * many more; or -1.
 */
int queue_plan(struct queue *r, uint64_t number);
int64_t queue_planned(const struct queue *r);
void queue_give_up(struct queue *r);	/* the sender takes no more */
/*
 * Close the spool's reader: queue_get gives again what was got and is not
 * acknowledged.
 */
void queue_rewind(struct queue *r);
/* For the reader: the number that the next frame flushed to a spool gets. */
uint64_t queue_next(const struct queue *r);

/* For any thread. */
void queue_wake(struct queue *r);	/* a queue_get that waits returns 0 */
bool queue_closed(struct queue *r);
bool queue_refuses(struct queue *r);	/* to take more, by error or given up */
bool queue_is_kept(const struct queue *r);	/* in a spool */
struct queue_losses {
	bool known;		/* that we read the spool: what follows is */
	uint64_t dropped, damaged;	/* records, as spool_dropped has them */
	uint64_t delivered;	/* as spool_delivered */
	/* Since last asked: */
	bool kept;		/* a damaged segment, in the folder "damaged" */
	bool dropping;		/* the spool is full, the oldest go */
	bool disk_full;
};

struct queue_losses queue_losses(struct queue *r, bool asked);
const char *queue_error(struct queue *r);	/* NULL: none */

#endif
