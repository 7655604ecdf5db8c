/*
 * drain_status - how a drain's delivery goes: in the file ID.status beside the
 * drain's own, and as a table; and in ID.error why its file is not taken
 */
#ifndef DRAIN_DRAIN_STATUS_H
#define DRAIN_DRAIN_STATUS_H

#include "drain/drain_pool.h"

/*
 * Add the status as a line of JSON: url, waiting (lines), bytes, oldest,
 * failing_since, last_error (null: it is not failing), delivered, dropped,
 * refused, damaged.
 */
int drain_status_print(struct drain *d, const struct drain_progress *p,
    struct buf *out);

/*
 * Put text into ID.status.  Who may read the drain's file, of the mode, may read
 * it.  Returns -1 with errno.
 */
int drain_status_write(int dir, const char *id, struct span text, mode_t mode);
/* Likewise ID.error, with {"error":"why"}; NULL removes it. */
void drain_status_write_fault(int dir, const char *id, const char *why,
    mode_t mode);
void drain_status_remove(int dir, const char *id);	/* both */

/* How many lines wait, without those that were dropped meanwhile. */
uint64_t drain_status_waiting(struct drain *d, const struct drain_progress *p);

/* Print the folder's drains as a table for people.  Returns -1 with errno. */
int drain_status_table(const char *dir, struct buf *out);

#endif
