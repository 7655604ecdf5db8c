/*
 * address: where a drain's URL must not lead, however it is spelled
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "tap.h"

static bool
allowed(const char *text, const char *allow)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return address_is_allowed((struct sockaddr *)&v4, allow);
	if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1)
		printf("# %s is no address\n", text);
	return address_is_allowed((struct sockaddr *)&v6, allow);
}

int
main(void)
{
	static const char *const bad[] = {
		"127.0.0.1", "127.1.2.3", "0.0.0.0", "0.1.2.3",
		"169.254.169.254", "169.254.0.1", "100.100.100.200",
		"168.63.129.16", "192.0.0.192", "255.255.255.255", "::", "::1",
		"fe80::1", "febf::1", "fd00:ec2::254", "fd20:ce::254",
		"::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1",
		"64:ff9b::169.254.169.254", "2002:7f00:1::1",
		"2002:a9fe:a9fe::",
	};
	static const char *const good[] = {
		"192.0.2.1", "10.0.0.1", "192.168.1.1", "128.0.0.1",
		"126.255.255.255", "169.253.255.255", "169.255.0.0",
		"100.100.100.201", "2001:db8::1", "fd00:ec2::255", "fec0::1",
		"::ffff:192.0.2.1", "64:ff9b::192.0.2.1", "2002:c000:201::1",
	};
	struct sockaddr other = { .sa_family = AF_UNIX };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(!allowed(bad[i], NULL), "%s is not allowed", bad[i]);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ok(allowed(good[i], NULL), "%s is allowed", good[i]);
	ok(!address_is_allowed(&other, NULL), "nor is another family");
	ok(allowed("127.0.0.1", "127.0.0.1"), "one address is allowed");
	ok(!allowed("127.0.0.2", "127.0.0.1"), "and no other");
	ok(allowed("::ffff:127.0.0.1", "127.0.0.1"), "however it is wrapped");
	ok(allowed("127.9.9.9", "::1,127.0.0.0/8"), "a prefix is allowed");
	ok(allowed("fe80::9", " ::1\t,\nfe80::/10 "),
	    "blanks may stand in the list");
	ok(!allowed("127.0.0.1", "127.0.0.0/33 127.0.0.0/x 127.0.0.0/ /8 x,,"),
	    "what is no prefix allows nothing");
	ok(!allowed("127.0.0.1", "0.0.0.0/1x"), "nor does half of one");
	ok(allowed("127.0.0.1", "0.0.0.0/0"), "all of IPv4 may be allowed");
	ok(!allowed("::1", "0.0.0.0/0"), "which is not IPv6");
	ok(allowed("::1", "::/0"), "all of IPv6 may be allowed");
	return done_testing();
}
