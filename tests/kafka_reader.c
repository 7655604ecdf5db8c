/*
 * kafka_reader: topics are read from where to where, by a librdkafka of our own
 *
 * It stands in for the real one, and has these topics: "a" with the offsets 5
 * to 7 in partition 0 and nothing in partition 1; "b" with 10 and 11; "empty"
 * without a partition; Kafka's own "__own"; and "broken", which cannot be read.
 */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/library.h"
#include "net/kafka_reader.h"
#include "store/fetch.h"
#include "tap.h"

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

/* --- what is read --- */

static bool
stop(void *arg)
{
	(void)arg;
	return broker.stop_after > 0 && ++broker.asked >= broker.stop_after;
}

static int
idle(void *arg)
{
	(void)arg;
	return broker.idle;
}

#define ALL (struct kafka_reader_options){ 0 }

/*
 * Read as o says, which is topic "a" from its beginning where it says nothing.
 * What is wanted is "topic/partition/offset=text " for each message.
 */
static void
reads(const char *name, struct kafka_reader_options o, const char *want,
    int end, const char *error)
{
	struct kafka_reader *r;
	struct kafka_message m;
	struct buf got = { 0 };
	int last;

	o.url = o.url != NULL ? o.url : "kafka://h/a";
	o.since_ms = o.since_ms != 0 ? o.since_ms : -1;
	o.deadline_ms = o.deadline_ms != 0 ? o.deadline_ms : 60000;
	o.stop = broker.stop_after >= 0 ? stop : NULL;
	o.idle = broker.idle <= 0 ? idle : NULL;
	r = kafka_reader_new(&o);
	memset(&seen, 0, sizeof seen);
	while ((last = kafka_reader_next(r, &m)) > 0)
		buf_printf(&got, "%s/%d/%lld=%.*s%s ", m.topic,
		    (int)m.partition, (long long)m.offset, (int)m.value.len,
		    m.value.p, m.time_ms == 1000 * m.offset ? "" : "?");
	ok(strcmp(got.len > 0 ? buf_str(&got) : "", want) == 0, "%s", name);
	if (strcmp(got.len > 0 ? buf_str(&got) : "", want) != 0)
		printf("# %s\n", got.len > 0 ? buf_str(&got) : "nothing");
	ok(last == end && strcmp(kafka_reader_error(r), error) == 0,
	    "%s: then %s", name, end == 0 ? "it ends" : error);
	if (strcmp(kafka_reader_error(r), error) != 0)
		printf("# %d %s\n", last, kafka_reader_error(r));
	if (end < 0)
		ok(*error == '\0' || kafka_reader_next(r, &m) <= 0,
		    "%s: and no more after that", name);
	kafka_reader_free(r);
	ok(seen.starts == seen.stops && seen.topics == 0 && seen.messages == 0,
	    "%s: nothing is left of it", name);
	buf_free(&got);
	memset(&broker, 0, sizeof broker);
}

#define END { .offset = -1 }
#define NOTHING { .topic = "" }
#define COMES(...) (broker.steps = (const struct step[]){ __VA_ARGS__, END })
#define FAILS(call, n, code) \
	(broker.failing = call, broker.times = n, broker.err = code)

