/*
 * syslog+tcp:// syslog+tls:// syslog+udp://: RFC 5424 messages, framed as RFC
 * 6587 and RFC 5425 have it, or one to a datagram (RFC 5426)
 */
#include "sender.h"

#include <errno.h>
#include <stdlib.h>

#include "conn.h"
#include "rfc5424.h"

enum { DATAGRAM_MAX = 8192 };	/* rsyslog's and syslog-ng's longest by default */

struct syslog {
	struct sender s;
	const struct sender_options *o;
	enum conn_kind kind;
	const char *host_port;
	struct conn *conn;
	struct buf out, line;
};

static void
add_message(struct syslog *d, struct span line)
{
	buf_clear(&d->line);
	rfc5424_add(&d->line, line, d->o->host);
	if (d->o->framing == FRAMING_LF) {
		rfc5424_one_line(d->line.p, d->line.len);
		buf_addc(&d->line, '\n');
	} else {
		buf_printf(&d->out, "%zu ", d->line.len);
	}
	buf_addspan(&d->out, buf_span(&d->line));
}

static enum attempt
lost_connection(struct syslog *d, const char *reason)
{
	conn_close(d->conn);
	d->conn = NULL;
	return sender_fail(&d->s, ATTEMPT_LATER, "%s: %s", d->host_port, reason);
}

static enum attempt
send_datagrams(struct syslog *d, struct item **items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_clear(&d->line);
		rfc5424_add(&d->line, items[i]->line, d->o->host);
		if (d->line.failed)
			return lost_connection(d, strerror(ENOMEM));
		if (d->line.len > DATAGRAM_MAX)
			d->line.len = rfc5424_cut(d->line.p, DATAGRAM_MAX);
		if (conn_send(d->conn, buf_span(&d->line)) < 0)
			return lost_connection(d, strerror(errno));
		items[i]->state = ITEM_DONE;
	}
	return ATTEMPT_DONE;
}

static enum attempt
attempt(struct sender *s, struct item **items, size_t n)
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
		return lost_connection(d, error);
	if (d->kind == CONN_UDP)
		return send_datagrams(d, items, n);
	buf_clear(&d->out);
	for (size_t i = 0; i < n; i++)
		add_message(d, items[i]->line);
	if (d->out.failed || d->line.failed)
		return lost_connection(d, strerror(ENOMEM));
	if (conn_send(d->conn, buf_span(&d->out)) < 0 ||
	    conn_settle(d->conn) < 0)
		return lost_connection(d, strerror(errno));
	sender_done(items, n);
	return ATTEMPT_DONE;
}

static void
free_syslog(struct sender *s)
{
	struct syslog *d = (struct syslog *)s;

	conn_close(d->conn);
	buf_free(&d->out);
	buf_free(&d->line);
	free(d);
}

struct sender *
sender_syslog_new(const struct sender_options *o, const char **why)
{
	static const struct {
		const char *scheme;
		enum conn_kind kind;
	} kinds[] = {
		{ "tcp://", CONN_TCP }, { "tls://", CONN_TLS },
		{ "udp://", CONN_UDP },
	};
	const char *rest = sender_rest(o->url);
	struct syslog *d;

	*why = "out of memory";
	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	d->o = o;
	d->s.attempt = attempt;
	d->s.free = free_syslog;
	d->s.at_once = true;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strncmp(rest, kinds[i].scheme, 6) == 0) {
			d->kind = kinds[i].kind;
			d->host_port = rest + 6;
		}
	if (d->host_port != NULL && strrchr(d->host_port, ':') != NULL &&
	    strpbrk(d->host_port, "/?#@") == NULL)
		return &d->s;
	free(d);
	*why = "a syslog URL is syslog+tcp://host:port (or tls, udp)";
	return NULL;
}
