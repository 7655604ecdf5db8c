/*
 * url - URLs: as people may see them, and where they lead
 */
#ifndef NET_URL_H
#define NET_URL_H

#include "base/buf.h"

/*
 * The user and password of a URL with their @, which is the last one before the
 * path, as libcurl has it; empty, where the host begins, when it has none.  A
 * secret may hold slashes, so what would be a host with a port that is none goes
 * up to the last @.  And the host after it, with its port.
 */
struct span url_user(const char *url);
struct span url_host(const char *url);

/*
 * Whether a host and port, after the user, have a port that is none.  Without
 * this check it would be tried for ever.
 */
bool url_has_bad_port(struct span host);

/*
 * Add url without user and password, and with xxx for the values of those
 * parameters in its query that hold secrets: what ends in token, key, secret,
 * password, signature, credential or authorization, and auth, code, sig, pass,
 * pwd.
 */
void url_redact(struct buf *out, const char *url);

/*
 * The same in place, with an x for each byte: for command lines, which ps(1)
 * shows.
 */
void url_blot(char *url);

/*
 * Split user:password off a URL: "Basic ..." for Authorization goes to out (to
 * be wiped), and the URL without it to plain.  Returns 0; 1 when the URL has
 * none, and then nothing was added; -1 with errno (EINVAL when it is not a
 * URL).
 */
int url_split_user(const char *url, struct buf *plain, struct buf *out);

enum url_place {
	URL_SAME,		/* the same scheme, host and port */
	URL_SECURED,		/* the same host, from http to https */
	URL_ELSEWHERE,
};

/*
 * Add to out where a Location in the answer to a request for url leads.
 * Returns 0, and *place says how that compares to url; -1 when it is not
 * followed, as it leads from https to http, or to another scheme.
 */
int url_redirect(const char *url, struct span location, struct buf *out,
    enum url_place *place);

/* Whether its host is this machine, by its name; and what is told if not. */
bool url_is_loopback(const char *url);
#define URL_SECRETS_STAY "credentials do not go over http:// to another host " \
	"without --insecure-http"

#endif
