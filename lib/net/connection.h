/*
 * connection - one TCP or TLS connection, over libcurl, or a UDP socket
 */
#ifndef NET_CONNECTION_H
#define NET_CONNECTION_H

#include "net/http.h"

enum conn_kind { CONN_TCP, CONN_TLS, CONN_UDP };

struct conn;

/*
 * Connect to "host:port".  Certificates are checked as by http.h.  Returns
 * NULL, with the reason in error, which has CONN_ERROR bytes.
 */
enum { CONN_ERROR = 256 };
struct conn *conn_open(enum conn_kind kind, const char *host_port,
    const struct http_options *o, char *error);

/*
 * Send all bytes (over UDP: as one datagram).  Returns 0, or -1 with errno;
 * ETIMEDOUT when not a byte moved for the options' stall_ms.
 */
int conn_send(struct conn *c, struct span bytes);

/*
 * Whether the other side has closed the connection.  Data that it sent is read
 * and dropped.
 */
bool conn_is_closed(struct conn *c);

/* Whether the other side closes the connection within that time. */
bool conn_closes_within(struct conn *c, int ms);

/*
 * Wait until the other side's kernel has acknowledged every byte.  Returns 0,
 * or -1 with errno.  TCP has no better proof than that; syslog sends no answer.
 */
int conn_settle(struct conn *c);
void conn_close(struct conn *c);	/* takes NULL, too */

#endif
