/*
 * format_index - which formats a text can be of, as far as its bytes tell
 *
 * A format is a bit, by its place in the table of formats.
 */
#ifndef FORMAT_FORMAT_INDEX_H
#define FORMAT_FORMAT_INDEX_H

#include <stdint.h>

#include "base/buf.h"

struct line_format;

extern struct format_index {
	uint64_t by_first[256];	/* the formats that can begin with a byte */
	uint64_t answers;	/* the distinct formats that have a status */
	uint64_t needy;	/* those that format_index_rule_out may rule out */
	uint64_t undated;	/* those that begin with no date */
	uint64_t joined; /* those whose dates have a T before the clock */
	/* Those that can have a byte after a date with its clock and a blank. */
	uint64_t after_date[256];
	/*
	 * Those with a level behind the time in front, and all after them, which
	 * are tried when none of these fits.
	 */
	uint64_t leveled;
} format_index;

/* Fill the index, once for all threads. */
void format_index_prepare(void);

/*
 * Whether text can be of the answers at all: it holds what may be a status, and
 * a path, a quote or a word that such lines begin with.
 */
bool format_index_may_answer(struct span text);

/*
 * Returns those of the formats in left that text can be of by the date in front
 * of it and what follows that, if it begins with one.  declared tells that the
 * columns of W3C lines are known, which may be any.
 */
uint64_t format_index_by_date(uint64_t left, struct span text, bool declared);

/* Returns those of the formats in left that text can be of. */
uint64_t format_index_rule_out(uint64_t left, struct span text);

/* The layout of a format that has one, made when first asked; NULL: ENOMEM. */
const struct line_format *format_layout(unsigned f);

#endif
