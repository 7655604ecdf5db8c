/*
 * tally - how many lines were of which format, and why others were not
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdint.h>

#include "record.h"

enum { TALLY_ROWS = 32, TALLY_NAME = 96 };

struct tally {
	uint64_t lines, records, bad, silent;	/* silent: no record of their own */
	struct tally_row {
		char name[TALLY_NAME];		/* format, or reason */
		char example[TALLY_NAME];	/* of a reason: the first line */
		uint64_t n;
	} formats[TALLY_ROWS], reasons[TALLY_ROWS];	/* the last: all others */
};

/* r is what scan_line returned. */
void tally_count(struct tally *t, struct record *rec, int r,
    struct span line);
void tally_add(struct tally *sum, const struct tally *t);
/* Some lines of text. */
int tally_print(const struct tally *t, struct buf *to);

#endif
