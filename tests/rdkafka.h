/*
 * rdkafka - a librdkafka that does what a test says, in the test's own process
 *
 * It has these topics: "a" with the offsets 5 to 7 in partition 0 and nothing in
 * partition 1; "b" with 10 and 11; "empty" without a partition; Kafka's own
 * "__own"; and "broken", which cannot be read.
 */
#ifndef TESTS_RDKAFKA_H
#define TESTS_RDKAFKA_H

#include <stdio.h>
#include <stdlib.h>

#include "base/library.h"
#include "net/kafka_reader.h"

enum {
	FOREVER = 1 << 30,
	NOW = 1000,		/* a time that is asked for */
	BUSY = -185, GONE = 1, DENIED = 29,	/* errors */
};

struct rd_kafka_topic_s {
	const char *name;
};

/* What comes next: a message, an event, or nothing for once (topic ""). */
struct step {
	const char *topic;
	int32_t partition;
	int64_t offset;
	const char *text;	/* NULL: a tombstone */
	int err;
};

/* How it behaves; a call of that name fails so many times. */
static struct {
	const struct step *steps;
	const char *failing, *setting;
	int times, err;
	const char *says;	/* what librdkafka tells by its callback */
	int says_err;
	int64_t found;		/* the offset for a time; -1: none */
	int stop_after, asked;	/* -1: nobody stops it */
	int idle;		/* 1: there is no such call */
} broker;

static struct {
	rdk_error_cb *told;
	void *arg;
	int64_t started[4];
	int starts, stops, topics, messages;
} seen;

static bool
fails(const char *call)
{
	return broker.failing != NULL && strcmp(broker.failing, call) == 0 &&
	    broker.times-- > 0;
}

/* --- librdkafka --- */

static char conf, client, queue;

static struct rd_kafka_conf_s *
conf_new(void)
{
	return fails("conf_new") ? NULL : (void *)&conf;
}

static void
conf_destroy(struct rd_kafka_conf_s *c)
{
	(void)c;
}

static int
conf_set(struct rd_kafka_conf_s *c, const char *name, const char *value,
    char *error, size_t size)
{
	(void)c, (void)value;
	if (broker.setting == NULL || strcmp(broker.setting, name) != 0)
		return 0;
	snprintf(error, size, "no %s", name);
	return -2;
}

static void
conf_set_opaque(struct rd_kafka_conf_s *c, void *arg)
{
	(void)c;
	seen.arg = arg;
}

static void
conf_set_log_cb(struct rd_kafka_conf_s *c, rdk_log_cb *cb)
{
	(void)c;
	cb(NULL, 3, "FAIL", "this is not printed");
}

static void
conf_set_error_cb(struct rd_kafka_conf_s *c, rdk_error_cb *cb)
{
	(void)c;
	seen.told = cb;
}

static struct rd_kafka_s *
new_client(int type, struct rd_kafka_conf_s *c, char *error, size_t size)
{
	(void)type, (void)c;
	if (!fails("new"))
		return (void *)&client;
	snprintf(error, size, "no client");
	return NULL;
}

static void
destroy(struct rd_kafka_s *rk)
{
	(void)rk;
}

static const char *
err2str(int err)
{
	return err == DENIED ? "denied" : err == BUSY ? "busy" : "other";
}

static int
last_error(void)
{
	return DENIED;
}

static int
poll_client(struct rd_kafka_s *rk, int timeout_ms)
{
	(void)timeout_ms;
	if (broker.says != NULL)
		seen.told(rk, broker.says_err, broker.says, seen.arg);
	return 0;
}

static int
metadata(struct rd_kafka_s *rk, int all, struct rd_kafka_topic_s *topic,
    const struct rdk_metadata **to, int timeout_ms)
{
	static struct rdk_meta_partition parts[] = { { .id = 0 }, { .id = 1 } };
	static char a[] = "a", b[] = "b", own[] = "__own", bad[] = "broken",
	    empty[] = "empty";
	static struct rdk_meta_topic topics[] = {
		{ a, 2, parts, 0 }, { own, 1, parts, 0 }, { b, 1, parts, 0 },
		{ bad, 0, NULL, DENIED }, { empty, 0, NULL, 0 },
	};
	static const struct rdk_metadata m = {
		.n_topics = sizeof topics / sizeof *topics, .topics = topics,
	};

	(void)rk, (void)all, (void)topic, (void)timeout_ms;
	*to = &m;
	return fails("metadata") ? broker.err : 0;
}

static void
metadata_destroy(const struct rdk_metadata *m)
{
	(void)m;
}

static struct rd_kafka_topic_s *
topic_new(struct rd_kafka_s *rk, const char *name,
    struct rd_kafka_topic_conf_s *c)
{
	struct rd_kafka_topic_s *t;

	(void)rk, (void)c;
	if (fails("topic_new") || (t = malloc(sizeof *t)) == NULL)
		return NULL;
	t->name = name;
	seen.topics++;
	return t;
}

static void
topic_destroy(struct rd_kafka_topic_s *t)
{
	free(t);
	seen.topics--;
}

static const char *
topic_name(const struct rd_kafka_topic_s *t)
{
	return t->name;
}

static struct rd_kafka_queue_s *
queue_new(struct rd_kafka_s *rk)
{
	(void)rk;
	return fails("queue_new") ? NULL : (void *)&queue;
}

