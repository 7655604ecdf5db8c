#include "receipt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
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

static bool
is_receipt_for(struct span line, const char *name, const char *size,
    const char *sha256)
{
	struct json_value v;
	struct buf file = { 0 };
	const char *path, *slash;
	bool same = false;

	if (!json_get(line, "sha256", &v) || !json_is(&v, sha256) ||
	    !json_get(line, "size", &v) || !span_is(v.text, size) ||
	    !json_get(line, "file", &v) || v.type != JSON_STRING)
		return false;
	json_decode(&file, &v);
	if ((path = buf_str(&file)) != NULL && strlen(path) == file.len) {
		slash = strrchr(path, '/');
		same = strcmp(slash != NULL ? slash + 1 : path, name) == 0;
	}
	buf_free(&file);
	return same;
}

int
receipt_find(FILE *f, const char *name, uint64_t size, const char *sha256)
{
	char *line = NULL, text[24];
	size_t cap = 0;
	ssize_t n;
	int r = 0;

	snprintf(text, sizeof text, "%llu", (unsigned long long)size);
	rewind(f);
	while (r == 0 && (n = getline(&line, &cap, f)) > 0)
		r = is_receipt_for(span_of(line, (size_t)n), name, text, sha256);
	if (ferror(f))
		r = -1;
	free(line);
	return r;
}
