/*
 * syslog_header - a record as a syslog message
 */
#ifndef EMIT_SYSLOG_HEADER_H
#define EMIT_SYSLOG_HEADER_H

#include "base/buf.h"

struct syslog_names {
	const char *host;	/* for records that name none */
	struct span hostname, appname;	/* instead of the record's; or empty */
};

/*
 * Add a message without any framing.  The header comes from the fields of the
 * record; where the record lacks one, it is user.info, host, the present time,
 * or "-".  MSG is the record's message, or the whole line when it has none or
 * is no record.  Returns 0, or -1 with errno ENOMEM.
 */
int syslog_header_add(struct buf *b, struct span line,
    const struct syslog_names *names);

/*
 * Returns where MSG begins in a message that is RFC 5424, which is the
 * message's length when it has no MSG; 0 when it is no such message.
 */
size_t syslog_header_end(struct span message);

/* Make CR, LF and NUL blanks, where a message must be one line. */
void syslog_header_one_line(char *p, size_t n);

/*
 * Returns where to cut p, which is longer than n: at n or up to 3 bytes before,
 * so that no character is split.
 */
size_t syslog_header_cut(const char *p, size_t n);

#endif
