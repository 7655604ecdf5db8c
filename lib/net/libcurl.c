#include "net/libcurl.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/library.h"
#include "net/address.h"

LIBRARY_NOTE(note, "[{\"soname\":[\"libcurl.so.4\"],\"feature\":\"network\","
    "\"description\":\"S3, HTTP and syslog\",\"priority\":\"recommended\"}]");

struct libcurl curl;
static bool loaded;

static void
load(void)
{
	static const struct library_call calls[] = {
#define X(call) { "curl_" #call, &curl.call },
		LIBCURL_CALLS(X)
#undef X
		{ NULL, NULL }
	};

	loaded = library_load("libcurl.so.4", calls) &&
	    curl.global_init(CURL_GLOBAL_ALL) == CURLE_OK;
}

bool
libcurl_load(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
	if (!loaded)
		errno = ELIBACC;
	return loaded;
}

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct libcurl_guard *guard = arg;

	(void)purpose;
	if (!address_is_allowed(&a->addr, guard->allow)) {
		guard->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

void
libcurl_guard(CURL *c, struct libcurl_guard *guard)
{
	curl.easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl.easy_setopt(c, CURLOPT_OPENSOCKETDATA, guard);
}

void
libcurl_set_certificates(CURL *c, const char *cacert, const char *cert,
    const char *key)
{
	if (cacert == NULL)
		cacert = getenv("SSL_CERT_FILE");
	if (cacert != NULL && *cacert != '\0')
		curl.easy_setopt(c, CURLOPT_CAINFO, cacert);
	if (cert != NULL)
		curl.easy_setopt(c, CURLOPT_SSLCERT, cert);
	if (key != NULL)
		curl.easy_setopt(c, CURLOPT_SSLKEY, key);
}