static void
what_is_there(void)
{
	COMES({ "a", 0, 5, "five", 0 }, NOTHING, { "a", 0, 6, "six", 0 },
	    { "a", 0, 7, "seven", 0 }, { "a", 0, 8, "later", 0 });
	reads("a topic is read up to where it ended",
	    ALL,
	    "a/0/5=five a/0/6=six a/0/7=seven ", 0, "");
	COMES({ "b", 0, 10, "x", 0 }, { "a", 0, 7, "y", 0 }, NOTHING,
	    { "a", 0, 9, "late", 0 }, { "c", 0, 1, "other", 0 },
	    { "a", 3, 1, "other", 0 }, { "b", 0, 11, "z", 0 });
	reads("two topics are read, and nothing of others",
	    (struct kafka_reader_options){ .url = "kafka://h/a,b" },
	    "b/0/10=x a/0/7=y b/0/11=z ", 0, "");
	COMES({ "a", 0, 5, NULL, 0 }, { "a", 0, 6, "", 0 },
	    { "a", 0, 8, "late", 0 });
	reads("a tombstone is no line, an empty message is one",
	    ALL, "a/0/6= ", 0, "");
	COMES({ "a", 0, 5, "x", 0 }, { "a", 0, 7, NULL, RDK_PARTITION_EOF },
	    { "a", 0, 8, NULL, RDK_PARTITION_EOF },
	    { "a", 0, 8, NULL, RDK_PARTITION_EOF },
	    { "c", 0, 8, NULL, RDK_PARTITION_EOF });
	reads("where the last message was compacted away the partition ends",
	    ALL, "a/0/5=x ", 0, "");
	COMES({ "a", 0, 7, "x", 0 }, { "b", 0, 11, "y", 0 });
	reads("a pattern chooses topics, but none of Kafka's own",
	    (struct kafka_reader_options){ .url = "kafka://h/^(a|b|__own)$" },
	    "a/0/7=x b/0/11=y ", 0, "");
	COMES({ "a", 0, 7, "x", 0 });
	reads("a topic that is named twice is read once",
	    (struct kafka_reader_options){ .url = "kafka://h/a,a,^a" },
	    "a/0/7=x ", 0, "");
	reads("a topic without partitions is read, and empty",
	    (struct kafka_reader_options){ .url = "kafka://h/empty",
	    .since_ms = NOW }, "", 0, "");
}

static void
where_it_begins(void)
{
	COMES({ "a", 0, 6, "x", 0 }, { "a", 0, 7, "y", 0 });
	broker.found = 6;
	reads("it begins at a time",
	    (struct kafka_reader_options){ .url = "kafka://h/a",
	    .since_ms = NOW }, "a/0/6=x a/0/7=y ", 0, "");
	broker.found = -1;
	reads("a time after the last message is the end",
	    (struct kafka_reader_options){ .since_ms = NOW }, "", 0, "");
	COMES({ "a", 0, 8, "new", 0 }, { "a", 0, 8, NULL, RDK_PARTITION_EOF },
	    { "a", 1, 0, "first", 0 });
	broker.stop_after = 4;
	reads("with tail it goes on after the end until it is to stop",
	    (struct kafka_reader_options){ .tail = true },
	    "a/0/8=new a/1/0=first ", 0, "");
	COMES({ "a", 0, 6, "x", 0 }, { "a", 1, 3, "y", 0 });
	broker.found = 6;
	broker.idle = -1;
	reads("with tail and a time it begins at that, and idle() ends it",
	    (struct kafka_reader_options){ .tail = true,
	    .since_ms = NOW }, "a/0/6=x a/1/3=y ", 0, "");
	FAILS("times", 1, BUSY);
	broker.found = 8;
	reads("a request for times is sent again",
	    (struct kafka_reader_options){ .since_ms = NOW }, "", 0, "");
	FAILS("a partition", 1, BUSY);
	broker.found = 8;
	reads("so it is when it fails for one partition",
	    (struct kafka_reader_options){ .since_ms = NOW }, "", 0, "");
	FAILS("times", FOREVER, BUSY);
	reads("after the deadline it is not",
	    (struct kafka_reader_options){ .since_ms = NOW,
	    .deadline_ms = 1 }, "", -1, "busy");
}

