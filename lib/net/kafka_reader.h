/*
 * kafka_reader - the messages of topics, read without a consumer group
 *
 * They come in the order of their partition; those of several partitions are
 * mixed as they arrive.  Nothing is committed.
 */
#ifndef NET_KAFKA_READER_H
#define NET_KAFKA_READER_H

#include "net/kafka.h"

struct kafka_message {
	struct span value;	/* until the next call */
	const char *topic;
	int32_t partition;
	int64_t offset;
	int64_t time_ms;	/* since 1970; -1: not known */
};

struct kafka_reader_options {	/* the caller keeps the strings valid */
	const char *url;
	const char *config;	/* see kafka.h */
	/*
	 * Begin with the first message of that time (milliseconds since 1970),
	 * by the time index of the brokers; -1: with the oldest.
	 */
	int64_t since_ms;
	/*
	 * Go on for ever; and unless since_ms is set, begin with what comes from
	 * now on.  Otherwise it ends where the partitions end when it begins.
	 */
	bool tail;
	int64_t deadline_ms;	/* the longest time without an answer */
	/* Whether to stop; it is asked often. */
	bool (*stop)(void *arg);
	/* Called before messages are waited for, or NULL; -1 means to stop. */
	int (*idle)(void *arg);
	void *arg;
};

struct kafka_reader;

/* NULL without memory; kafka_reader_next tells of other errors. */
struct kafka_reader *kafka_reader_new(const struct kafka_reader_options *o);
/*
 * Wait for the next message.  Returns 1; 0 at the end, or when it is to stop;
 * -1, see kafka_reader_error.
 */
int kafka_reader_next(struct kafka_reader *r, struct kafka_message *m);
const char *kafka_reader_error(const struct kafka_reader *r);
void kafka_reader_free(struct kafka_reader *r);	/* NULL is fine */

#endif
