/*
 * kafka://: lines to a topic of Kafka, whose keys keep the lines of one program
 * in order
 */
#include "stream/receiver.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/units.h"
#include "net/address.h"
#include "net/grace.h"
#include "net/kafka.h"
#include "stream/partition_key.h"

enum {
	CONNECT_MS = 10 * 1000, STALL_MS = 30 * 1000, /* as over HTTP */
	LOOK_MS = 50,		/* how often to look whether to go on */
};

struct kafka {
	struct receiver s;
	const struct receiver_options *o;
	struct kafka_url url;
	struct partition_key *keys;
	struct rd_kafka_s *rk;	/* NULL before an attempt, and after a failure */
	struct rd_kafka_topic_s *topic;

	/* Of the attempt under way: */
	size_t open;		/* items that are not answered yet */
	int64_t moved_ms;	/* when the last answer came */
	bool connected;
	int error;		/* the last answer that refused an item, or 0 */
	bool too_large;
	char told[KAFKA_ERROR];	/* what librdkafka reported */
	atomic_bool refused;	/* an address was not allowed */
};

/* Whether the record itself may be to blame. */
static bool
blames_record(int err)
{
	return err == RDK_INVALID_MSG || err == RDK_INVALID_RECORD ||
	    err == RDK_INVALID_TIMESTAMP;
}

static void
on_delivered(struct rd_kafka_s *rk, const struct rdk_message *m, void *arg)
{
	struct kafka *d = arg;
	struct item *item = m->private;

	(void)rk;
	d->open--;
	d->moved_ms = units_now_ms();
	item->suspect = false;
	if (m->err == 0) {
		d->connected = true;
		item->state = ITEM_DONE;
	} else if (m->err == RDK_MSG_TOO_LARGE) {
		d->too_large = true;
	} else if (blames_record(m->err)) {
		receiver_fail(&d->s, ATTEMPT_SUSPECT, "%s: %s",
		    d->url.topics[0], rdk.err2str(m->err));
		receiver_suspect(&d->s, item);
	} else {
		d->error = m->err;
	}
}

static void
on_error(struct rd_kafka_s *rk, int err, const char *reason, void *arg)
{
	struct kafka *d = arg;

	(void)rk;
	if (kafka_is_telling(err))
		snprintf(d->told, sizeof d->told, "%s", reason);
}

/* Called by librdkafka's threads, also for the brokers that a broker names. */
static int
connect_guarded(int fd, const struct sockaddr *a, int size, const char *broker,
    void *arg)
{
	struct kafka *d = arg;
	const struct http_options *http = &d->o->http;

	(void)broker;
	if (http->guarded && !address_is_allowed(a, http->allow)) {
		atomic_store(&d->refused, true);
		return EACCES;
	}
	return connect(fd, a, (socklen_t)size) == 0 || errno == EINPROGRESS ?
	    0 : errno;
}

static void
prepare(struct rd_kafka_conf_s *c)
{
	rdk.conf_set_connect_cb(c, connect_guarded);
	rdk.conf_set_error_cb(c, on_error);
	rdk.conf_set_dr_msg_cb(c, on_delivered);
}

/*
 * End the producer: what it still holds gets its answer now.  The next attempt
 * begins with another, whose messages have numbers of their own.
 */
static void
close_producer(struct kafka *d)
{
	if (d->rk == NULL)
		return;
	rdk.purge(d->rk, RDK_PURGE_QUEUE | RDK_PURGE_IN_FLIGHT);
	while (d->open > 0)
		rdk.poll(d->rk, LOOK_MS);
	if (d->topic != NULL)
		rdk.topic_destroy(d->topic);
	rdk.destroy(d->rk);
	d->topic = NULL;
	d->rk = NULL;
	d->connected = false;
}

/* Begin a producer.  False with the reason in told. */
static bool
open_producer(struct kafka *d)
{
	static const struct kafka_setting fixed[] = {
		{ "enable.idempotence", "true" }, { "acks", "all" },
		/* We give a message up ourselves, and all after it. */
		{ "message.timeout.ms", "0" }, { NULL, NULL },
	};
	const struct kafka_setting defaults[] = {
		/* As Kafka's own clients choose a partition for a key. */
		{ "partitioner", "murmur2_random" },
		/* The brokers say what is too large. */
		{ "message.max.bytes", "67108864" },
		{ "compression.codec", d->o->gzip ? "gzip" : "none" },
		{ NULL, NULL },
	};
	struct kafka_options o = {
		.brokers = d->url.brokers, .config = d->o->kafka_config,
		.defaults = defaults, .fixed = fixed, .prepare = prepare,
		.arg = d,
	};

	if (d->rk != NULL)
		return true;
	if ((d->rk = kafka_new(RDK_PRODUCER, &o, d->told)) == NULL)
		return false;
	if ((d->topic = rdk.topic_new(d->rk, d->url.topics[0], NULL)) != NULL)
		return true;
	snprintf(d->told, sizeof d->told, "%s",
	    rdk.err2str(rdk.last_error()));
	return false;
}

