/*
 * octet_framing - syslog with a count in front of each message (RFC 6587, 3.4.1)
 *
 * A frame is "83 <40>1 ...": a count without leading zeros, a blank, and so
 * many bytes that begin with <PRI>.  Lines may look like that as well, so a
 * count is believed only where it fits.
 */
#ifndef INPUT_OCTET_FRAMING_H
#define INPUT_OCTET_FRAMING_H

#include "base/buf.h"

enum octets {
	OCTETS_NONE,		/* no frame begins here */
	OCTETS_MORE,		/* a frame may begin: more bytes will tell */
	OCTETS_FRAME,		/* a whole frame is here */
};

/*
 * Tell whether a frame of at most max bytes, its count included, begins at p.
 * *message becomes the bytes that the count covers.  The next frame, an LF or
 * nothing follows them, unless they are a whole line.
 */
enum octets octets_frame(const char *p, const char *end, size_t max,
    struct span *message);

/*
 * Returns the first line that begins as a frame does, at or after p, where a
 * line begins.
 */
const char *octets_find(const char *p, const char *end); /* or NULL for none */

#endif
