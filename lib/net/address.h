/*
 * address - where a URL that somebody else has chosen must not lead
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* What is said of an address that is not. */
#define ADDRESS_REFUSED "its address is not allowed (see LOGFERRY_ALLOW)"

/*
 * Whether a connection to the address may be made.  None may be to this machine
 * itself, to a link-local address, or to a service that tells a machine in a
 * cloud about itself and its credentials, however the address is wrapped in
 * IPv6; unless allow has it: addresses and prefixes ("127.0.0.1, fe80::/10"),
 * with commas or blanks between them.  allow may be NULL.  Other families than
 * IPv4 and IPv6 are not allowed.
 */
bool address_is_allowed(const struct sockaddr *a, const char *allow);

#endif