static void
what_fails(void)
{
	static const struct {
		const char *name, *url, *call, *error;
		int times;
	} t[] = {
		{ "a topic that is not there", "kafka://h/c", "-",
		    "there is no topic c", 0 },
		{ "a pattern without a topic", "kafka://h/^c", "-",
		    "there is no topic ^c", 0 },
		{ "one of them that is not there", "kafka://h/c,a", "-",
		    "there is no topic c", 0 },
		{ "a name with a blank", "kafka://h/a b", "-", "a topic of "
		    "Kafka has a name of letters, digits, dots, _ and -", 0 },
		{ "a topic that is denied", "kafka://h/broken", "-",
		    "broken: denied", 0 },
		{ "a group", "kafka://h/a?group=g", "-",
		    "only logpush is a member of a group", 0 },
		{ "no client", "kafka://h/a", "new", "no client", 1 },
		{ "no settings", "kafka://h/a", "conf_new",
		    "Cannot allocate memory", 1 },
		{ "no queue", "kafka://h/a", "queue_new",
		    "Cannot allocate memory", 1 },
		{ "a topic that is refused", "kafka://h/a", "topic_new",
		    "a: denied", 1 },
		{ "a partition that is refused", "kafka://h/a", "start",
		    "a: denied", 1 },
		{ "no metadata", "kafka://h/a", "metadata", "busy", FOREVER },
		{ "no offsets", "kafka://h/a", "query", "busy", FOREVER },
	};
	static const char *const settings[] = { "client.id",
		"queued.max.messages.kbytes", "bootstrap.servers",
		"enable.partition.eof" };
	char error[128], why[64];
	regex_t re;

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		FAILS(t[i].call, t[i].times, BUSY);
		reads(t[i].name, (struct kafka_reader_options){
		    .url = t[i].url, .deadline_ms = 1 }, "", -1, t[i].error);
	}
	regerror(regcomp(&re, "^(", REG_EXTENDED), &re, why, sizeof why);
	snprintf(error, sizeof error, "^(: %s", why);
	reads("a pattern that is none", (struct kafka_reader_options){
	    .url = "kafka://h/^(" }, "", -1, error);
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		broker.setting = settings[i];
		snprintf(error, sizeof error, "no %s", settings[i]);
		reads("a setting of ours that librdkafka refuses",
		    ALL, "", -1, error);
	}
	FAILS("metadata", 1, BUSY);
	COMES({ "a", 0, 7, "x", 0 });
	reads("metadata is asked for again",
	    ALL, "a/0/7=x ", 0, "");
	FAILS("metadata", FOREVER, BUSY);
	broker.says = "no route to the broker";
	broker.says_err = -195;
	reads("what librdkafka told is the reason",
	    (struct kafka_reader_options){ .deadline_ms = 1 }, "", -1,
	    "no route to the broker");
	FAILS("metadata", FOREVER, BUSY);
	broker.says = "3/3 brokers are down";
	broker.says_err = RDK_ALL_BROKERS_DOWN;
	reads("that all brokers are down says no more than the error",
	    (struct kafka_reader_options){ .deadline_ms = 1 }, "", -1,
	    "busy");
	FAILS("metadata", FOREVER, BUSY);
	broker.stop_after = 1;
	reads("when it is to stop it does not ask again",
	    ALL, "", 0, "");
	FAILS("query", FOREVER, BUSY);
	broker.stop_after = -1;
	reads("where nobody can stop it there is the deadline",
	    (struct kafka_reader_options){ .deadline_ms = 1 }, "", -1, "busy");
}

static void
what_fails_later(void)
{
	COMES({ "a", 0, 5, "x", 0 }, { "a", 0, 6, "gone", GONE });
	reads("an error of a partition ends it",
	    ALL, "a/0/5=x ", -1, "a: other");
	COMES({ NULL, 0, 0, "down", -195 }, { "a", 0, 7, "x", 0 });
	reads("an error of no partition does not",
	    ALL, "a/0/7=x ", 0, "");
	COMES({ NULL, 0, 0, "broker: down", -195 },
	    { NULL, 0, 0, NULL, RDK_TIMED_OUT });
	reads("it is the reason when nothing comes any more",
	    (struct kafka_reader_options){ .deadline_ms = 1 }, "", -1,
	    "broker: down");
	COMES({ NULL, 0, 0, "broker: down", -195 }, { "a", 0, 5, "x", 0 });
	reads("unless a message came after it",
	    (struct kafka_reader_options){ .deadline_ms = 1 },
	    "a/0/5=x ", -1, "no broker sends what is there");
	COMES({ NULL, 0, 0, NULL, GONE });
	FAILS("consume", 2, 0);
	broker.stop_after = 3;
	broker.idle = 1;
	reads("an error without a text is no reason",
	    ALL, "", 0, "");
}

