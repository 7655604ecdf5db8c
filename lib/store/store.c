#include "store/store.h"

#include <stdlib.h>
#include <strings.h>

#include "base/status.h"
#include "net/http_headers.h"

int
store_place(const struct store *s, struct upload *p, struct buf *out)
{
	struct place_fields f = s->common;
	int status;

	if (name_template_uses(s->place.p, "sha256") && p->sha256[0] == '\0' &&
	    (status = upload_digest(p, HASH_SHA256)) != STATUS_OK)
		return status;
	f.path = p->path;
	f.mtime = p->st.st_mtim.tv_sec;
	f.sha256 = p->sha256;
	if (name_template_expand(out, s->place.p, &f, s->escape) < 0 ||
	    buf_str(out) == NULL)
		return upload_fail_errno(p, STATUS_TROUBLE, s->url);
	return STATUS_OK;
}

int
store_content_type(const struct store *s, const struct upload *p,
    struct buf *headers)
{
	static const struct { const char *suffix, *type;
	} types[] = {
		{ ".gz", "application/gzip" },
		{ ".zst", "application/zstd" },
		{ ".xz", "application/x-xz" },
		{ ".bz2", "application/x-bzip2" },
		{ ".lz4", "application/x-lz4" },
		{ ".zip", "application/zip" },
		{ ".tar", "application/x-tar" },
		{ ".json", "application/json" },
		{ ".ndjson", "application/x-ndjson" },
		{ ".csv", "text/csv" },
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

const char *
store_open(struct store *s, const char *url, const struct store *like,
    const struct buf *headers)
{
	const char *why;

	*s = (struct store){
		.url = strdup(url), .escape = like->escape,
		.common = like->common, .if_exists = like->if_exists,
		.deadline_ms = like->deadline_ms, .jobs = 1,
		.gzip_encoding = like->gzip_encoding,
		.content_type = like->content_type, .http = like->http,
		.s3_options = like->s3_options,
	};
	buf_addspan(&s->headers, buf_span(headers));
	if (s->url == NULL || s->headers.failed)
		return "out of memory";
	if ((why = name_template_check(url)) != NULL)
		return why;
	return strncmp(url, "s3:", 3) == 0 ? store_s3_prepare(s) :
	    store_file_prepare(s);
}

void
store_free(struct store *s)
{
	free(s->url);
	free(s->url_prefix);
	free(s->ca_bundle);
	buf_free(&s->place);
	buf_wipe(&s->headers);
	http_pool_free(s->pool);
	s3_free(s->s3);
}
