/*
 * drain_set - all drains there are, as the files in a folder say: which of them
 * each line goes to, and what changes while they run
 *
 * One thread puts lines; another calls drain_set_tick every few hundredths of a
 * second.
 */
#ifndef DRAIN_DRAIN_SET_H
#define DRAIN_DRAIN_SET_H

#include "drain/drain_pool.h"

struct drain_set_options {
	const char *dir;	/* of the drains' files */
	const char *spools;	/* of their spools' folders */
	struct receiver_options receiver;	/* of each drain, and */
	struct stream stream;	/* likewise; spool_max is for each */
};

struct drain_set;

/* Returns NULL after a message.  The options must be kept. */
struct drain_set *drain_set_new(const struct drain_set_options *o);
void drain_set_tick(struct drain_set *ds);

/* Whether any drain has conditions, for which a line's record is needed. */
bool drain_set_needs_record(struct drain_set *ds);
/*
 * Put the line into the queues of the drains whose conditions r meets; r may be
 * NULL, when the line has no record.  Returns false, and does nothing, when it
 * was not scanned and there are conditions by now.
 */
bool drain_set_put(struct drain_set *ds, struct record *r, bool scanned,
    const struct frame *f);

void drain_set_lose(struct drain_set *ds);	/* a line could not be put */
/*
 * Spool and sync all lines that were put.  Returns -1, after a message, when a
 * line was lost since the beginning as it could not be put, or a spool not be
 * written.
 */
int drain_set_sync(struct drain_set *ds);

/*
 * No more lines will come: all that were put are spooled and synced, and none
 * waits for others any more.
 */
void drain_set_close(struct drain_set *ds);

bool drain_set_busy(struct drain_set *ds); /* something may still be delivered */
struct drain_totals {
	size_t drains;		/* that have lines waiting */
	uint64_t waiting;	/* lines */
};

struct drain_totals drain_set_look(struct drain_set *ds);
/* Wait until a turn has ended, ms at most. */
void drain_set_wait(struct drain_set *ds, int64_t ms);

/*
 * Returns a STATUS_.  When threads do not end within ms, *hung is true, and the
 * process has to end without freeing what they use.
 */
int drain_set_free(struct drain_set *ds, int64_t ms, bool *hung);

#endif
