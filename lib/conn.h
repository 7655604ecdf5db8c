/*
 * conn - one TCP or TLS connection, over libcurl, or a UDP socket
 */
#ifndef CONN_H
#define CONN_H

#include "http.h"

enum conn_kind { CONN_TCP, CONN_TLS, CONN_UDP };

struct conn;

/*
 * Connect to "host:port".  Certificates are checked as http.h does.  NULL, with
 * the reason in error (of CONN_ERROR bytes).
 */
enum { CONN_ERROR = 256 };
struct conn *conn_open(enum conn_kind kind, const char *host_port,
    const struct http_options *o, char *error);

/*
 * Send all of it (over UDP: as one datagram).  0, or -1 with errno; ETIMEDOUT
 * when not a byte moved for the options' stall_ms.
 */
int conn_send(struct conn *c, struct span bytes);

/* Has the other side gone?  What it sent is read and dropped. */
bool conn_is_closed(struct conn *c);

/*
 * Wait until the other side's kernel has acknowledged every byte.  0, or -1
 * with errno.  TCP has no better proof than that; syslog sends no answer.
 */
int conn_settle(struct conn *c);
void conn_close(struct conn *c);	/* NULL is fine */

#endif
