#include "archive.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <archive.h>
#include <archive_entry.h>

enum { CHUNK = 64 * 1024 };

struct unpack {
	unpack_source *source;
	void *from;
	struct archive *a;
	bool open;
	char error[256];
	unsigned char in[CHUNK];
};

static la_ssize_t
pull(struct archive *a, void *arg, const void **p)
{
	struct unpack *u = arg;
	ssize_t n;

	if ((n = u->source(u->from, u->in, sizeof u->in)) < 0)
		archive_set_error(a, errno, "%s", strerror(errno));
	*p = u->in;
	return n;
}

struct unpack *
unpack_new(unpack_source *source, void *from)
{
	struct unpack *u;

	if ((u = calloc(1, sizeof *u)) == NULL)
		return NULL;
	u->source = source;
	u->from = from;
	if ((u->a = archive_read_new()) == NULL) {
		free(u);
		errno = ENOMEM;
		return NULL;
	}
	archive_read_support_filter_zstd(u->a);
	archive_read_support_filter_xz(u->a);
	archive_read_support_filter_bzip2(u->a);
	archive_read_support_filter_lz4(u->a);
	archive_read_support_format_raw(u->a);
	archive_read_support_format_empty(u->a);
	return u;
}

static ssize_t
fail(struct unpack *u)
{
	const char *why = archive_error_string(u->a);

	strncpy(u->error, why != NULL ? why : "bad compressed data",
	    sizeof u->error - 1);
	return -1;
}

ssize_t
unpack_read(struct unpack *u, void *p, size_t n)
{
	struct archive_entry *entry;
	la_ssize_t got;
	int r;

	if (!u->open) {
		if (archive_read_open(u->a, u, NULL, pull, NULL) != ARCHIVE_OK)
			return fail(u);
		r = archive_read_next_header(u->a, &entry);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return fail(u);
		u->open = true;
	}
	got = archive_read_data(u->a, p, n);
	return got < 0 ? fail(u) : got;
}

const char *
unpack_error(const struct unpack *u)
{
	return u->error;
}

void
unpack_free(struct unpack *u)
{
	if (u == NULL)
		return;
	archive_read_free(u->a);
	free(u);
}
