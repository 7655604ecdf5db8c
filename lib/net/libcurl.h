/*
 * libcurl - loaded when it is first needed
 *
 * libcurl needs some thirty libraries, which take 3 to 4 ms to load: longer
 * than all other work of a command that needs no network.  logpush always needs
 * libcurl and is linked with it; then it is loaded already.
 */
#ifndef NET_LIBCURL_H
#define NET_LIBCURL_H

#include <stdbool.h>

#include <curl/curl.h>

#define LIBCURL_CALLS(X) \
	X(easy_cleanup) X(easy_getinfo) X(easy_init) X(easy_perform) \
	X(easy_recv) X(easy_reset) X(easy_send) X(easy_setopt) \
	X(easy_strerror) X(free) X(getdate) X(global_init) \
	X(multi_add_handle) X(multi_cleanup) X(multi_fdset) \
	X(multi_info_read) X(multi_init) X(multi_perform) X(multi_poll) \
	X(multi_remove_handle) X(slist_append) X(slist_free_all) X(url) \
	X(url_cleanup) X(url_get) X(url_set)

/* After libcurl_load, curl.easy_init() is curl_easy_init(), and so on. */
struct libcurl {
#define X(call) __typeof__(&curl_##call) call;
	LIBCURL_CALLS(X)
#undef X
};
extern struct libcurl curl;

/*
 * Load libcurl; threads may call this.  Returns false with errno ELIBACC, and a
 * message, when there is no libcurl.
 */
bool libcurl_load(void);

/*
 * Have c connect to nothing but what address_is_allowed says.  The guard lasts
 * as long as c; refused is set when a connection is not made for that reason.
 */
struct libcurl_guard {
	const char *allow;	/* or NULL */
	bool refused;
};
void libcurl_guard(CURL *c, struct libcurl_guard *guard);

/*
 * Set the files of the certificates to trust (NULL: that of SSL_CERT_FILE, or
 * the system's), of our own certificate and of its key (NULL: none).
 */
void libcurl_set_certificates(CURL *c, const char *cacert, const char *cert,
    const char *key);

#endif
