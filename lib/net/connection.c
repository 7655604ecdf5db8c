#include "net/connection.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/units.h"
#include "net/address.h"
#include "net/grace.h"
#include "net/libcurl.h"
#include "net/rate_limit.h"

enum { CONNECT_MS = 10 * 1000, STALL_MS = 30 * 1000, SETTLE_US = 50,
    SETTLE_MAX_US = 5000 };

struct conn {
	CURL *easy;		/* is NULL for UDP */
	int fd;
	int64_t stall_ms;
	struct rate_limit rate;
	struct libcurl_guard guard;
	bool guarded;
};

static int
open_udp(struct conn *c, const char *host_port, char *error)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *list, *a;
	const char *colon = strrchr(host_port, ':');
	char host[256];
	int r;

	snprintf(
	    host, sizeof host, "%.*s", (int)(colon - host_port), host_port);
	if (host[0] == '[') {		/* an IPv6 address in brackets */
		memmove(host, host + 1, strlen(host));
		host[strcspn(host, "]")] = '\0';
	}
	if ((r = getaddrinfo(host, colon + 1, &hints, &list)) != 0) {
		snprintf(error, CONN_ERROR, "%s", gai_strerror(r));
		return -1;
	}
	for (a = list; a != NULL && c->fd < 0; a = a->ai_next) {
		if (c->guarded && !address_is_allowed(a->ai_addr,
		    c->guard.allow)) {
			c->guard.refused = true;
			continue;
		}
		c->fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (c->fd >= 0 &&
		    connect(c->fd, a->ai_addr, a->ai_addrlen) < 0) {
			close(c->fd);
			c->fd = -1;
		}
	}
	if (c->fd < 0)
		snprintf(error, CONN_ERROR, "%s", c->guard.refused ?
		    ADDRESS_REFUSED : strerror(errno));
	freeaddrinfo(list);
	return c->fd < 0 ? -1 : 0;
}

/* Called once in a while by libcurl; anything but 0 ends the transfer. */
static int
out_of_grace(void *arg, curl_off_t down, curl_off_t downed, curl_off_t up,
    curl_off_t upped)
{
	(void)arg, (void)down, (void)downed, (void)up, (void)upped;
	return grace_left_ms() == 0;
}

