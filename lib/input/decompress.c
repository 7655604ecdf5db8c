#include "input/decompress.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <archive.h>
#include <archive_entry.h>

#include "base/library.h"

LIBRARY_NOTE(note, "[{\"soname\":[\"libarchive.so.13\"],\"feature\":\"unpack\","
    "\"description\":\"zstd, xz, bzip2 and lz4 input\","
    "\"priority\":\"recommended\"}]");

enum { CHUNK = 64 * 1024 };

/*
 * libarchive is loaded only when there is something to unpack: with libxml2 and
 * ICU, which it needs, it took 2 ms to load, and every command reads its input
 * here.  la.read_new() is archive_read_new(), and so on.
 */
#define CALLS(X) \
	X(error_string) X(read_data) X(read_free) X(read_new) \
	X(read_next_header) X(read_open) X(read_support_filter_bzip2) \
	X(read_support_filter_lz4) X(read_support_filter_xz) \
	X(read_support_filter_zstd) X(read_support_format_empty) \
	X(read_support_format_raw) X(set_error)

static struct {
#define X(call) __typeof__(&archive_##call) call;
	CALLS(X)
#undef X
} la;
static bool loaded;

static void
load(void)
{
	static const struct library_call calls[] = {
#define X(call) { "archive_" #call, &la.call },
		CALLS(X)
#undef X
		{ NULL, NULL }
	};

	loaded = library_load("libarchive.so.13", calls);
}

struct decompress {
	unpack_source *source;
	void *from;
	struct archive *a;
	bool open;
	int source_error; /* the errno of source: libarchive may change it */
	char error[256];
	unsigned char in[CHUNK];
};

static la_ssize_t
pull(struct archive *a, void *arg, const void **p)
{
	struct decompress *u = arg;
	ssize_t n;

	if ((n = u->source(u->from, u->in, sizeof u->in)) < 0) {
		u->source_error = errno;
		la.set_error(a, errno, "%s", strerror(errno));
	}
	*p = u->in;
	return n;
}

struct decompress *
decompress_new(unpack_source *source, void *from)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct decompress *u;

	pthread_once(&once, load);
	if (!loaded) {
		errno = ELIBACC;
		return NULL;
	}
	if ((u = calloc(1, sizeof *u)) == NULL)
		return NULL;
	u->source = source;
	u->from = from;
	if ((u->a = la.read_new()) == NULL) {
		free(u);
		errno = ENOMEM;
		return NULL;
	}
	la.read_support_filter_zstd(u->a);
	la.read_support_filter_xz(u->a);
	la.read_support_filter_bzip2(u->a);
	la.read_support_filter_lz4(u->a);
	la.read_support_format_raw(u->a);
	la.read_support_format_empty(u->a);
	return u;
}

static ssize_t
fail(struct decompress *u)
{
	const char *why = u->source_error != 0 ? strerror(u->source_error) :
	    la.error_string(u->a);

	strncpy(u->error, why != NULL ? why : "bad compressed data",
	    sizeof u->error - 1);
	return -1;
}

ssize_t
decompress_read(struct decompress *u, void *p, size_t n)
{
	struct archive_entry *entry;
	la_ssize_t got;
	int r;

	if (!u->open) {
		if (la.read_open(u->a, u, NULL, pull, NULL) != ARCHIVE_OK)
			return fail(u);
		r = la.read_next_header(u->a, &entry);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return fail(u);
		u->open = true;
	}
	got = la.read_data(u->a, p, n);
	return got < 0 ? fail(u) : got;
}

const char *
decompress_error(const struct decompress *u)
{
	return u->error;
}

void
decompress_free(struct decompress *u)
{
	if (u == NULL)
		return;
	la.read_free(u->a);
	free(u);
}
