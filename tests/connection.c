/* connections: datagrams, a TCP server that closes, and one that does not read */
#include "net/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "net/address.h"
#include "tap.h"

static char place[64];

/* A socket that is bound to a port of loopback, whose name goes to place. */
static int
server(int family, int type)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr *a = family == AF_INET ? (void *)&v4 : (void *)&v6;
	socklen_t n = family == AF_INET ? sizeof v4 : sizeof v6;
	int fd = socket(family, type, 0), small = 4096;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	if (fd < 0 || bind(fd, a, n) < 0 || getsockname(fd, a, &n) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 5) < 0)) {
		close(fd);
		return -1;
	}
	if (family == AF_INET)
		snprintf(place, sizeof place, "127.0.0.1:%u",
		    (unsigned)ntohs(v4.sin_port));
	else
		snprintf(place, sizeof place, "[::1]:%u",
		    (unsigned)ntohs(v6.sin6_port));
	return fd;
}

static void
datagrams(int family, const char *name)
{
	struct http_options o = { 0 };
	char error[CONN_ERROR], got[16];
	int fd = server(family, SOCK_DGRAM);
	struct conn *c;
	bool failed = false;

	if (fd < 0) {
		ok(true, "datagrams over %s # SKIP there is none", name);
		return;
	}
	c = conn_open(CONN_UDP, place, &o, error);
	ok(c != NULL && conn_send(c, span_str("hello")) == 0 &&
	    recv(fd, got, sizeof got, 0) == 5 && memcmp(got, "hello", 5) == 0,
	    "a datagram is sent over %s", name);
	ok(!conn_is_closed(c) && conn_settle(c) == 0,
	    "over %s nobody knows of its end", name);
	close(fd);
	for (int i = 0; i < 1000 && !failed; i++) {
		failed = conn_send(c, span_str("a")) < 0;
		usleep(failed ? 0 : 1000);
	}
	ok(failed && errno == ECONNREFUSED,
	    "over %s a refused datagram is told by a later one", name);
	conn_close(c);
}

static void
refuses(enum conn_kind kind, const char *to, const struct http_options *o,
    const char *want, const char *name)
{
	char error[CONN_ERROR] = "";

	if (!ok(conn_open(kind, to, o, error) == NULL && error[0] != '\0' &&
	    (want == NULL || strcmp(error, want) == 0), "%s", name))
		printf("# %s\n", error);
}

static void
no_connection(void)
{
	struct http_options o = { 0 }, guarded = { .guarded = true },
	    most = { .guarded = true, .allow = "127.0.0.0/8" };
	char error[CONN_ERROR];
	int fd = server(AF_INET, SOCK_DGRAM);
	struct conn *c;

	refuses(CONN_UDP, "127.0.0.1:no-such-port", &o, NULL,
	    "a port has a number, or a name that is known");
	refuses(CONN_UDP, "255.255.255.255:9", &o, NULL,
	    "nothing is sent to everybody");
	refuses(CONN_UDP, "127.0.0.1:9", &guarded, ADDRESS_REFUSED,
	    "no datagram goes where none may go");
	refuses(CONN_TCP, "127.0.0.1:9", &guarded, ADDRESS_REFUSED,
	    "no connection goes where none may go");
	c = conn_open(CONN_UDP, place, &most, error);
	ok(c != NULL, "where datagrams are allowed they go");
	conn_close(c);
	close(fd);
	fd = server(AF_INET, SOCK_STREAM);
	close(fd);
	refuses(CONN_TCP, place, &o, NULL, "a closed port is told");
	refuses(CONN_TLS, place, &o, NULL, "so it is with TLS");
}

static void
closes(void)
{
	struct http_options o = { .connect_ms = 60000 };
	char error[CONN_ERROR], got[16], *much = calloc(1, 1 << 20);
	int fd = server(AF_INET, SOCK_STREAM), to;
	struct conn *c = conn_open(CONN_TCP, place, &o, error);
	bool failed = false;

	to = accept(fd, NULL, NULL);
	ok(c != NULL && conn_send(c, span_str("hello")) == 0 &&
	    conn_settle(c) == 0 && recv(to, got, sizeof got, 0) == 5,
	    "what is settled has arrived");
	ok(send(to, "answer", 6, 0) == 6 && !conn_closes_within(c, 20),
	    "an answer is no end");
	close(to);
	ok(conn_closes_within(c, 60000) && conn_is_closed(c),
	    "a connection that the other side closes is closed");
	for (int i = 0; i < 100 && !failed; i++)
		failed = conn_send(c, span_of(much, 1 << 20)) < 0;
	ok(failed && errno == EPIPE, "what is sent then fails");
	ok(conn_settle(c) < 0 && errno == ECONNRESET,
	    "what was sent then does not settle");
	conn_close(c);
	close(fd);
	free(much);
}

static void
does_not_read(void)
{
	struct http_options o = { .stall_ms = 50 };
	char error[CONN_ERROR], *much = calloc(1, 32 << 20);
	int fd = server(AF_INET, SOCK_STREAM);
	struct conn *c = conn_open(CONN_TCP, place, &o, error);

	errno = 0;
	ok(c != NULL && conn_send(c, span_of(much, 32 << 20)) < 0 &&
	    errno == ETIMEDOUT, "a server that does not read is given up");
	errno = 0;
	ok(conn_settle(c) < 0 && errno == ETIMEDOUT,
	    "what it did not take does not settle");
	conn_close(c);
	close(fd);
	free(much);
}

/* Requests to a server that accepts the connection and says nothing. */
static void
requests(void)
{
	struct http_options o = { 0 };
	char url[128];
	int fd = server(AF_INET, SOCK_STREAM), ends[2];
	struct http *h = http_new(&o);
	struct http_request r = { .method = "PUT", .url = url,
		.from_file = true, .size = 100 }, s = { .method = "GET",
		.url = url };

	snprintf(url, sizeof url, "http://%s/", place);
	r.fd = memfd_create("short", MFD_CLOEXEC);
	ok(http_do(h, &r) < 0 && r.status == 0 && r.error[0] != '\0',
	    "a file that has shrunk ends its request");
	close(r.fd);
	r.fd = pipe(ends) == 0 ? ends[0] : -1;
	ok(http_do(h, &r) < 0 && r.status == 0,
	    "a file that cannot be read ends its request");
	ok(http_start(h, &r) == 0 && http_start(h, &s) == 0 &&
	    http_wait(h, 0) == NULL, "requests are under way");
	http_free(h);
	ok(r.transfer == NULL && s.transfer == NULL,
	    "they end with their connections");
	http_reset(&r);
	http_reset(&s);
	close(ends[0]);
	close(ends[1]);
	close(fd);
}

int
main(void)
{
	conn_close(NULL);
	datagrams(AF_INET, "IPv4");
	datagrams(AF_INET6, "IPv6");
	no_connection();
	closes();
	does_not_read();
	requests();
	return done_testing();
}