static int
open_curl(struct conn *c, bool tls, const char *host_port,
    const struct http_options *o, char *error)
{
	char url[512], text[CURL_ERROR_SIZE] = "";
	curl_socket_t fd;
	CURLcode r;

	if (!libcurl_load() || (c->easy = curl.easy_init()) == NULL) {
		snprintf(error, CONN_ERROR, "%s", strerror(errno));
		return -1;
	}
	snprintf(
	    url, sizeof url, "%s://%s/", tls ? "https" : "http", host_port);
	curl.easy_setopt(c->easy, CURLOPT_URL, url);
	curl.easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
	curl.easy_setopt(c->easy, CURLOPT_CONNECT_ONLY, 1L);
	curl.easy_setopt(c->easy, CURLOPT_PROXY, "");
	curl.easy_setopt(c->easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	curl.easy_setopt(c->easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	curl.easy_setopt(c->easy, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	curl.easy_setopt(c->easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl.easy_setopt(c->easy, CURLOPT_NOPROGRESS, 0L);
	curl.easy_setopt(c->easy, CURLOPT_XFERINFOFUNCTION, out_of_grace);
	curl.easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(o->connect_ms > 0 ? o->connect_ms : CONNECT_MS));
	curl.easy_setopt(c->easy, CURLOPT_ERRORBUFFER, text);
	libcurl_set_certificates(c->easy, o->cacert, o->cert, o->key);
	if (c->guarded)
		libcurl_guard(c->easy, &c->guard);
	r = curl.easy_perform(c->easy);
	curl.easy_setopt(c->easy, CURLOPT_ERRORBUFFER, NULL);
	if (r == CURLE_OK)
		r = curl.easy_getinfo(c->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (r != CURLE_OK) {
		snprintf(error, CONN_ERROR, "%s", c->guard.refused ?
		    ADDRESS_REFUSED : text[0] != '\0' ? text :
		    curl.easy_strerror(r));
		return -1;
	}
	c->fd = fd;
	return 0;
}

struct conn *
conn_open(enum conn_kind kind, const char *host_port,
    const struct http_options *o, char *error)
{
	struct conn *c;
	int r;

	if ((c = calloc(1, sizeof *c)) == NULL) {
		snprintf(error, CONN_ERROR, "%s", strerror(errno));
		return NULL;
	}
	c->fd = -1;
	c->stall_ms = o->stall_ms > 0 ? o->stall_ms : STALL_MS;
	c->rate.rate = o->max_rate;
	c->guarded = o->guarded;
	c->guard.allow = o->allow;
	r = kind == CONN_UDP ? open_udp(c, host_port, error) :
	    open_curl(c, kind == CONN_TLS, host_port, o, error);
	if (r == 0)
		return c;
	conn_close(c);
	return NULL;
}

static int
wait_for(struct conn *c, short events)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	int64_t end = units_now_ms() + c->stall_ms, left;
	int r;

	while ((left = end - units_now_ms()) > 0 && grace_left_ms() > 0) {
		if ((r = poll(&p, 1, (int)(left < 1000 ? left : 1000))) > 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return -1;
	}
	errno = ETIMEDOUT;
	return -1;
}

static int
send_datagram(struct conn *c, struct span bytes)
{
	ssize_t r;

	rate_limit_wait(&c->rate, true);
	rate_limit_add(&c->rate, bytes.len);
	/* An error that an earlier datagram met is reported by a later send. */
	while ((r = send(c->fd, bytes.p, bytes.len, MSG_NOSIGNAL)) < 0 &&
	    errno == EINTR)
		;
	return r < 0 ? -1 : 0;
}

int
conn_send(struct conn *c, struct span bytes)
{
	size_t sent;
	CURLcode r;

	if (c->easy == NULL)
		return send_datagram(c, bytes);
	while (bytes.len > 0) {
		sent = 0;
		rate_limit_wait(&c->rate, true);
		r = curl.easy_send(c->easy, bytes.p,
		    rate_limit_portion(&c->rate, bytes.len), &sent);
		rate_limit_add(&c->rate, sent);
		if (r == CURLE_AGAIN && wait_for(c, POLLOUT) < 0)
			return -1;
		if (r != CURLE_OK && r != CURLE_AGAIN) {
			errno = EPIPE;
			return -1;
		}
		bytes.p += sent;
		bytes.len -= sent;
	}
	return 0;
}

bool
conn_is_closed(struct conn *c)
{
	char drop[4096];
	size_t n;
	CURLcode r;

	if (c->easy == NULL)
		return false;
	do {
		n = 0;
		r = curl.easy_recv(c->easy, drop, sizeof drop, &n);
	} while (r == CURLE_OK && n > 0);
	return r != CURLE_AGAIN;
}

bool
conn_closes_within(struct conn *c, int ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	int64_t end = units_now_ms() + ms, left;

	while ((left = end - units_now_ms()) > 0)
		if (poll(&p, 1, (int)left) > 0 && conn_is_closed(c))
			return true;
	return false;
}

int
conn_settle(struct conn *c)
{
	int64_t moved_ms = units_now_ms();
	int left, before = -1;

	if (c->easy == NULL)
		return 0;
	for (useconds_t nap = SETTLE_US;; nap = nap < SETTLE_MAX_US / 2 ?
	    nap * 2 : SETTLE_MAX_US) {
		if (conn_is_closed(c)) {
			errno = ECONNRESET;
			return -1;
		}
		if (ioctl(c->fd, SIOCOUTQ, &left) < 0)
			return -1;
		if (left == 0)
			return 0;
		if (left != before)
			moved_ms = units_now_ms();
		if (units_now_ms() - moved_ms > c->stall_ms ||
		    grace_left_ms() == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		before = left;
		usleep(nap);
	}
}

void
conn_close(struct conn *c)
{
	if (c == NULL)
		return;
	if (c->easy != NULL)
		curl.easy_cleanup(c->easy);
	else if (c->fd >= 0)
		close(c->fd);
	free(c);
}
