/*
 * relay - frames on their way from the thread that reads to the one that sends
 *
 * Through memory, where the reader waits when 4 MiB are there; or through a
 * spool, where other processes may write too.
 */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

struct relay;

struct relay *relay_memory(void);	/* NULL: ENOMEM */
/*
 * NULL with errno.  drop: when the spool is full its oldest frames go, else the
 * reader waits.
 */
struct relay *relay_spool(const char *dir, uint64_t max, bool drop);
void relay_free(struct relay *r);

/*
 * For the reader.  What is put reaches the sender by relay_flush, at the latest.
 * 0, or -1: relay_error says why; without error the sender has given up.
 */
int relay_put(struct relay *r, const struct frame *f);
int relay_flush(struct relay *r);
int relay_sync(struct relay *r);	/* flush, to disk if there is a spool */
void relay_close(struct relay *r);	/* there will be no more */
/* As spool_tail; 0 without a spool. */
int relay_tail(struct relay *r, struct frame *last, size_t n, struct buf *text);
/* Wait until all that was put is delivered.  -1: it will not be. */
int relay_settle(struct relay *r);

/*
 * For the sender.  The next frame, waiting until then at most (units_now_ms; -1
 * for ever).  Its data lasts until the next call.  1; 0 too late, or woken, or
 * another process has been sending for a second now; -1 the end, or an error.
 */
int relay_get(struct relay *r, struct frame *f, int64_t until_ms);
uint64_t relay_number(const struct relay *r);	/* of the next frame */
bool relay_has_turn(const struct relay *r);	/* no other process sends */
/* All frames before number are delivered.  0, or -1 with errno. */
int relay_ack(struct relay *r, uint64_t number);
/*
 * What was got before number is a batch that must stay the same when it is sent
 * again.  relay_planned: the frame got last is of such a batch, which has so
 * many more; or -1.
 */
int relay_plan(struct relay *r, uint64_t number);
int64_t relay_planned(const struct relay *r);
void relay_give_up(struct relay *r);	/* the sender takes no more */

/* For any thread. */
void relay_wake(struct relay *r);	/* a relay_get that waits returns 0 */
bool relay_closed(struct relay *r);
bool relay_refuses(struct relay *r);	/* to take more, by error or given up */
bool relay_is_kept(const struct relay *r);	/* in a spool */
uint64_t relay_lost(struct relay *r);	/* dropped or damaged, since last asked */
bool relay_dropping(struct relay *r);	/* since last asked */
const char *relay_error(struct relay *r);	/* NULL: none */

#endif
