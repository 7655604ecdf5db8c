/*
 * kafka - kafka:// URLs, and a client of librdkafka with the user's settings
 */
#ifndef NET_KAFKA_H
#define NET_KAFKA_H

#include "base/buf.h"
#include "net/librdkafka.h"

/* kafka://broker[:port][,broker]/topic[,topic][,^pattern][?group=name] */
struct kafka_url {
	char *brokers;
	/*
	 * A list that ends with NULL.  One that begins with ^ is a pattern
	 * (POSIX extended) of names; it is the last, and may hold commas.
	 */
	char **topics;
	char *group;		/* NULL when there is none */
};

bool kafka_is_url(const char *operand);
/*
 * Take a URL apart.  Returns 0, or -1 with the reason in *why, a constant
 * text.  Free u in either case.
 */
int kafka_url_parse(struct kafka_url *u, const char *url, const char **why);
void kafka_url_free(struct kafka_url *u);

struct kafka_setting {
	const char *name, *value;	/* a list ends with NULL */
};

struct kafka_options {
	const char *brokers;
	/*
	 * A file of librdkafka's settings, name=value, or NULL.  As it may hold
	 * passwords, and names of programs to run, it must be ours or root's,
	 * others may not read it, and the group may not write it.
	 */
	const char *config;
	const struct kafka_setting *defaults;	/* the file may change them */
	const struct kafka_setting *fixed;	/* it may not change these */
	/* Set callbacks; their argument is that of kafka_new.  Or NULL. */
	void (*prepare)(struct rd_kafka_conf_s *c);
	void *arg;
};

enum { KAFKA_ERROR = 512 };

/*
 * Make a client; nothing is sent yet.  Returns NULL with the reason, without a
 * value of a setting.
 */
struct rd_kafka_s *kafka_new(enum rdk_type type, const struct kafka_options *o,
    char why[KAFKA_ERROR]);

/*
 * Whether an error that librdkafka calls back for, or gives in place of a
 * message, says more than the one before.
 */
bool kafka_is_telling(int err);

#endif
