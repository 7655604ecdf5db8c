#include "send.h"

#include "status.h"

int
send_place(const struct send *s, struct parcel *p, bool escape,
    struct buf *out)
{
	struct place_fields f = s->common;
	int status;

	if (place_uses(s->place.p, "sha256") && p->sha256[0] == '\0' &&
	    (status = parcel_digest(p, HASH_SHA256)) != STATUS_OK)
		return status;
	f.path = p->path;
	f.mtime = p->st.st_mtim.tv_sec;
	f.sha256 = p->sha256;
	if (place_expand(out, s->place.p, &f, escape) < 0 ||
	    buf_str(out) == NULL)
		return parcel_fail_errno(p, STATUS_TROUBLE, s->url);
	return STATUS_OK;
}
