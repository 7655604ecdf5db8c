#include "net/kafka.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>
#include <sys/stat.h>

#include "net/url.h"

enum { CONFIG_MAX = 64 << 10, TOPIC_MAX = 249 };

static const char scheme[] = "kafka://";

bool
kafka_is_url(const char *operand)
{
	return strncasecmp(operand, scheme, sizeof scheme - 1) == 0;
}

static bool
is_topic(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return n > 0 && n <= TOPIC_MAX && s[n] == '\0' &&
	    strcmp(s, ".") != 0 && strcmp(s, "..") != 0;
}

/* Whether each broker has a name, and a port if it has a colon. */
static bool
are_brokers(const char *s)
{
	for (size_t n;; s += n + 1) {
		n = strcspn(s, ",");
		if (n == 0 || *s == ':' || url_has_bad_port(span_of(s, n)))
			return false;
		if (s[n] == '\0')
			return true;
	}
}

/* Split the topics, which list holds and keeps.  Returns NULL or the reason. */
static const char *
split_topics(struct kafka_url *u, char *list)
{
	size_t n = 0, room = 2;
	char *next;

	for (const char *s = list; *s != '\0'; s++)
		room += *s == ',';
	if ((u->topics = calloc(room, sizeof *u->topics)) == NULL)
		return "out of memory";
	for (; list != NULL; list = next) {
		next = *list == '^' ? NULL : strchr(list, ',');
		if (next != NULL)
			*next++ = '\0';
		if ((u->topics[n++] = strdup(list)) == NULL)
			return "out of memory";
		if (*list != '^' && !is_topic(list))
			return "a topic of Kafka has a name of letters, "
			    "digits, dots, _ and -";
	}
	return NULL;
}

static const char *
split(struct kafka_url *u, char *rest)
{
	char *slash = strchr(rest, '/'), *query;

	if (slash == NULL || slash == rest || slash[1] == '\0')
		return "a Kafka URL is kafka://broker[:port][,broker]/topic"
		    "[,topic][?group=name]";
	*slash = '\0';
	if (strchr(rest, '@') != NULL)
		return "a user of Kafka goes into --kafka-config";
	if (!are_brokers(rest))
		return "a port is a number from 1 to 65535, and each broker "
		    "has a name";
	if ((u->brokers = strdup(rest)) == NULL)
		return "out of memory";
	/* A pattern may hold question marks. */
	if ((query = strstr(slash + 1, "?group=")) != NULL) {
		*query = '\0';
		query += strlen("?group=");
		if (*query == '\0')
			return "the group of a Kafka URL has a name";
		if ((u->group = strdup(query)) == NULL)
			return "out of memory";
	}
	return split_topics(u, slash + 1);
}

int
kafka_url_parse(struct kafka_url *u, const char *url, const char **why)
{
	char *rest = strdup(url + sizeof scheme - 1);

	*u = (struct kafka_url){ 0 };
	*why = rest != NULL ? split(u, rest) : "out of memory";
	free(rest);
	return *why == NULL ? 0 : -1;
}

void
kafka_url_free(struct kafka_url *u)
{
	for (char **t = u->topics; t != NULL && *t != NULL; t++)
		free(*t);
	free(u->topics);
	free(u->brokers);
	free(u->group);
	*u = (struct kafka_url){ 0 };
}

/* --- settings --- */

/* Read all of the file, if nobody else can have written or read it. */
static int
read_config(const char *path, struct buf *text, char why[KAFKA_ERROR])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *reason = NULL;
	struct stat st;
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		reason = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		reason = "not a regular file";
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		reason = "it belongs to another user";
	else if ((st.st_mode & 027) != 0)
		reason = "others can read it or change it: chmod 600";
	else if (st.st_size > CONFIG_MAX)
		reason = "too long";
	while (reason == NULL && (buf_reserve(text, CONFIG_MAX) < 0 ||
	    (n = read(fd, text->p + text->len, CONFIG_MAX)) < 0))
		reason = strerror(errno);
	if (fd >= 0)
		close(fd);
	if (reason == NULL) {
		text->len += (size_t)n;
		return 0;
	}
	snprintf(why, KAFKA_ERROR, "%s: %s", path, reason);
	return -1;
}

