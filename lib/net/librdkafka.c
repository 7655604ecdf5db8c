#include "net/librdkafka.h"

#include <errno.h>
#include <pthread.h>

#include "base/library.h"

LIBRARY_NOTE(note, "[{\"soname\":[\"librdkafka.so.1\"],\"feature\":\"kafka\","
    "\"description\":\"Kafka\",\"priority\":\"suggested\"}]");

struct librdkafka rdk;
static bool loaded;

static void
load(void)
{
	static const struct library_call calls[] = {
#define X(type, call, arguments) { "rd_kafka_" #call, &rdk.call },
		LIBRDKAFKA_CALLS(X)
#undef X
		{ NULL, NULL }
	};

	loaded = library_load("librdkafka.so.1", calls);
}

bool
librdkafka_load(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
	if (!loaded)
		errno = ELIBACC;
	return loaded;
}
