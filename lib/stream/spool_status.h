/*
 * spool_status - the receiver that a spool belongs to, how many records it
 * holds, and how their delivery goes
 */
#ifndef STREAM_SPOOL_STATUS_H
#define STREAM_SPOOL_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Have the folder, which is made if it is not there, belong to the receiver at
 * url (as people see it, see url_redact).  This is so when it does already, or
 * is empty, or when take says that it shall from now on.  Returns 0; -1 with
 * errno: EBUSY when it belongs to another receiver, whose URL is added to
 * other; EEXIST when it is no spool and holds other files.
 */
int spool_claim(const char *dir, const char *url, bool take,
    struct buf *other);

struct spool_report {		/* the sums over all runs; begin with { 0 } */
	uint64_t dropped, refused, damaged;	/* how many records so far */
	/* Of those that the spool counts as missing, how many these have. */
	uint64_t seen_dropped, seen_damaged;
	uint64_t untold;	/* of the missing: the receiver does not know */
	int64_t failing_since;	/* seconds since 1970, 0: it is not failing */
	char last_error[512];	/* the error of a failing receiver, or "" */
};

/*
 * Returns 0, or -1 with errno.  When there is no report yet, *r is an empty
 * one.
 */
int spool_report_load(const char *dir, struct spool_report *r);
int spool_report_save(const char *dir, const struct spool_report *r);
/*
 * Have the report count what a spool counts as missing in all: *dropped and
 * *damaged, which become how many of these it had not counted.
 */
void spool_report_missing(struct spool_report *r, uint64_t *dropped,
    uint64_t *damaged);

struct spool_state {
	/* The number of the first frame that is not delivered. */
	uint64_t delivered;
	uint64_t records;	/* how many are not delivered yet */
	uint64_t dropped;	/* how many no reader has counted yet */
	uint64_t counted_dropped, counted_damaged;	/* readers have */
	uint64_t bytes;		/* how many bytes the segments take */
	int64_t oldest_ms;	/* when the oldest was read; 0: not known */
	bool sending;		/* some process is the reader */
};

int spool_look(const char *dir, struct spool_state *st);	/* -1, errno */

/* Print the whole state as JSON, or for people.  Returns -1 with errno. */
int spool_print_status(const char *dir, bool json, struct buf *out);

/*
 * Sets *first to the number of the first frame in the segments (0: there are
 * none), and *bytes to what these take.  Returns 0, or -1 with errno.
 */
int spool_measure(const char *dir, uint64_t *first, uint64_t *bytes);

#endif