static char *
trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r");
	for (n = strlen(s); n > 0 && strchr(" \t\r", s[n - 1]) != NULL; n--)
		s[n - 1] = '\0';
	return s;
}

/* Set what one line says.  librdkafka's reasons may hold values. */
static bool
set_line(struct rd_kafka_conf_s *c, char *line, unsigned number,
    const char *path, char why[KAFKA_ERROR])
{
	char reason[KAFKA_ERROR], *name = trim(line), *value;

	if (*name == '\0' || *name == '#')
		return true;
	if ((value = strchr(name, '=')) == NULL) {
		snprintf(why, KAFKA_ERROR, "%s: line %u is not name=value",
		    path, number);
		return false;
	}
	*value++ = '\0';
	name = trim(name);
	if (rdk.conf_set(c, name, trim(value), reason, sizeof reason) == 0)
		return true;
	snprintf(why, KAFKA_ERROR, "%s: line %u: librdkafka does not take "
	    "this for %.64s", path, number, name);
	return false;
}

static bool
set_file(struct rd_kafka_conf_s *c, const char *path, char why[KAFKA_ERROR])
{
	struct buf text = { 0 };
	char *line, *lf;
	bool good = read_config(path, &text, why) == 0;

	if (good && (buf_addc(&text, '\n') < 0 || buf_str(&text) == NULL)) {
		snprintf(why, KAFKA_ERROR, "%s: %s", path, strerror(ENOMEM));
		good = false;
	}
	line = text.p;
	for (unsigned number = 1; good && (lf = strchr(line, '\n')) != NULL;
	    number++, line = lf + 1) {
		*lf = '\0';
		good = set_line(c, line, number, path, why);
	}
	buf_wipe(&text);
	return good;
}

static bool
set_list(struct rd_kafka_conf_s *c, const struct kafka_setting *s,
    char why[KAFKA_ERROR])
{
	for (; s != NULL && s->name != NULL; s++)
		if (rdk.conf_set(c, s->name, s->value, why, KAFKA_ERROR) != 0)
			return false;
	return true;
}

/* All that is to be told is told by errors: librdkafka prints nothing. */
static void
ignore(const struct rd_kafka_s *rk, int level, const char *facility,
    const char *text)
{
	(void)rk;
	(void)level;
	(void)facility;
	(void)text;
}

struct rd_kafka_s *
kafka_new(enum rdk_type type, const struct kafka_options *o,
    char why[KAFKA_ERROR])
{
	static const struct kafka_setting defaults[] = {
		{ "client.id", "logferry" },
		/* Before librdkafka 2.0 no name was compared. */
		{ "ssl.endpoint.identification.algorithm", "https" },
		{ NULL, NULL },
	};
	const struct kafka_setting ours[] = {
		{ "bootstrap.servers", o->brokers }, { NULL, NULL },
	};
	struct rd_kafka_conf_s *c;
	struct rd_kafka_s *rk = NULL;

	if (!librdkafka_load()) {
		snprintf(why, KAFKA_ERROR, "it needs librdkafka");
		return NULL;
	}
	if ((c = rdk.conf_new()) == NULL) {
		snprintf(why, KAFKA_ERROR, "%s", strerror(ENOMEM));
		return NULL;
	}
	if (set_list(c, defaults, why) && set_list(c, o->defaults, why) &&
	    (o->config == NULL || set_file(c, o->config, why)) &&
	    set_list(c, ours, why) && set_list(c, o->fixed, why)) {
		rdk.conf_set_opaque(c, o->arg);
		rdk.conf_set_log_cb(c, ignore);
		if (o->prepare != NULL)
			o->prepare(c);
		rk = rdk.new((int)type, c, why, KAFKA_ERROR);
	}
	if (rk == NULL)		/* else it owns c */
		rdk.conf_destroy(c);
	else			/* conf_set may leave words there */
		why[0] = '\0';
	return rk;
}

bool
kafka_is_telling(int err)
{
	return err != RDK_ALL_BROKERS_DOWN && err != RDK_TIMED_OUT;
}
