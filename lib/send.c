#include "send.h"

#include <stdlib.h>
#include <strings.h>

#include "headers.h"
#include "status.h"

int
send_place(const struct send *s, struct parcel *p, struct buf *out)
{
	struct place_fields f = s->common;
	int status;

	if (place_uses(s->place.p, "sha256") && p->sha256[0] == '\0' &&
	    (status = parcel_digest(p, HASH_SHA256)) != STATUS_OK)
		return status;
	f.path = p->path;
	f.mtime = p->st.st_mtim.tv_sec;
	f.sha256 = p->sha256;
	if (place_expand(out, s->place.p, &f, s->escape) < 0 ||
	    buf_str(out) == NULL)
		return parcel_fail_errno(p, STATUS_TROUBLE, s->url);
	return STATUS_OK;
}

int
send_content_type(const struct send *s, const struct parcel *p,
    struct buf *headers)
{
	static const struct { const char *suffix, *type; } types[] = {
		{ ".gz", "application/gzip" }, { ".zst", "application/zstd" },
		{ ".xz", "application/x-xz" }, { ".bz2", "application/x-bzip2" },
		{ ".lz4", "application/x-lz4" }, { ".zip", "application/zip" },
		{ ".tar", "application/x-tar" }, { ".json", "application/json" },
		{ ".ndjson", "application/x-ndjson" }, { ".csv", "text/csv" },
	};
	const char *type = "text/plain", *given;
	size_t len = strlen(p->path), n;

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		n = strlen(types[i].suffix);
		if (len <= n ||
		    strcasecmp(p->path + len - n, types[i].suffix) != 0)
			continue;
		type = types[i].type;
		if (i == 0 && s->gzip_encoding) {
			type = "text/plain";
			if (headers_add(headers, "Content-Encoding",
			    "gzip") < 0)
				return -1;
		}
	}
	given = s->content_type;
	if (given == NULL && headers_get(&s->headers, "Content-Type").p != NULL)
		return 0;
	return headers_add(headers, "Content-Type", "%s",
	    given != NULL ? given : type);
}

void
send_free(struct send *s)
{
	free(s->url);
	free(s->origin);
	buf_free(&s->place);
	if (s->headers.p != NULL)
		explicit_bzero(s->headers.p, s->headers.cap);
	buf_free(&s->headers);
	http_pool_free(s->pool);
	s3_free(s->s3);
}