static void
queue_destroy(struct rd_kafka_queue_s *q)
{
	(void)q;
}

static int
query_watermark_offsets(struct rd_kafka_s *rk, const char *topic,
    int32_t partition, int64_t *low, int64_t *high, int timeout_ms)
{
	bool a = strcmp(topic, "a") == 0;

	(void)rk, (void)timeout_ms;
	*low = partition == 1 ? 0 : a ? 5 : 10;
	*high = partition == 1 ? 0 : a ? 8 : 12;
	return fails("query") ? broker.err : 0;
}

static struct rdk_partitions *
list_new(int size)
{
	struct rdk_partitions *l = calloc(1, sizeof *l);

	l->at = calloc((size_t)size, sizeof *l->at);
	return l;
}

static struct rdk_partition *
list_add(struct rdk_partitions *l, const char *topic, int32_t partition)
{
	(void)topic;
	l->at[l->n].partition = partition;
	return &l->at[l->n++];
}

static void
list_destroy(struct rdk_partitions *l)
{
	free(l->at);
	free(l);
}

static int
offsets_for_times(struct rd_kafka_s *rk, struct rdk_partitions *l, int ms)
{
	(void)rk, (void)ms;
	for (int i = 0; i < l->n; i++) {
		l->at[i].err = fails("a partition") ? broker.err : 0;
		l->at[i].offset = l->at[i].offset == NOW ? broker.found : -3;
	}
	return fails("times") ? broker.err : 0;
}

static int
consume_start_queue(struct rd_kafka_topic_s *t, int32_t partition,
    int64_t offset, struct rd_kafka_queue_s *q)
{
	(void)t, (void)partition, (void)q;
	if (fails("start"))
		return -1;
	seen.started[seen.starts++] = offset;
	return 0;
}

static int
consume_stop(struct rd_kafka_topic_s *t, int32_t partition)
{
	(void)t, (void)partition;
	seen.stops++;
	return 0;
}

static struct rdk_message *
message(const struct step *s)
{
	struct rdk_message *m = calloc(1, sizeof *m);

	m->err = s->err;
	if (s->topic != NULL) {
		m->topic = malloc(sizeof *m->topic);
		m->topic->name = s->topic;
	}
	m->partition = s->partition;
	m->offset = s->offset;
	if (s->text != NULL) {
		m->value = strdup(s->text);
		m->len = strlen(s->text);
	}
	seen.messages++;
	return m;
}

static void
message_destroy(struct rdk_message *m)
{
	free(m->topic);
	free(m->value);
	free(m);
	seen.messages--;
}

static int64_t
message_timestamp(const struct rdk_message *m, int *type)
{
	*type = 1;
	return 1000 * m->offset;
}

static intptr_t
consume_batch_queue(struct rd_kafka_queue_s *q, int timeout_ms,
    struct rdk_message **to, size_t n)
{
	intptr_t got = 0;

	(void)q, (void)n;
	if (broker.steps == NULL) {
		usleep(timeout_ms > 0 ? 1000 : 0);
		return fails("consume") ? -1 : 0;
	}
	while (broker.steps->offset >= 0 && (broker.steps->topic == NULL ||
	    *broker.steps->topic != '\0'))
		to[got++] = message(broker.steps++);
	if (broker.steps->offset < 0)
		broker.steps = NULL;
	else
		broker.steps++;
	return got;
}

static void
unexpected(void)
{
	printf("Bail out! a call that is not for readers\n");
	abort();
}

/* In place of the library's own: it finds the calls above. */
bool
library_load(const char *soname, const struct library_call *calls)
{
	static const struct { const char *name; void (*call)(void); } ours[] = {
#define C(name, call) { "rd_kafka_" #name, (void (*)(void))call },
		C(conf_destroy, conf_destroy) C(conf_new, conf_new)
		C(conf_set, conf_set) C(conf_set_error_cb, conf_set_error_cb)
		C(conf_set_log_cb, conf_set_log_cb)
		C(conf_set_opaque, conf_set_opaque)
		C(consume_batch_queue, consume_batch_queue)
		C(consume_start_queue, consume_start_queue)
		C(consume_stop, consume_stop) C(destroy, destroy)
		C(err2str, err2str) C(last_error, last_error)
		C(message_destroy, message_destroy)
		C(message_timestamp, message_timestamp) C(metadata, metadata)
		C(metadata_destroy, metadata_destroy) C(new, new_client)
		C(offsets_for_times, offsets_for_times) C(poll, poll_client)
		C(query_watermark_offsets, query_watermark_offsets)
		C(queue_destroy, queue_destroy) C(queue_new, queue_new)
		C(topic_destroy, topic_destroy) C(topic_name, topic_name)
		C(topic_new, topic_new) C(topic_partition_list_add, list_add)
		C(topic_partition_list_destroy, list_destroy)
		C(topic_partition_list_new, list_new)
#undef C
	};

	(void)soname;
	for (; calls->name != NULL; calls++) {
		void (*call)(void) = unexpected;

		for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
			if (strcmp(ours[i].name, calls->name) == 0)
				call = ours[i].call;
		memcpy(calls->to, &call, sizeof call);
	}
	return true;
}

#endif
