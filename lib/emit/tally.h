/*
 * tally - how many lines were of which format, and why others were not
 */
#ifndef EMIT_TALLY_H
#define EMIT_TALLY_H

#include <stdint.h>

#include "record/record.h"

enum { TALLY_ROWS = 128, TALLY_NAME = 96 };

struct tally {
	uint64_t lines, records, bad,
	    silent; /* silent counts lines without a record of their own */
	/* The last row of each counts all others. */
	struct tally_row {
		char name[TALLY_NAME];		/* format, or reason */
		char example[TALLY_NAME]; /* the first line of a reason */
		uint64_t n;
	} formats[TALLY_ROWS], reasons[TALLY_ROWS];
};

/* Count a line; r is the result of scan_line. */
void tally_count(struct tally *t, struct record *rec, int r,
    struct span line);
void tally_add(struct tally *sum, const struct tally *t);
/* Add the tally as some lines of text. */
int tally_print(const struct tally *t, struct buf *to);

#endif
