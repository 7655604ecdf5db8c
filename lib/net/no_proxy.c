#include "net/no_proxy.h"

#include <stdlib.h>
#include <strings.h>

#include "net/url.h"

/* Split "host:port", "[::1]:port"; false when it has no port. */
static bool
split(struct span s, struct span *host, struct span *port)
{
	const char *colon = s.len > 0 ? memrchr(s.p, ':', s.len) : NULL;

	if (colon == NULL || colon == s.p)
		return false;
	*host = span_of(s.p, (size_t)(colon - s.p));
	*port = span_of(colon + 1, s.len - host->len - 1);
	/* An IPv6 address without brackets has colons, but no port. */
	return host->p[host->len - 1] == ']' ||
	    memchr(host->p, ':', host->len) == NULL;
}

/* The host and the port of a URL. */
static void
place_of(const char *url, struct span *host, struct span *port)
{
	struct span place = url_host(url);

	if (split(place, host, port) && port->len > 0)
		return;
	*host = place;
	*port = span_str(strncasecmp(url, "https:", 6) == 0 ? "443" : "80");
}

/* Whether host is the domain, or below it. */
static bool
is_within(struct span host, struct span domain)
{
	size_t skip = domain.len > 1 && domain.p[0] == '*' ? 1 : 0;

	skip += domain.len > skip && domain.p[skip] == '.';
	domain = span_of(domain.p + skip, domain.len - skip);
	if (domain.len == 0 || domain.len > host.len || strncasecmp(
	    host.p + host.len - domain.len, domain.p, domain.len) != 0)
		return false;
	return domain.len == host.len ||
	    host.p[host.len - domain.len - 1] == '.';
}

bool
no_proxy_has_port_of(const char *url)
{
	const char *list = getenv("no_proxy");
	struct span host, port, entry, domain, number;

	if (list == NULL)
		list = getenv("NO_PROXY");
	if (list == NULL)
		return false;
	place_of(url, &host, &port);
	for (; *list != '\0'; list += entry.len) {
		list += strspn(list, ", \t");
		entry = span_of(list, strcspn(list, ", \t"));
		if (split(entry, &domain, &number) && span_eq(number, port) &&
		    is_within(host, domain))
			return true;
	}
	return false;
}