/* The lines of topic "a", as a command reads them. */
static void
passes(const char *name, const char *want, const char *reason, bool gone)
{
	struct http_options http = { 0 };
	struct fetcher all = { .http = &http, .deadline_ms = 1 };
	struct kafka_reader_options o = { .since_ms = -1, .deadline_ms = 1 };
	struct fetch f = { .fetcher = &all, .url = "kafka://h/a", .kafka = &o,
		.size = -1, .changed = -1 };
	static char got[200000];
	size_t n = 0;
	ssize_t r = 1;

	memset(&seen, 0, sizeof seen);
	fetcher_begin(&all);
	fetch_hold(&f);
	ok(f.large && fetch_pipe(&f) == 0, "%s: through a pipe", name);
	while (!gone && (r = read(f.fd, got + n, sizeof got - 1 - n)) > 0)
		n += (size_t)r;
	got[n] = '\0';
	close(f.fd);
	fetch_end(&f);
	ok(gone || strcmp(got, want) == 0, "%s", name);
	ok(strcmp(f.reason, reason) == 0, "%s: the reason is \"%s\"", name,
	    reason);
	fetcher_end(&all);
	memset(&broker, 0, sizeof broker);
}

static void
lines(void)
{
	static char large[100001], twice[200003];

	memset(large, 'x', sizeof large - 1);
	snprintf(twice, sizeof twice, "%s\n%s\n", large, "y");
	COMES({ "a", 0, 5, "x", 0 }, { "a", 0, 6, "", 0 },
	    { "a", 0, 7, "y\nz\n", 0 });
	passes("each message is a line, or several", "x\n\ny\nz\n", "",
	    false);
	COMES({ "a", 0, 5, large, 0 }, { "a", 0, 7, "y", 0 });
	passes("a line may be large", twice, "", false);
	COMES({ "a", 0, 5, "x", 0 }, { "a", 0, 6, NULL, GONE });
	passes("an error comes after the lines before it", "x\n", "a: other",
	    false);
	COMES({ "a", 0, 5, large, 0 }, { "a", 0, 6, large, 0 },
	    { "a", 0, 7, large, 0 });
	passes("nobody needs a reason who has stopped to read", "", "", true);
}

static void
urls(void)
{
	static const struct { const char *url; bool good; } t[] = {
		{ "kafka://h/a.b", true }, { "kafka://h/.", false },
		{ "kafka://h/..", false }, { "kafka://h/...", true },
		{ "KAFKA://h:9092,i/T_1-x", true }, { "kafka://h/a,.", false },
		{ "kafka://h/^a,b", true }, { "kafka://h/a,^b,c", true },
		{ "kafka://h,/a", false }, { "kafka://[::1]:9092/a", true },
		{ "kafka://h:/a", false }, { "kafka://h:65536/a", false },
	};
	struct kafka_url u;
	const char *why;
	char text[300] = "kafka://h/";
	size_t n = strlen(text);

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		ok((kafka_url_parse(&u, t[i].url, &why) == 0) == t[i].good &&
		    kafka_is_url(t[i].url), "%s is %s", t[i].url, t[i].good ?
		    "a URL" : "none");
		kafka_url_free(&u);
	}
	memset(text + n, 't', 250);
	ok(kafka_url_parse(&u, text, &why) < 0, "a name has no 250 letters");
	kafka_url_free(&u);
	text[n + 249] = '\0';
	ok(kafka_url_parse(&u, text, &why) == 0, "but it may have 249");
	kafka_url_free(&u);
	ok(!kafka_is_url("kafka:/x"), "a URL of Kafka has two slashes");
}

int
main(void)
{
	struct kafka_options o = { .brokers = "h" };
	char why[KAFKA_ERROR] = "x";

	kafka_reader_free(NULL);
	ok(kafka_new(RDK_PRODUCER, &o, why) != NULL && why[0] == '\0',
	    "a client needs no settings but its brokers");
	what_is_there();
	where_it_begins();
	what_fails();
	what_fails_later();
	lines();
	urls();
	return done_testing();
}
