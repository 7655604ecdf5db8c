/*
 * octets - syslog with a count in front of each message (RFC 6587, 3.4.1)
 *
 * A frame is "83 <40>1 ...": a count without leading zeros, a blank, and so many
 * bytes that begin with <PRI>.  Lines may look like that as well, so a count is
 * believed only where it fits.
 */
#ifndef OCTETS_H
#define OCTETS_H

#include "buf.h"

enum octets {
	OCTETS_NONE,		/* no frame begins here */
	OCTETS_MORE,		/* one may: more bytes will tell */
	OCTETS_FRAME,		/* one does: all of it is here */
};

/*
 * Does a frame of at most max bytes, its count included, begin at p?  *message
 * is what was counted.  Behind it stands the next frame, a LF or nothing, unless
 * it is a whole line.
 */
enum octets octets_frame(const char *p, const char *end, size_t max,
    struct span *message);

/* The first line at or behind p, where one begins, that begins as a frame does. */
const char *octets_find(const char *p, const char *end);	/* or NULL */

#endif
