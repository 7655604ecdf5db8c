#include "sender.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct kind {
	const char *scheme;
	size_t ours;		/* bytes of it that only we know */
	sender_new *new;
} kinds[] = {
	{ "es+http://", 3, sender_es_new },
	{ "es+https://", 3, sender_es_new },
	{ "http://", 0, sender_ndjson_new },
	{ "https://", 0, sender_ndjson_new },
	{ "logplex+http://", 8, sender_logplex_new },
	{ "logplex+https://", 8, sender_logplex_new },
	{ "sls+http://", 4, sender_sls_new },
	{ "sls+https://", 4, sender_sls_new },
	{ "syslog+tcp://", 7, sender_syslog_new },
	{ "syslog+tls://", 7, sender_syslog_new },
	{ "syslog+udp://", 7, sender_syslog_new },
};

static const struct kind *
find_kind(const char *url)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strncmp(url, kinds[i].scheme, strlen(kinds[i].scheme)) == 0)
			return &kinds[i];
	return NULL;
}

/* What is no port would be tried for ever. */
static bool
has_bad_port(const char *url)
{
	const char *host = strstr(url, "://") + 3, *colon;
	const char *end = host + strcspn(host, "/?#");
	unsigned long port;
	char *stop;

	colon = memrchr(host, ':', (size_t)(end - host));
	if (colon == NULL || memchr(colon, '@', (size_t)(end - colon)) != NULL ||
	    memchr(colon, ']', (size_t)(end - colon)) != NULL)
		return false;
	port = strtoul(colon + 1, &stop, 10);
	return stop != end || colon[1] < '0' || colon[1] > '9' || port < 1 ||
	    port > 65535;
}

struct sender *
sender_open(const struct sender_options *o, const char **why)
{
	if (has_bad_port(o->url)) {
		*why = "a port is a number from 1 to 65535";
		return NULL;
	}
	return find_kind(o->url)->new(o, why);
}

const char *
sender_rest(const char *url)
{
	return url + find_kind(url)->ours;
}

bool
sender_takes(const char *url, bool only)
{
	const struct kind *kind = find_kind(url);

	return kind != NULL && (!only || kind->ours > 0);
}

void
sender_plain_url(struct buf *plain, const char *url, struct span *user)
{
	const char *host = strstr(url, "://"), *at;

	host = host != NULL ? host + 3 : url;
	at = memchr(host, '@', strcspn(host, "/?#"));
	*user = span_of(host, at != NULL ? (size_t)(at - host) : 0);
	buf_add(plain, url, (size_t)(host - url));
	buf_adds(plain, at != NULL ? at + 1 : host);
}

enum attempt
sender_fail(struct sender *s, enum attempt result, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->error, sizeof s->error, fmt, ap);
	va_end(ap);
	return result;
}

void
sender_done(struct item **items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		items[i]->state = ITEM_DONE;
}

void
sender_free(struct sender *s)
{
	if (s == NULL)
		return;
	buf_free(&s->etag);
	buf_free(&s->url);
	s->free(s);
}
