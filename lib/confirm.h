/*
 * confirm - read lines as rsyslog's omprog sends them, and answer each
 *
 * "OK" says that a line is delivered, or synced to the spool.  Between the lines
 * BEGIN TRANSACTION and COMMIT TRANSACTION each gets DEFER_COMMIT, and the last
 * one the answer for all.  What was not answered rsyslog sends again, to the
 * next instance if need be; that one passes over what is in the spool already.
 */
#ifndef CONFIRM_H
#define CONFIRM_H

#include "line.h"
#include "relay.h"

/*
 * Until the input ends; *count is what was put.  spool: its folder, or NULL.  0;
 * -1 when the input or the relay failed.
 */
int confirm_lines(struct lines *l, struct relay *relay, const char *spool,
    uint64_t *count);

#endif
