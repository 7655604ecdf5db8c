#include "stream/receiver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/url.h"

enum { AUTH_MAX = 16 << 10 };	/* bytes */

/* All kinds of receivers.  A new kind is a file of its own and a row here. */
#define RECEIVERS(X) \
	X(es) \
	X(http) \
	X(kafka) \
	X(logplex) \
	X(loki) \
	X(otlp) \
	X(sls) \
	X(store) \
	X(syslog)

#define X(name) extern const struct receiver_kind receiver_##name;
RECEIVERS(X)
#undef X

static const struct receiver_kind *const kinds[] = {
#define X(name) &receiver_##name,
	RECEIVERS(X)
#undef X
};

const struct receiver_kind *
receiver_kind_of(const char *url)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		for (const char *const *s = kinds[i]->schemes; *s != NULL; s++)
			if (strncmp(url, *s, strlen(*s)) == 0)
				return kinds[i];
	return NULL;
}

int
receiver_read_auth(const char *path, struct buf *auth)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = -1;

	buf_clear(auth);
	if (fd < 0)
		return -1;
	if (buf_reserve(auth, AUTH_MAX) == 0 &&
	    (n = read(fd, auth->p, AUTH_MAX - 1)) >= 0) {
		auth->p[n] = '\0';
		auth->len = strcspn(auth->p, "\r\n");
		explicit_bzero(auth->p + auth->len, (size_t)n - auth->len + 1);
	}
	close(fd);
	if (auth->len < AUTH_MAX - 1)
		return n < 0 ? -1 : 0;
	errno = EFBIG;
	return -1;
}

/* Returns NULL, or what is wrong with the host of a URL that has a single one. */
static const char *
check_host(const char *url)
{
	struct span host = url_host(url);

	if (host.len == 0 || *host.p == ':')
		return "the URL has no host";
	return url_has_bad_port(host) ?
	    "a port is a number from 1 to 65535" : NULL;
}

/* Returns NULL, or what is wrong with the servers in also. */
static const char *
check_also(const struct receiver_options *o, const struct receiver_kind *kind)
{
	const char *host, *why;

	if (o->n_also > 0 && !kind->nodes)
		return "--also is for streams over HTTP";
	for (size_t i = 0; i < o->n_also; i++) {
		if (receiver_kind_of(o->also[i]) != kind)
			return "--also is another server of the same kind";
		host = strstr(o->also[i], "://") + 3;
		if (host[strcspn(host, "/?#@{")] != '\0')
			return "--also takes a URL without a path or a user";
		if ((why = check_host(o->also[i])) != NULL)
			return why;
	}
	return NULL;
}

struct receiver *
receiver_open(const struct receiver_options *o, const char **why)
{
	const struct receiver_kind *kind = receiver_kind_of(o->url);

	if (!kind->stores && !kind->many && (*why = check_host(o->url)) != NULL)
		return NULL;
	if ((*why = check_also(o, kind)) != NULL)
		return NULL;
	return kind->open(o, why);
}

const char *
receiver_rest(const char *url)
{
	return url + receiver_kind_of(url)->own;
}

void
receiver_plain_url(struct buf *plain, const char *url, struct span *user)
{
	*user = url_user(url);
	buf_add(plain, url, (size_t)(user->p - url));
	buf_adds(plain, user->p + user->len);
	if (user->len > 0)
		user->len--;	/* its @ */
}

enum attempt
receiver_fail(struct receiver *s, enum attempt result, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->error, sizeof s->error, fmt, ap);
	va_end(ap);
	return result;
}

void
receiver_done(struct item **items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		items[i]->state = ITEM_DONE;
}

void
receiver_suspect(struct receiver *s, struct item *item)
{
	item->suspect = true;
	free(item->reason);
	item->reason = strdup(s->error);
}

void
receiver_free(struct receiver *s)
{
	if (s == NULL)
		return;
	buf_free(&s->etag);
	buf_free(&s->url);
	s->free(s);
}
