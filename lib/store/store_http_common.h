/*
 * store_http_common - one file's way into a store that speaks HTTP, whatever its kind
 */
#ifndef STORE_STORE_HTTP_COMMON_H
#define STORE_STORE_HTTP_COMMON_H

#include "net/retry.h"
#include "store/store.h"

struct store_call;

/*
 * The object that has the name.  With FAILED, the status given back is the
 * upload's.
 */
enum found {
	FOUND_NONE, FOUND_EQUAL, FOUND_OTHER, FOUND_UNKNOWN, FOUND_FAILED,
};

struct store_call_kind {
	int which; /* the digests that the upload needs, HASH_ flags */
	off_t digest_max;	/* a larger file is digested by look and put */
	unsigned suffixes;	/* how many names are tried */
	enum found (*look)(struct store_call *t, int *status);
	/*
	 * Sends the upload.  STATUS_OK means that it is stored, which is
	 * proven.  STATUS_NO with *taken means that the name is taken; without,
	 * that it was sent, and a look has to decide.
	 */
	int (*put)(struct store_call *t, bool if_absent, bool *taken);
};

struct store_call {
	const struct store_call_kind *kind;
	struct store *s;
	struct upload *p;
	struct http *h;
	struct retry retry;
	struct span name;	/* the name in the store: a key, or a URL */
	bool made_folders;	/* those that it lacks were asked for */
	char *own; /* a name that we have stored wrong bytes under */
	/*
	 * The store said that it has the whole upload, which is good enough
	 * when it does not let us look.
	 */
	bool accepted;
};

/*
 * Look whether the file is there, send it if not, try other names when this one
 * is taken, and send it once more when it changed meanwhile.  Returns a
 * STATUS_.
 */
int store_call_make(
    struct store *s, struct upload *p, const struct store_call_kind *kind);

#endif
