/*
 * librdkafka - loaded when a kafka:// URL is first used
 *
 * Building needs no header of it: the little that we use of librdkafka 1.6 and
 * later (librdkafka/rdkafka.h) is declared here.  tests/services/kafka.t
 * compares that with the header, where there is one.
 */
#ifndef NET_LIBRDKAFKA_H
#define NET_LIBRDKAFKA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;
struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_queue_s;
struct rd_kafka_topic_s;
struct rd_kafka_topic_conf_s;

enum rdk_type { RDK_PRODUCER, RDK_CONSUMER };

/* Error codes: those of brokers are positive, librdkafka's own negative. */
enum {
	RDK_PARTITION_EOF = -191,
	RDK_ALL_BROKERS_DOWN = -187,
	RDK_TIMED_OUT = -185,
	RDK_QUEUE_FULL = -184,
	RDK_ASSIGN_PARTITIONS = -175,
	RDK_NO_OFFSET = -168,
	RDK_FATAL = -150,
	RDK_INVALID_MSG = 2,
	RDK_MSG_TOO_LARGE = 10,
	RDK_INVALID_TIMESTAMP = 32,
	RDK_INVALID_RECORD = 87,
};

enum { RDK_ANY_PARTITION = -1 };
enum { RDK_COPY = 2 };		/* a flag of produce */
enum { RDK_PURGE_QUEUE = 1, RDK_PURGE_IN_FLIGHT = 2 };

struct rdk_message {
	int err;
	struct rd_kafka_topic_s *topic;
	int32_t partition;
	void *value;		/* of an error: its text, not terminated */
	size_t len;
	void *key;
	size_t key_len;
	int64_t offset;
	void *private;		/* of a message to deliver: its opaque */
};

struct rdk_partition {
	char *topic;
	int32_t partition;
	int64_t offset;
	void *metadata;
	size_t metadata_size;
	void *opaque;
	int err;
	void *private;
};

struct rdk_partitions {
	int n, cap;
	struct rdk_partition *at;
};

struct rdk_meta_partition {
	int32_t id;
	int err;
	int32_t leader;
	int n_replicas;
	int32_t *replicas;
	int n_isrs;
	int32_t *isrs;
};

struct rdk_meta_topic {
	char *name;
	int n;
	struct rdk_meta_partition *partitions;
	int err;
};

struct rdk_metadata {
	int n_brokers;
	void *brokers;
	int n_topics;
	struct rdk_meta_topic *topics;
	int32_t broker_id;
	char *broker_name;
};

/* What librdkafka calls; arg is what conf_set_opaque set. */
typedef void rdk_error_cb(struct rd_kafka_s *rk, int err, const char *reason,
    void *arg);
typedef void rdk_log_cb(const struct rd_kafka_s *rk, int level,
    const char *facility, const char *text);
/* Returns 0 when it is connected, or under way, else an errno. */
typedef int rdk_connect_cb(int fd, const struct sockaddr *a, int size,
    const char *broker, void *arg);
typedef void rdk_delivered_cb(struct rd_kafka_s *rk,
    const struct rdk_message *m, void *arg);
/* Of the end of a commit; and err says which list a rebalance has. */
typedef void rdk_partitions_cb(struct rd_kafka_s *rk, int err,
    struct rdk_partitions *list, void *arg);

