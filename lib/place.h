/*
 * place - where a file goes: a URL whose {fields} the file fills in
 *
 * {name} the file's last part, {path} its path without leading slashes, {host}
 * gethostname's, {instance} the machine's id, {mtime} seconds since 1970,
 * {sha256} of its contents, {date:FORMAT} its mtime in UTC for strftime(3),
 * {dcopylogs} the path with the instance's id behind its last ".log".
 */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>
#include <time.h>

#include "buf.h"

struct place_fields {
	const char *path, *host, *instance, *sha256;
	time_t mtime;
};

/* NULL when every field is known, else the reason why not. */
const char *place_check(const char *template);
bool place_uses(const char *template, const char *field);
/* Is it another place for another file of this machine? */
bool place_varies(const char *template);

/*
 * Add template with its fields filled in to out; escape: values are
 * percent-encoded, slashes are not.  0, or -1 with errno: EINVAL for a date
 * that strftime cannot print.
 */
int place_expand(struct buf *out, const char *template,
    const struct place_fields *f, bool escape);

/*
 * The name to try when name is taken for the n-th time: ".n" at its end, or
 * before its ".gz".  n 0 is name itself.  For free(), or NULL.
 */
char *place_suffix(const char *name, unsigned n);

/* Add s with what RFC 3986 does not call unreserved, nor '/', as %XX. */
int place_escape(struct buf *out, struct span s);
/* As place_escape, and slashes too: a value in a query. */
int place_escape_query(struct buf *out, struct span s);

#endif
