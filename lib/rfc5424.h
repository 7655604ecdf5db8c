/*
 * rfc5424 - a record as a syslog message
 */
#ifndef RFC5424_H
#define RFC5424_H

#include "buf.h"

/*
 * Add a message without any framing.  The header comes from the fields of the
 * record; what it lacks is user.info, host, the time now and "-".  MSG is the
 * record's message, or the whole line when it has none or is no record.
 * -1 with errno ENOMEM.
 */
int rfc5424_add(struct buf *b, struct span line, const char *host);

/* CR, LF and NUL become blanks, where a message must be one line. */
void rfc5424_one_line(char *p, size_t n);

/* Where to cut the longer p: at n or up to 3 bytes before, between characters. */
size_t rfc5424_cut(const char *p, size_t n);

#endif
