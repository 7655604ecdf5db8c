/*
 * kafka_group - the lines of topics, read by a member of a consumer group
 *
 * What is not safe yet is not committed: another member, or the next run, gets
 * it again.
 */
#ifndef STREAM_KAFKA_GROUP_H
#define STREAM_KAFKA_GROUP_H

#include <stdbool.h>

#include "stream/frame.h"

#define KAFKA_GROUP_HELD 3	/* kinds of lines, as stdout and stderr */

struct kafka_group {		/* the caller keeps what it points to valid */
	const char *url;	/* names the group, see net/kafka.h */
	const char *config;	/* likewise */
	size_t max_line;	/* longer lines come in pieces */
	void (*tell)(const char *fmt, ...);
	/*
	 * Take a line, whose place is the topic, the partition and the offset;
	 * it may be empty.  Returns 0; -1 when no more are taken; else a bit for
	 * each kind of lines of which some are held back for lines to come, as
	 * pieces of a message: then their offsets are not committed yet.
	 */
	int (*put)(void *arg, const struct frame *f);
	/*
	 * Put what is held back, as it is; or forget it, as it will be read
	 * again.  Only called while something is held back.
	 */
	int (*end)(void *arg, bool forget);
	/*
	 * Make all lines that were put safe, as their offsets are to be
	 * committed.  Returns -1 when that cannot be done.
	 */
	int (*settle)(void *arg);
	void *arg;
};

/*
 * Read until termination is asked for, and leave the group.  Returns 0, or -1
 * after a message, or when no more lines were taken or they were not safe.
 * *hung is whether it is still leaving: then the process has to end by
 * _exit(2).
 */
int kafka_group_read(const struct kafka_group *g, bool *hung);

#endif
