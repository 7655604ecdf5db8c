#include "net/address.h"

#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>

enum { TEXT_MAX = 64, V4_AT = 12, V6_SIZE = 16 };

/* An address as one of IPv6, and how many of its first bits count. */
struct prefix {
	unsigned char bytes[V6_SIZE];
	unsigned bits;
};

/* This machine, its link, and what tells a machine in a cloud about itself. */
static const char *const forbidden[] = {
	"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "255.255.255.255",
	"100.100.100.200",	/* Alibaba Cloud */
	"168.63.129.16",	/* Azure */
	"192.0.0.192",		/* Oracle Cloud */
	"::/128", "::1", "fe80::/10",
	"fd00:ec2::254",	/* AWS */
	"fd20:ce::254",		/* Google Cloud */
};

static const unsigned char mapped[V4_AT] = { [10] = 0xff, [11] = 0xff };

static void
set_v4(struct prefix *p, const void *v4)
{
	memcpy(p->bytes, mapped, sizeof mapped);
	memcpy(p->bytes + V4_AT, v4, V6_SIZE - V4_AT);
}

/* Read "address" or "address/bits"; false when it is neither. */
static bool
read_prefix(const char *s, size_t n, struct prefix *p)
{
	char text[TEXT_MAX], *slash, *end;
	unsigned long bits;
	struct in_addr v4;
	unsigned most = 128;

	if (n >= sizeof text)
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if ((slash = strchr(text, '/')) != NULL)
		*slash++ = '\0';
	if (inet_pton(AF_INET, text, &v4) == 1) {
		set_v4(p, &v4);
		most = 32;
	} else if (inet_pton(AF_INET6, text, p->bytes) != 1) {
		return false;
	}
	bits = slash == NULL ? most : strtoul(slash, &end, 10);
	if (slash != NULL && (*slash < '0' || *slash > '9' || *end != '\0'))
		return false;
	if (bits > most)
		return false;
	p->bits = (unsigned)bits + 128 - most;
	return true;
}

static bool
is_within(const unsigned char *a, const struct prefix *p)
{
	unsigned whole = p->bits / 8, rest = p->bits % 8;

	return memcmp(a, p->bytes, whole) == 0 && (rest == 0 ||
	    ((a[whole] ^ p->bytes[whole]) >> (8 - rest)) == 0);
}

static bool
is_listed(const unsigned char *a, const char *list)
{
	static const char between[] = ", \t\r\n";
	struct prefix p;
	size_t n;

	for (; list != NULL && *list != '\0'; list += n) {
		list += strspn(list, between);
		n = strcspn(list, between);
		if (n > 0 && read_prefix(list, n, &p) && is_within(a, &p))
			return true;
	}
	return false;
}

static bool
is_forbidden(const unsigned char *a)
{
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
		if (is_listed(a, forbidden[i]))
			return true;
	return false;
}

/* Unwrap an address of IPv4 that leads there by way of IPv6; false: none. */
static bool
unwrap(const unsigned char *a, struct prefix *v4)
{
	static const unsigned char nat64[V4_AT] = { 0, 0x64, 0xff, 0x9b };
	static const unsigned char compatible[V4_AT] = { 0 };

	if (memcmp(a, nat64, V4_AT) == 0 || memcmp(a, compatible, V4_AT) == 0)
		set_v4(v4, a + V4_AT);
	else if (a[0] == 0x20 && a[1] == 0x02)	/* 6to4, RFC 3056 */
		set_v4(v4, a + 2);
	else
		return false;
	return true;
}

bool
address_is_allowed(const struct sockaddr *a, const char *allow)
{
	struct prefix p, v4;

	if (a->sa_family == AF_INET)
		set_v4(&p, &((const struct sockaddr_in *)(const void *)a)
		    ->sin_addr);
	else if (a->sa_family == AF_INET6)
		memcpy(p.bytes, &((const struct sockaddr_in6 *)(const void *)a)
		    ->sin6_addr, V6_SIZE);
	else
		return false;
	if (is_listed(p.bytes, allow))
		return true;
	return !is_forbidden(p.bytes) &&
	    (!unwrap(p.bytes, &v4) || !is_forbidden(v4.bytes));
}
