/*
 * libcurl - loaded when it is first needed
 *
 * It brings some thirty libraries along, and they take 3 to 4 ms to load: more
 * than all else that happens before a help text is printed or a file copied.
 */
#ifndef LIBCURL_H
#define LIBCURL_H

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

/* False with errno ELIBACC when it is not there.  Safe in several threads. */
bool libcurl_load(void);

#endif
