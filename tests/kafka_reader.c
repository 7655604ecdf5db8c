/* kafka_reader: topics are read from where to where, by a librdkafka of our own */
#include <regex.h>
#include <unistd.h>

#include "rdkafka.h"
#include "store/fetch.h"
#include "tap.h"

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

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		FAILS(t[i].call, t[i].times, BUSY);
		reads(t[i].name, (struct kafka_reader_options){
		    .url = t[i].url, .deadline_ms = 1 }, "", -1, t[i].error);
	}
}

static void
what_is_refused(void)
{
	static const char *const settings[] = { "client.id",
		"queued.max.messages.kbytes", "bootstrap.servers",
		"enable.partition.eof" };
	char error[128], why[64];
	regex_t re;

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
	what_is_refused();
	what_fails_later();
	lines();
	urls();
	return done_testing();
}
