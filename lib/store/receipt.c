#include "store/receipt.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "record/json.h"
#include "store/append_log.h"

const char *const receipt_begin[] = { "{\"file\":", "{\"url\":", NULL };

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
	bool lossy = false;
	int n;

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
	if (r->ids.len > 0) {
		buf_adds(&b, ",\"ids\":");
		buf_addspan(&b, r->ids);
	}
	buf_adds(&b, "}\n");
	n = b.failed || append_log_add(fd, buf_span(&b)) < 0 ? -1 :
	    append_log_sync(fd);
	buf_free(&b);
	return n;
}
