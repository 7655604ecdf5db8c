#include "stream/kafka_group.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/termination.h"
#include "base/units.h"
#include "net/grace.h"
#include "net/kafka.h"

enum {
	LOOK_MS = 100,		/* how often to look whether to end */
	COMMIT_MS = 1000,
	HOLD_MS = 10 * 1000,	/* for the other pieces of a message */
	LEAVE_S = 3,		/* the brokers may take so long to answer */
	PLACE = 300,		/* a topic's name has 249 bytes */
	IN_MESSAGE = 24,	/* bits of a place, below those of the offset */
};

struct member {
	const struct kafka_group *g;
	struct rd_kafka_s *rk;
	bool fresh;		/* messages came that are not committed */
	bool failed;
	bool told;		/* an error, and no message has come since */
	int64_t committed_ms;
	/*
	 * Where to go on, of the partitions that messages came from since we
	 * have them: of others librdkafka may give what was long ago.
	 */
	struct rdk_partitions *next;

	struct rdk_partition *last;	/* of the last message */
	char place[PLACE];	/* topic and partition of it */
	uint64_t stream;	/* the hash of these */

	/* The last, if lines of it are held back: its offset is the first's. */
	struct rdk_partition *held;
	int64_t after;		/* where to go on once they are put */
	struct {		/* of each kind */
		int64_t offset;	/* of the first that is held; -1: none is */
		int64_t since_ms;
	} first[KAFKA_GROUP_HELD];
};

static void
tell(struct member *m, int err, const char *why, size_t n)
{
	if (!kafka_is_telling(err) || m->told)
		return;
	m->g->tell("%s: %.*s", m->g->url, (int)n, why);
	m->told = true;
}

/* --- what librdkafka calls, while we wait for a message --- */

static void
on_error(struct rd_kafka_s *rk, int err, const char *reason, void *arg)
{
	struct member *m = arg;

	(void)rk;
	m->failed |= err == RDK_FATAL;
	tell(m, err, reason, strlen(reason));
}

static void
on_commit(struct rd_kafka_s *rk, int err, struct rdk_partitions *list,
    void *arg)
{
	struct member *m = arg;

	(void)rk;
	(void)list;
	if (err != 0 && err != RDK_NO_OFFSET)
		m->fresh = true;	/* try again */
}

/*
 * Commit what was put so far, up to the first piece that is held back.
 * librdkafka sends this before it gives a partition up, and waits for the
 * answer.
 */
static void
commit(struct member *m)
{
	m->committed_ms = units_now_ms();
	if (!m->fresh || m->next->n == 0 || m->failed)
		return;
	if (m->g->settle(m->g->arg) < 0) {
		m->failed = true;
		return;
	}
	m->fresh = rdk.commit(m->rk, m->next, true) != 0;
}

/* Put the lines that are held back, though those that they wait for are away. */
static void
release(struct member *m)
{
	if (m->held == NULL)
		return;
	m->failed |= m->g->end(m->g->arg, false) < 0;
	m->held->offset = m->after;
	m->held = NULL;
	m->fresh = true;
}

static void
forget_held(struct member *m)
{
	if (m->held != NULL)
		m->g->end(m->g->arg, true);
	m->held = NULL;
}

static void
forget_places(struct member *m)
{
	forget_held(m);
	if (m->next != NULL)
		rdk.topic_partition_list_destroy(m->next);
	m->next = rdk.topic_partition_list_new(1);
	m->last = NULL;
}

static void
on_rebalance(struct rd_kafka_s *rk, int err, struct rdk_partitions *list,
    void *arg)
{
	struct member *m = arg;

	if (err != RDK_ASSIGN_PARTITIONS)
		commit(m);
	forget_places(m);
	rdk.assign(rk, err == RDK_ASSIGN_PARTITIONS ? list : NULL);
}

static void
prepare(struct rd_kafka_conf_s *c)
{
	rdk.conf_set_error_cb(c, on_error);
	rdk.conf_set_offset_commit_cb(c, on_commit);
	rdk.conf_set_rebalance_cb(c, on_rebalance);
}

/* --- messages --- */

/* See which partition the message is from. */
static void
find_place(struct member *m, const struct rdk_message *from)
{
	const char *topic = rdk.topic_name(from->topic);
	char place[PLACE];

	snprintf(place, sizeof place, "%s %d", topic, (int)from->partition);
	if (m->last != NULL && strcmp(place, m->place) == 0)
		return;
	release(m);		/* no piece goes on elsewhere */
	memcpy(m->place, place, sizeof place);
	m->stream = frame_stream("kafka", span_of(place, strlen(place)));
	m->last = rdk.topic_partition_list_find(m->next, topic,
	    from->partition);
	if (m->last == NULL)
		m->last = rdk.topic_partition_list_add(m->next, topic,
		    from->partition);
}

static void
take_line(struct member *m, const struct frame *f, int64_t offset)
{
	int r = m->g->put(m->g->arg, f);

	for (int i = 0; i < KAFKA_GROUP_HELD; i++) {
		if (r <= 0 || (r & 1 << i) == 0) {
			m->first[i].offset = -1;
		} else if (m->held == NULL || m->first[i].offset < 0) {
			m->first[i].offset = offset;
			m->first[i].since_ms = units_now_ms();
		}
	}
	m->held = r > 0 ? m->last : NULL;
	m->failed |= r < 0;
}

/* Go on at the first line that is held back, or after the last. */
static void
set_offset(struct member *m)
{
	int64_t next = m->after;

	for (int i = 0; m->held != NULL && i < KAFKA_GROUP_HELD; i++)
		if (m->first[i].offset >= 0 && m->first[i].offset < next)
			next = m->first[i].offset;
	m->last->offset = next;
}

