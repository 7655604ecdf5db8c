#include "libcurl.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

struct libcurl curl;
static bool loaded;

static void
load(void)
{
	void *lib = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);

	if (lib == NULL)
		return;
	loaded = true;
#define X(call) \
	curl.call = (__typeof__(curl.call))dlsym(lib, "curl_" #call); \
	loaded = loaded && curl.call != NULL;
	LIBCURL_CALLS(X)
#undef X
	if (loaded && curl.global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		loaded = false;
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
