/*
 * syslog_message - a line of a stream as one syslog message that is not too long
 */
#ifndef STREAM_SYSLOG_MESSAGE_H
#define STREAM_SYSLOG_MESSAGE_H

#include "stream/receiver.h"

struct syslog_message {
	const struct receiver_options *o;
	size_t max;		/* bytes, without any framing */
	struct buf text;	/* the message, until the next one is made */
	struct buf hostname, appname;
};

void syslog_message_init(struct syslog_message *m,
    const struct receiver_options *o, size_t max);

/*
 * Make line a message: as it stands when it is RFC 5424, else with a header
 * from its fields.  The text of a message that is too long is cut, at a
 * character's end, and says how much was cut.  Returns -1 with errno ENOMEM.
 */
int syslog_message_make(struct syslog_message *m, struct span line);
void syslog_message_free(struct syslog_message *m);

/*
 * Make a message that reports missing lines, if there are any, as log-shuttle
 * does: L12 for the lost, which were dropped here; L13 for the refused.  Returns
 * false when there are none.
 */
enum syslog_loss { SYSLOG_LOST, SYSLOG_REFUSED, SYSLOG_LOSSES };
bool syslog_message_loss(struct syslog_message *m, const struct receiver *s,
    enum syslog_loss loss);

/* NULL, or what is wrong with the templates of the options. */
const char *syslog_message_check(const struct receiver_options *o);

#endif
