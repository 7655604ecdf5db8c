/*
 * s3:// from a stream: each batch is an object, packed if its name ends in .gz
 */
#include "sender_s3.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>

#include "parcel.h"
#include "payload.h"
#include "status.h"
#include "timestamp.h"

enum { GZIP_LEVEL = 6, ATTEMPT_MS = 10 * 1000, NAME_DIGITS = 12 };

struct s3_stream {
	struct sender s;
	struct send *send;
	bool packed;
	struct buf lines, gz;
	char name[64];		/* for {name} */
};

static struct span
pack(struct s3_stream *d)
{
	struct libdeflate_compressor *z;
	size_t bound;

	if (!d->packed)
		return buf_span(&d->lines);
	if ((z = libdeflate_alloc_compressor(GZIP_LEVEL)) == NULL)
		return span_of(NULL, 0);
	buf_clear(&d->gz);
	bound = libdeflate_gzip_compress_bound(z, d->lines.len);
	if (buf_reserve(&d->gz, bound) == 0)
		d->gz.len = libdeflate_gzip_compress(z, d->lines.p,
		    d->lines.len, d->gz.p, bound);
	libdeflate_free_compressor(z);
	return buf_span(&d->gz);
}

static int
write_all(int fd, struct span s)
{
	ssize_t n;

	while (s.len > 0) {
		if ((n = write(fd, s.p, s.len)) < 0)
			return -1;
		s.p += n;
		s.len -= (size_t)n;
	}
	return 0;
}

/*
 * The batch as a file in memory, as old as its first record, named by that time
 * and by its contents: the same batch makes the same name again.
 */
static int
make_file(struct s3_stream *d, struct span first)
{
	struct timestamp t = { .sec = time(NULL) };
	unsigned char digest[SHA256_SIZE];
	char hex[SHA256_HEX], when[32];
	struct timespec times[2];
	struct tm tm;
	time_t sec;
	int fd;

	payload_time(first, &t);
	sec = (time_t)t.sec;
	sha256(d->lines.p, d->lines.len, digest);
	hash_hex(digest, sizeof digest, hex);
	if (gmtime_r(&sec, &tm) == NULL)
		return -1;
	strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &tm);
	snprintf(d->name, sizeof d->name, "%s-%.*s.log%s", when, NAME_DIGITS,
	    hex, d->packed ? ".gz" : "");
	if ((fd = memfd_create(d->name, MFD_CLOEXEC)) < 0)
		return -1;
	times[0] = times[1] = (struct timespec){ .tv_sec = sec };
	if (write_all(fd, pack(d)) == 0 && futimens(fd, times) == 0)
		return fd;
	close(fd);
	return -1;
}

static enum attempt
deliver(struct s3_stream *d, int fd)
{
	static const enum attempt meaning[] = {
		[STATUS_OK] = ATTEMPT_DONE, [STATUS_NO] = ATTEMPT_REFUSED,
		[STATUS_TROUBLE] = ATTEMPT_HOPELESS,
	};
	struct parcel p;
	int status;

	status = parcel_take(&p, fd, d->name);
	if (status == STATUS_OK)
		status = send_s3(d->send, &p);
	buf_clear(&d->s.etag);
	buf_clear(&d->s.url);
	buf_addspan(&d->s.etag, buf_span(&p.etag));
	buf_addspan(&d->s.url, buf_span(&p.url));
	if (status != STATUS_OK)
		sender_fail(&d->s, ATTEMPT_LATER, "%s", p.error);
	parcel_close(&p);
	return status == STATUS_RETRY ? ATTEMPT_LATER : meaning[status];
}

static enum attempt
attempt(struct sender *s, struct item **items, size_t n)
{
	struct s3_stream *d = (struct s3_stream *)s;
	enum attempt result;
	int fd;

	buf_clear(&d->lines);
	for (size_t i = 0; i < n; i++) {
		buf_addspan(&d->lines, items[i]->line);
		buf_addc(&d->lines, '\n');
	}
	if (d->lines.failed || (fd = make_file(d, items[0]->line)) < 0)
		return sender_fail(s, ATTEMPT_LATER, "%s", strerror(errno));
	result = deliver(d, fd);
	if (result == ATTEMPT_DONE)
		sender_done(items, n);
	return result;
}

static void
free_stream(struct sender *s)
{
	struct s3_stream *d = (struct s3_stream *)s;

	buf_free(&d->lines);
	buf_free(&d->gz);
	free(d);
}

struct sender *
sender_s3_new(struct send *send)
{
	size_t n = send->place.len;
	struct s3_stream *d;

	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	d->s.attempt = attempt;
	d->s.free = free_stream;
	d->s.whole = true;
	d->send = send;
	d->packed = place_uses(send->place.p, "name") ||
	    (n > 3 && memcmp(send->place.p + n - 3, ".gz", 3) == 0);
	send->deadline_ms = ATTEMPT_MS;		/* then whoever called tries on */
	return &d->s;
}
