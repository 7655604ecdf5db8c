/*
 * visible - text from outside, as it may be shown to somebody
 *
 * A name or a server's words may hold bytes that move a terminal's cursor,
 * forge a second line of a log, or are no text at all.
 */
#ifndef BASE_VISIBLE_H
#define BASE_VISIBLE_H

#include <stddef.h>

#include "base/buf.h"

enum { VISIBLE_MAX = 4 };	/* the most bytes that one byte becomes */

/*
 * Write s with each byte of a control character (C0, DEL, C1) and each byte
 * that is not UTF-8 as \xHH.  to has room for VISIBLE_MAX times s.len; returns
 * how many bytes were written.
 */
size_t visible_put(char *to, struct span s);

#endif