/* Those that a piece waits for may not come any more. */
static void
release_late(struct member *m, int64_t now)
{
	for (int i = 0; i < KAFKA_GROUP_HELD; i++)
		if (m->held != NULL && m->first[i].offset >= 0 &&
		    now - m->first[i].since_ms >= HOLD_MS)
			release(m);
}

/* A message is a line, or several when there are LFs inside. */
static void
take_lines(struct member *m, const struct rdk_message *from)
{
	const char *start = from->value, *p = start, *end = p + from->len, *lf;
	struct frame f = { .stream = m->stream };

	do {
		if ((lf = memchr(p, '\n', (size_t)(end - p))) == NULL)
			lf = end;
		if ((size_t)(lf - p) > m->g->max_line)
			lf = p + m->g->max_line;
		f.data = span_of(p, (size_t)(lf - p));
		f.position = ((uint64_t)from->offset << IN_MESSAGE) +
		    (uint64_t)(p - start);
		take_line(m, &f, from->offset);
		p = lf + (lf < end && *lf == '\n');
	} while (p < end && !m->failed);
}

static void
take(struct member *m, const struct rdk_message *from)
{
	if (from->err != 0) {
		tell(m, from->err, from->value != NULL ? from->value : "",
		    from->value != NULL ? from->len : 0);
		return;
	}
	m->told = false;
	m->fresh = true;
	find_place(m, from);
	if (from->value != NULL)	/* a tombstone is no line */
		take_lines(m, from);
	m->after = from->offset + 1;
	set_offset(m);
}

static void
read_all(struct member *m)
{
	struct rdk_message *got;
	int64_t now;

	while (!m->failed && !termination_asked()) {
		if ((got = rdk.consumer_poll(m->rk, LOOK_MS)) != NULL) {
			take(m, got);
			rdk.message_destroy(got);
		}
		now = units_now_ms();
		release_late(m, now);
		if (now - m->committed_ms >= COMMIT_MS)
			commit(m);
	}
	commit(m);
}

/* --- the whole --- */

static int
subscribe(struct member *m, const struct kafka_url *url)
{
	struct rdk_partitions *list = rdk.topic_partition_list_new(1);
	int err;

	for (char **t = url->topics; *t != NULL; t++)
		rdk.topic_partition_list_add(list, *t, RDK_ANY_PARTITION);
	err = rdk.subscribe(m->rk, list);
	rdk.topic_partition_list_destroy(list);
	if (err == 0)
		return 0;
	m->g->tell("%s: %s", m->g->url, rdk.err2str(err));
	return -1;
}

static struct rd_kafka_s *
join(struct member *m, const struct kafka_url *url)
{
	static const struct kafka_setting defaults[] = {
		{ "auto.offset.reset", "earliest" },
		{ "queued.max.messages.kbytes", "8192" },
		{ "session.timeout.ms", "10000" },
		/* Kafka's own topics match no pattern. */
		{ "topic.blacklist", "^__" }, { NULL, NULL },
	};
	const struct kafka_setting fixed[] = {
		{ "enable.auto.commit", "false" },
		{ "enable.auto.offset.store", "false" },
		{ "group.id", url->group },
		/* on_rebalance knows no other way, and it spreads topics. */
		{ "partition.assignment.strategy", "roundrobin" },
		{ NULL, NULL },
	};
	struct kafka_options o = { .brokers = url->brokers,
		.config = m->g->config, .defaults = defaults, .fixed = fixed,
		.prepare = prepare, .arg = m };
	char why[KAFKA_ERROR];

	if ((m->rk = kafka_new(RDK_CONSUMER, &o, why)) == NULL) {
		m->g->tell("%s: %s", m->g->url, why);
		return NULL;
	}
	rdk.poll_set_consumer(m->rk);
	forget_places(m);
	return m->rk;
}

static void *
leave(void *arg)
{
	struct member *m = arg;

	rdk.consumer_close(m->rk);
	rdk.destroy(m->rk);
	return NULL;
}

/*
 * Leave the group, which librdkafka does as soon as the brokers have answered
 * all that was asked.  Returns whether that was soon enough.
 */
static bool
leaves_in_time(struct member *m)
{
	struct timespec end;
	pthread_t thread;

	if (m->rk == NULL)
		return true;
	/* The caller's scanner may be gone before the thread has ended. */
	m->failed = m->told = true;
	forget_held(m);
	grace_left_ms();	/* counts from now on */
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += LEAVE_S;
	return pthread_create(&thread, NULL, leave, m) == 0 &&
	    pthread_timedjoin_np(thread, NULL, &end) == 0;
}

int
kafka_group_read(const struct kafka_group *g, bool *hung)
{
	struct member *m = calloc(1, sizeof *m);
	struct kafka_url url = { 0 };
	const char *why;
	int r = -1;

	if (m == NULL) {
		g->tell("%s: %s", g->url, strerror(errno));
		return -1;
	}
	m->g = g;
	if (kafka_url_parse(&url, g->url, &why) < 0) {
		g->tell("%s: %s", g->url, why);
	} else if (url.group == NULL) {
		g->tell("%s: the URL ends with ?group=name", g->url);
	} else if (join(m, &url) != NULL && subscribe(m, &url) == 0) {
		read_all(m);
		r = m->failed ? -1 : 0;
	}
	*hung = !leaves_in_time(m);
	if (!*hung) {		/* else a thread uses it */
		if (m->next != NULL)
			rdk.topic_partition_list_destroy(m->next);
		free(m);
	}
	kafka_url_free(&url);
	return r;
}
