#include "store/store_http_common.h"

#include <stdlib.h>

#include "base/status.h"

static bool
is_own(const struct store_call *t)
{
	return t->own != NULL && span_is(t->name, t->own);
}

/*
 * Check that the bytes sent are in the store.  Returns STATUS_NO when it has
 * other bytes that we sent ourselves.
 */
static int
confirm(struct store_call *t)
{
	int status = STATUS_RETRY;

	switch (t->kind->look(t, &status)) {
	case FOUND_EQUAL:
		return STATUS_OK;
	case FOUND_FAILED:
		return status;
	case FOUND_UNKNOWN:
		if (t->accepted)
			return STATUS_OK;
		return upload_fail(t->p, STATUS_TROUBLE, "sent, but the store "
		    "does not let us confirm it");
	case FOUND_NONE:
		return upload_fail(t->p, STATUS_RETRY, "sent, but the store "
		    "does not have it");
	case FOUND_OTHER:
		break;
	}
	free(t->own);
	t->own = strndup(t->name.p, t->name.len);
	return upload_fail(t->p, STATUS_NO, "the store holds other bytes than "
	    "were sent");
}

/*
 * Deliver under this very name; *taken becomes true when other contents have
 * it.
 */
static int
deliver_to(struct store_call *t, bool *taken)
{
	int status = STATUS_OK;

	for (int tries = 0; tries < 3; tries++) {
		bool over = t->s->if_exists == IF_EXISTS_OVERWRITE || is_own(t);
		enum found found = t->kind->look(t, &status);

		*taken = false;
		if (found == FOUND_FAILED)
			return status;
		if (found == FOUND_EQUAL) {
			t->p->was_there = tries == 0;
			return STATUS_OK;
		}
		if (!over && (found == FOUND_OTHER ||
		    (found == FOUND_UNKNOWN && tries > 0)))
			break;
		status = t->kind->put(t, !over, taken);
		if (status == STATUS_NO && !*taken)
			status = confirm(t);
		if (status != STATUS_NO)
			return status;
		/*
		 * Somebody was faster, or the answer to our own request was
		 * lost: look.
		 */
	}
	if (is_own(t))
		return STATUS_RETRY;
	*taken = true;
	return upload_fail(t->p, STATUS_NO, "%.*s: is there with other "
	    "contents", (int)t->name.len, t->name.p);
}

/*
 * Find a name for the upload, with a suffix if others are taken, and store it.
 */
static int
deliver(struct store_call *t, const char *place)
{
	int status = STATUS_NO;
	bool taken = true;
	char *name;

	for (unsigned n = 0; taken && n < t->kind->suffixes; n++) {
		if ((name = name_template_suffix(place, n)) == NULL)
			return upload_fail_errno(t->p, STATUS_TROUBLE, NULL);
		t->name = span_str(name);
		status = deliver_to(t, &taken);
		if (status == STATUS_OK) {
			buf_clear(&t->p->url);
			buf_printf(&t->p->url, "%s%s", t->s->url_prefix, name);
		}
		if (status == STATUS_OK && !t->p->was_there) {
			/* If the file changed, this is for its next try. */
			free(t->own);
			t->own = name;
			break;
		}
		free(name);
		if (t->s->if_exists != IF_EXISTS_SUFFIX)
			break;
	}
	return status;
}

/* Take the upload as it is now, and deliver it. */
static int
take(struct store_call *t)
{
	struct upload *p = t->p;
	struct buf place = { 0 };
	int status;

	if ((status = upload_begin(p)) != STATUS_OK)
		return status;
	if (p->st.st_size <= t->kind->digest_max &&
	    (status = upload_digest(p, t->kind->which)) != STATUS_OK)
		return status;
	if (t->h == NULL && (t->h = http_pool_take(t->s->pool)) == NULL)
		return upload_fail_errno(p, STATUS_TROUBLE, NULL);
	status = store_place(t->s, p, &place);
	if (status == STATUS_OK)
		status = deliver(t, place.p);
	buf_free(&place);
	return status;
}

int
store_call_make(struct store *s, struct upload *p, const struct store_call_kind *kind)
{
	struct store_call t = { .kind = kind, .s = s, .p = p };
	int status;

	retry_begin(&t.retry, s->deadline_ms);
	for (int tries = 0; tries < 2; tries++) {
		status = take(&t);
		if (!upload_changed(p))
			break;
		status = upload_fail(p, STATUS_NO, "changed while it was sent");
	}
	free(t.own);
	http_pool_give(s->pool, t.h);
	return status;
}
