/*
 * syslog+tcp:// syslog+tls:// syslog+udp://: RFC 5424 messages, framed as RFC
 * 6587 and RFC 5425 have it, or one to a datagram (RFC 5426)
 */
#include "stream/receiver.h"

#include <errno.h>
#include <stdlib.h>

#include "emit/syslog_header.h"
#include "net/connection.h"
#include "stream/syslog_message.h"

enum {
	/*
	 * The longest message that rsyslog takes by default; it cuts longer
	 * ones.
	 */
	MESSAGE_MAX = 8096,
	DATAGRAM_MAX = 65507,	/* what UDP over IPv4 can hold */
	RESETS = 3, /* how many resets blame a message that was sent alone */
	/* The length of message that all receivers should take by RFC 5424. */
	PROVEN = 2048,
	/*
	 * How long to wait for a reset after a message longer than any that was
	 * taken.
	 */
	LONG_MS = 100,
	/* How long after other messages, when the last connection was reset. */
	SHORT_MS = 5,
};

struct syslog {
	struct receiver s;
	const struct receiver_options *o;
	enum conn_kind kind;
	char *host_port;
	struct conn *conn;
	bool doubtful;		/* the last connection was reset */
	/* The longest message in out, and the longest that was ever taken. */
	size_t longest, proven;
	struct syslog_message message;
	struct buf out;
};

/* Add the message that was made. */
static void
add_message(struct syslog *d)
{
	struct buf *m = &d->message.text;

	if (m->failed) {
		d->out.failed = true;
		return;
	}
	if (m->len > d->longest)
		d->longest = m->len;
	if (d->o->framing == FRAMING_LF) {
		syslog_header_one_line(m->p, m->len);
		buf_addspan(&d->out, buf_span(m));
		buf_addc(&d->out, '\n');
	} else {
		buf_printf(&d->out, "%zu ", m->len);
		buf_addspan(&d->out, buf_span(m));
	}
}

static void
add_losses(struct syslog *d)
{
	for (int i = 0; i < SYSLOG_LOSSES && d->o->tells_losses; i++)
		if (syslog_message_loss(&d->message, &d->s,
		    (enum syslog_loss)i))
			add_message(d);
}

static enum attempt
lost_connection(struct syslog *d, enum attempt result, const char *reason)
{
	conn_close(d->conn);
	d->conn = NULL;
	return receiver_fail(&d->s, result, "%s: %s", d->host_port, reason);
}

static enum attempt
send_datagrams(struct syslog *d, struct item **items, size_t n)
{
	for (int i = 0; i < SYSLOG_LOSSES && d->o->tells_losses; i++)
		if (syslog_message_loss(&d->message, &d->s,
		    (enum syslog_loss)i))
			conn_send(d->conn, buf_span(&d->message.text));
	d->s.lost = d->s.refused = 0;
	for (size_t i = 0; i < n; i++) {
		if (syslog_message_make(&d->message, items[i]->line) < 0 ||
		    conn_send(d->conn, buf_span(&d->message.text)) < 0)
			return lost_connection(d, errno == EMSGSIZE ?
			    ATTEMPT_SPLIT : ATTEMPT_LATER, strerror(errno));
		items[i]->state = ITEM_DONE;
	}
	return ATTEMPT_DONE;
}

/*
 * Send everything in out.  After that a message may have reached only the
 * receiver's kernel: a reset still comes when the receiver reads a message that
 * is too long for it.  So we wait for a moment.
 */
static int
send_all(struct syslog *d, size_t n)
{
	int ms = d->longest > d->proven ? LONG_MS :
	    d->doubtful && n == 1 ? SHORT_MS : 0;

	if (conn_send(d->conn, buf_span(&d->out)) < 0 ||
	    conn_settle(d->conn) < 0)
		return -1;
	if (ms > 0 && conn_closes_within(d->conn, ms)) {
		errno = ECONNRESET;
		return -1;
	}
	if (d->longest > d->proven)
		d->proven = d->longest;
	return 0;
}

static enum attempt
attempt(struct receiver *s, struct item **items, size_t n)
{
	struct syslog *d = (struct syslog *)s;
	char error[CONN_ERROR];

	if (d->conn != NULL && conn_is_closed(d->conn)) {
		conn_close(d->conn);
		d->conn = NULL;
	}
	if (d->conn == NULL)
		d->conn = conn_open(d->kind, d->host_port, &d->o->http, error);
	if (d->conn == NULL)
		return lost_connection(d, ATTEMPT_LATER, error);
	if (d->kind == CONN_UDP)
		return send_datagrams(d, items, n);
	buf_clear(&d->out);
	d->longest = 0;
	add_losses(d);
	for (size_t i = 0; i < n; i++) {
		if (syslog_message_make(&d->message, items[i]->line) < 0)
			d->out.failed = true;
		add_message(d);
	}
	if (d->out.failed)
		return lost_connection(d, ATTEMPT_LATER, strerror(ENOMEM));
	if (send_all(d, n) == 0) {
		d->doubtful = d->doubtful && n == 1;
		receiver_done(items, n);
		s->lost = s->refused = 0;
		return ATTEMPT_DONE;
	}
	d->doubtful = errno == ECONNRESET || errno == EPIPE;
	return lost_connection(d, d->doubtful ? ATTEMPT_SUSPECT :
	    ATTEMPT_LATER, strerror(errno));
}

static void
free_syslog(struct receiver *s)
{
	struct syslog *d = (struct syslog *)s;

	conn_close(d->conn);
	syslog_message_free(&d->message);
	buf_free(&d->out);
	free(d->host_port);
	free(d);
}

static struct receiver *
open_syslog(const struct receiver_options *o, const char **why)
{
	static const struct {
		const char *scheme;
		enum conn_kind kind;
	} kinds[] = {
		{ "tcp://", CONN_TCP }, { "tls://", CONN_TLS },
		{ "udp://", CONN_UDP },
	};
	const char *rest = receiver_rest(o->url);
	struct syslog *d;
	size_t n;

	*why = "out of memory";
	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	d->o = o;
	d->s.attempt = attempt;
	d->s.free = free_syslog;
	d->s.at_once = true;
	d->s.one_by_one = true;
	d->s.strikes = RESETS;
	d->proven = PROVEN;
	syslog_message_init(&d->message, o, MESSAGE_MAX);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strncmp(rest, kinds[i].scheme, 6) == 0)
			d->kind = kinds[i].kind;
	if (d->kind == CONN_UDP && d->message.max > DATAGRAM_MAX)
		d->message.max = DATAGRAM_MAX;
	n = strcspn(rest += 6, "/");
	d->host_port = strndup(rest, n);
	if (d->host_port == NULL) {
		free_syslog(&d->s);
		return NULL;
	}
	if (strrchr(d->host_port, ':') != NULL &&
	    strpbrk(d->host_port, "?#@") == NULL && strlen(rest + n) <= 1) {
		if ((*why = syslog_message_check(o)) == NULL)
			return &d->s;
	} else {
		*why = "a syslog URL is syslog+tcp://host:port (or tls, udp)";
	}
	free_syslog(&d->s);
	return NULL;
}

const struct receiver_kind receiver_syslog = {
	.schemes = { "syslog+tcp://", "syslog+tls://", "syslog+udp://" },
	.own = 7,
	.open = open_syslog,
};