#define RK struct rd_kafka_s *rk
#define CONF struct rd_kafka_conf_s *c
#define LIST struct rdk_partitions *list
#define LIBRDKAFKA_CALLS(X) \
	X(int, assign, (RK, const struct rdk_partitions *list)) \
	X(int, commit, (RK, const struct rdk_partitions *list, int async)) \
	X(void, conf_destroy, (CONF)) \
	X(struct rd_kafka_conf_s *, conf_new, (void)) \
	X(int, conf_set, (CONF, const char *name, const char *value, \
	    char *error, size_t size)) \
	X(void, conf_set_connect_cb, (CONF, rdk_connect_cb *cb)) \
	X(void, conf_set_dr_msg_cb, (CONF, rdk_delivered_cb *cb)) \
	X(void, conf_set_error_cb, (CONF, rdk_error_cb *cb)) \
	X(void, conf_set_log_cb, (CONF, rdk_log_cb *cb)) \
	X(void, conf_set_offset_commit_cb, (CONF, rdk_partitions_cb *cb)) \
	X(void, conf_set_opaque, (CONF, void *arg)) \
	X(void, conf_set_rebalance_cb, (CONF, rdk_partitions_cb *cb)) \
	X(intptr_t, consume_batch_queue, (struct rd_kafka_queue_s *q, \
	    int timeout_ms, struct rdk_message **to, size_t n)) \
	X(int, consume_start_queue, (struct rd_kafka_topic_s *topic, \
	    int32_t partition, int64_t offset, struct rd_kafka_queue_s *q)) \
	X(int, consume_stop, (struct rd_kafka_topic_s *topic, \
	    int32_t partition)) \
	X(int, consumer_close, (RK)) \
	X(struct rdk_message *, consumer_poll, (RK, int timeout_ms)) \
	X(void, destroy, (RK)) \
	X(const char *, err2str, (int err)) \
	X(int, flush, (RK, int timeout_ms)) \
	X(int, last_error, (void)) \
	X(void, message_destroy, (struct rdk_message *m)) \
	X(int64_t, message_timestamp, (const struct rdk_message *m, \
	    int *type)) \
	X(int, metadata, (RK, int all, struct rd_kafka_topic_s *topic, \
	    const struct rdk_metadata **to, int timeout_ms)) \
	X(void, metadata_destroy, (const struct rdk_metadata *m)) \
	X(struct rd_kafka_s *, new, (int type, CONF, char *error, \
	    size_t size)) \
	X(int, offsets_for_times, (RK, LIST, int timeout_ms)) \
	X(int, poll, (RK, int timeout_ms)) \
	X(int, poll_set_consumer, (RK)) \
	X(int, produce, (struct rd_kafka_topic_s *topic, int32_t partition, \
	    int flags, void *value, size_t len, const void *key, \
	    size_t key_len, void *opaque)) \
	X(int, purge, (RK, int flags)) \
	X(int, query_watermark_offsets, (RK, const char *topic, \
	    int32_t partition, int64_t *low, int64_t *high, int timeout_ms)) \
	X(void, queue_destroy, (struct rd_kafka_queue_s *q)) \
	X(struct rd_kafka_queue_s *, queue_new, (RK)) \
	X(int, subscribe, (RK, const struct rdk_partitions *list)) \
	X(void, topic_destroy, (struct rd_kafka_topic_s *topic)) \
	X(const char *, topic_name, (const struct rd_kafka_topic_s *topic)) \
	X(struct rd_kafka_topic_s *, topic_new, (RK, const char *name, \
	    struct rd_kafka_topic_conf_s *conf)) \
	X(struct rdk_partition *, topic_partition_list_add, (LIST, \
	    const char *topic, int32_t partition)) \
	X(void, topic_partition_list_destroy, (LIST)) \
	X(struct rdk_partition *, topic_partition_list_find, (LIST, \
	    const char *topic, int32_t partition)) \
	X(struct rdk_partitions *, topic_partition_list_new, (int size))

/* After librdkafka_load, rdk.poll() is rd_kafka_poll(), and so on. */
struct librdkafka {
#define X(type, call, arguments) type (*call) arguments;
	LIBRDKAFKA_CALLS(X)
#undef X
};
#undef RK
#undef CONF
#undef LIST
extern struct librdkafka rdk;

/*
 * Load librdkafka; threads may call this.  Returns false with errno ELIBACC,
 * and a message, when there is none.
 */
bool librdkafka_load(void);

#endif
