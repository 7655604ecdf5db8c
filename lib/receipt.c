#include "receipt.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "json.h"

static void
add_time(struct buf *b)
{
	struct timespec now;
	struct tm tm;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	buf_printf(b, "\"%s.%03ldZ\"", text, now.tv_nsec / 1000000);
}

int
receipt_write(int fd, const struct receipt *r)
{
	struct buf b = { 0 };
	bool lossy;
	ssize_t n = -1;

	buf_addc(&b, '{');
	if (r->file != NULL) {
		buf_adds(&b, "\"file\":");
		json_add_string(&b, span_str(r->file), &lossy);
		buf_addc(&b, ',');
	}
	buf_adds(&b, "\"url\":");
	json_add_string(&b, r->url, &lossy);
	buf_adds(&b, ",\"etag\":");
	json_add_string(&b, r->etag, &lossy);
	buf_printf(&b, ",\"size\":%llu", (unsigned long long)r->size);
	if (r->sha256 != NULL)
		buf_printf(&b, ",\"sha256\":\"%s\"", r->sha256);
	buf_adds(&b, ",\"time\":");
	add_time(&b);
	buf_adds(&b, "}\n");
	if (!b.failed) {
		n = write(fd, b.p, b.len);
		if (n >= 0 && (size_t)n < b.len) {
			errno = ENOSPC;
			n = -1;
		}
	}
	if (n >= 0 && fdatasync(fd) < 0 && errno != EINVAL)
		n = -1;
	buf_free(&b);
	return n < 0 ? -1 : 0;
}
