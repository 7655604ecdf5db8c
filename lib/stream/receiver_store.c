/*
 * s3:// and file:// from a stream: each batch is an object, or a file in a
 * folder, packed
 */
#include "stream/receiver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>

#include "base/status.h"
#include "base/write_all.h"
#include "file/upload.h"
#include "pack/gzip_writer.h"
#include "record/timestamp.h"
#include "store/store.h"
#include "stream/json_document.h"

enum { GZIP_LEVEL = 6, ATTEMPT_MS = 10 * 1000 };

struct store_stream {
	struct receiver s;
	struct store *store;
	int (*put)(struct store *s, struct upload *p);
	struct buf lines;
	char name[64];		/* the value of {name} in the URL */
};

static int
sink(void *arg, const void *p, size_t n)
{
	return write_all(*(int *)arg, p, n);
}

static int
again(void *arg, const void *p, size_t n)
{
	return pwrite(*(int *)arg, p, n, 0) == (ssize_t)n ? 0 : -1;
}

/* Write the lines to fd, packed and with an index.  Returns 0, or -1. */
static int
write_packed(const struct store_stream *d, int fd, int64_t near)
{
	struct pack p = { .level = GZIP_LEVEL, .threads = 1, .indexed = true,
	    .sink = sink, .again = again, .arg = &fd, .size = d->lines.len,
	    .near = near };
	int r = -1;

	if (pack_begin(&p) == 0 &&
	    pack_add(&p, d->lines.p, d->lines.len) == 0)
		r = pack_end(&p);
	pack_free(&p);
	return r;
}

/*
 * Set the batch's name: the time when its first line was read, which never goes
 * back, and that line's number.  A spool keeps both, so a batch that is sent
 * again has the same name.
 */
static int
set_name(struct store_stream *d, const struct item *first)
{
	time_t sec = (time_t)(first->time_ms / 1000);
	char when[32];
	struct tm tm;

	if (gmtime_r(&sec, &tm) == NULL)
		return -1;
	strftime(when, sizeof when, "%Y%m%dT%H%M%S", &tm);
	snprintf(d->name, sizeof d->name, "%s.%03dZ-%012llu.log.gz", when,
	    (int)(first->time_ms % 1000), (unsigned long long)first->number);
	return 0;
}

/*
 * Returns the batch as a file in memory, whose mtime is the time of its first
 * record.
 */
static int
make_file(struct store_stream *d, const struct item *first)
{
	struct timestamp t = { .sec = first->time_ms / 1000 };
	struct timespec times[2];
	int fd;

	if (set_name(d, first) < 0 ||
	    (fd = memfd_create(d->name, MFD_CLOEXEC)) < 0)
		return -1;
	json_document_time(first->line, &t);
	times[0] = times[1] = (struct timespec){ .tv_sec = (time_t)t.sec };
	if (write_packed(d, fd, t.sec) == 0 && futimens(fd, times) == 0)
		return fd;
	close(fd);
	return -1;
}

static enum attempt
deliver(struct store_stream *d, int fd)
{
	struct upload p;
	int status;

	status = upload_take(&p, fd, d->name);
	p.is_batch = true;
	if (status == STATUS_OK)
		status = d->put(d->store, &p);
	buf_clear(&d->s.etag);
	buf_clear(&d->s.url);
	buf_addspan(&d->s.etag, buf_span(&p.etag));
	buf_addspan(&d->s.url, buf_span(&p.url));
	if (status != STATUS_OK)
		receiver_fail(&d->s, ATTEMPT_LATER, "%s", p.error);
	upload_close(&p);
	/*
	 * A store's errors pass with time, or somebody repairs their cause, and
	 * what it says about a name is no fault of the records.
	 */
	return status == STATUS_OK ? ATTEMPT_DONE : ATTEMPT_LATER;
}

static enum attempt
attempt(struct receiver *s, struct item **items, size_t n)
{
	struct store_stream *d = (struct store_stream *)s;
	enum attempt result;
	int fd;

	buf_clear(&d->lines);
	for (size_t i = 0; i < n; i++) {
		buf_addspan(&d->lines, items[i]->line);
		buf_addc(&d->lines, '\n');
	}
	if (d->lines.failed || (fd = make_file(d, items[0])) < 0)
		return receiver_fail(s, ATTEMPT_LATER, "%s", strerror(errno));
	result = deliver(d, fd);
	if (result == ATTEMPT_DONE)
		receiver_done(items, n);
	return result;
}

static void
free_stream(struct receiver *s)
{
	struct store_stream *d = (struct store_stream *)s;

	buf_free(&d->lines);
	free(d);
}

static struct receiver *
open_store(const struct receiver_options *o, const char **why)
{
	struct store *store = o->store;
	struct store_stream *d;

	/* Other names come again, and equal batches would be taken for one. */
	if (!name_template_uses(store->place.p, "name")) {
		*why = "each batch needs a name of its own: end the URL in a "
		    "slash, or use {name}";
		return NULL;
	}
	*why = "out of memory";
	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	d->s.attempt = attempt;
	d->s.free = free_stream;
	d->s.whole = true;
	d->store = store;
	d->put = strncmp(o->url, "s3:", 3) == 0 ? store_s3 : store_file;
	/* The caller tries again after that time. */
	store->deadline_ms = o->total_ms > 0 && o->total_ms < ATTEMPT_MS ?
	    o->total_ms : ATTEMPT_MS;
	return &d->s;
}

const struct receiver_kind receiver_store = {
	.schemes = { "s3://", "file://" },
	.files = true,
	.stores = true,
	.open = open_store,
};
