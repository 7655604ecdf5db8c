/*
 * name_template - a URL or a name whose {fields} a file fills in
 *
 * {name} is the last part of the file's path, {path} the path without leading
 * slashes, {host} the name by gethostname(2), {instance} the machine's id,
 * {mtime} seconds since 1970, {sha256} the digest of the contents,
 * {date:FORMAT} the mtime in UTC by strftime(3), {dcopylogs} the path with the
 * instance's id after its last ".log".
 */
#ifndef FILE_NAME_TEMPLATE_H
#define FILE_NAME_TEMPLATE_H

#include <stdbool.h>
#include <time.h>

#include "base/buf.h"

struct place_fields {
	const char *path, *host, *instance, *sha256;
	time_t mtime;
};

/* Returns NULL when every field is known, else the reason why not. */
const char *name_template_check(const char *template);
bool name_template_uses(const char *template, const char *field);
/* Whether the result is different for different files of this machine. */
bool name_template_varies(const char *template);

/*
 * Add template with its fields filled in to out.  With escape, values are
 * percent-encoded, but not their slashes.  Returns 0, or -1 with errno: EINVAL
 * for a date that strftime(3) cannot print.
 */
int name_template_expand(struct buf *out, const char *template,
    const struct place_fields *f, bool escape);

/*
 * Returns the name to try when name is taken for the n-th time: with "_01" at
 * its end, or before its ".gz", so that names sort in this order.  For n 0 it
 * is name itself.  The result is for free(), or NULL.
 */
char *name_template_suffix(const char *name, unsigned n);

/*
 * Add s, with bytes other than '/' that RFC 3986 does not call unreserved as
 * %XX.
 */
int name_template_escape(struct buf *out, struct span s);
/* As name_template_escape, but escapes slashes, too: for a value in a query. */
int name_template_escape_query(struct buf *out, struct span s);

#endif
