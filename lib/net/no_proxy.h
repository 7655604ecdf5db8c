/*
 * no_proxy - the entries with a port in the variable no_proxy
 *
 * libcurl heeds the other ones by itself, and passes over these.
 */
#ifndef NET_NO_PROXY_H
#define NET_NO_PROXY_H

#include <stdbool.h>

/*
 * Whether no_proxy (or NO_PROXY) has an entry "host:port" for the URL.  The
 * host is that of the URL or a domain above it, with a dot in front or not.
 */
bool no_proxy_has_port_of(const char *url);

#endif