/* Whether answers are to be waited for. */
static bool
may_wait(struct kafka *d)
{
	const struct http_options *http = &d->o->http;
	int64_t stall = http->stall_ms > 0 ? http->stall_ms : STALL_MS;
	int64_t connect = http->connect_ms > 0 ? http->connect_ms : CONNECT_MS;
	int64_t most = !d->connected && d->told[0] != '\0' ? connect : stall;

	if (d->o->total_ms > 0 && d->o->total_ms < most)
		most = d->o->total_ms;
	return d->error == 0 && grace_left_ms() > 0 &&
	    units_now_ms() - d->moved_ms < most;
}

/* Give an item to librdkafka.  False when it takes none. */
static bool
put(struct kafka *d, struct item *item)
{
	char key[9];
	int err;

	snprintf(key, sizeof key, "%08lx", (unsigned long)partition_key_of(
	    d->keys, item->line, item->stream));
	while (rdk.produce(d->topic, RDK_ANY_PARTITION, RDK_COPY,
	    (void *)(uintptr_t)item->line.p, item->line.len, key,
	    sizeof key - 1, item) < 0) {
		err = rdk.last_error();
		if (err == RDK_MSG_TOO_LARGE) {
			d->too_large = true;
			return true;
		}
		if (err != RDK_QUEUE_FULL) {
			d->error = err;
			return false;
		}
		rdk.poll(d->rk, LOOK_MS);
		if (!may_wait(d))
			return false;
	}
	d->open++;
	return true;
}

static bool
is_waiting(struct item **items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (items[i]->state == ITEM_WAITING && !items[i]->suspect)
			return true;
	return false;
}

static enum attempt
attempt(struct receiver *s, struct item **items, size_t n)
{
	struct kafka *d = (struct kafka *)s;

	d->too_large = false;
	d->error = 0;
	d->told[0] = '\0';
	atomic_store(&d->refused, false);
	d->moved_ms = units_now_ms();
	if (!open_producer(d)) {
		close_producer(d);
		return receiver_fail(s, ATTEMPT_LATER, "%s", d->told);
	}
	for (size_t i = 0; i < n && put(d, items[i]); i++)
		;
	while (d->open > 0 && may_wait(d))
		rdk.flush(d->rk, LOOK_MS);
	if (d->open > 0 || d->error != 0)
		close_producer(d);
	if (!is_waiting(items, n))
		return ATTEMPT_DONE;
	if (d->error == 0 && d->too_large)
		return receiver_fail(s, ATTEMPT_SPLIT, "%s: %s",
		    d->url.topics[0], rdk.err2str(RDK_MSG_TOO_LARGE));
	if (!d->connected && atomic_load(&d->refused))
		return receiver_fail(s, ATTEMPT_LATER, "%s", ADDRESS_REFUSED);
	return receiver_fail(s, ATTEMPT_LATER, "%s", d->told[0] != '\0' ?
	    d->told : d->error != 0 ? rdk.err2str(d->error) :
	    "no broker answers");
}

static void
free_kafka(struct receiver *s)
{
	struct kafka *d = (struct kafka *)s;

	close_producer(d);
	partition_key_free(d->keys);
	kafka_url_free(&d->url);
	free(d);
}

static struct receiver *
open_kafka(const struct receiver_options *o, const char **why)
{
	static char reason[KAFKA_ERROR];
	struct kafka *d;

	*why = "out of memory";
	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	d->o = o;
	d->s.attempt = attempt;
	d->s.free = free_kafka;
	d->keys = partition_key_new();
	if (d->keys == NULL || kafka_url_parse(&d->url, o->url, why) < 0)
		goto fail;
	*why = "lines go to one topic of Kafka: kafka://broker/topic";
	if (d->url.topics[1] != NULL || *d->url.topics[0] == '^' ||
	    d->url.group != NULL)
		goto fail;
	/* Wrong settings would be tried for ever. */
	if (open_producer(d))
		return &d->s;
	snprintf(reason, sizeof reason, "%s", d->told);
	*why = reason;
fail:
	free_kafka(&d->s);
	return NULL;
}

const struct receiver_kind receiver_kafka = {
	.schemes = { "kafka://" },
	.many = true,
	.open = open_kafka,
};
