#include "file/attributes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/types.h>
#include <sys/xattr.h>

enum { LIST_MAX = 64 * 1024, VALUE_MAX = 64 * 1024 };	/* xattr(7) */

static const char acl[] = "system.posix_acl_access";

/* Copy all extended attributes but the ACL. */
static void
copy_attributes(int from, int to)
{
	char *list = malloc(LIST_MAX), *value = malloc(VALUE_MAX);
	ssize_t n = -1, len;

	if (list != NULL && value != NULL)
		n = flistxattr(from, list, LIST_MAX);
	for (char *name = list; n > 0 && name < list + n; name += strlen(name) + 1)
		if (strcmp(name, acl) != 0 &&
		    (len = fgetxattr(from, name, value, VALUE_MAX)) >= 0)
			(void)!fsetxattr(to, name, value, (size_t)len, 0);
	free(value);
	free(list);
}

static bool
no_acl(ssize_t r)
{
	return r < 0 && (errno == ENODATA || errno == ENOTSUP);
}

/*
 * Copy the ACL. A file that has none gets none, also not the one that its
 * folder gave.  Returns 0 or -1.
 */
static int
copy_acl(int from, int to)
{
	char *value = malloc(VALUE_MAX);
	ssize_t len;
	int r = -1;

	if (value == NULL)
		return -1;
	len = fgetxattr(from, acl, value, VALUE_MAX);
	if (len >= 0)
		r = fsetxattr(to, acl, value, (size_t)len, 0);
	else if (no_acl(len))
		r = fremovexattr(to, acl) == 0 || no_acl(-1) ? 0 : -1;
	free(value);
	return r;
}

/*
 * The mode is set last: without the right to write, attributes cannot be set.
 */
int
attributes_copy(int from, const struct stat *st, int to)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	mode_t mode = st->st_mode & 07777;

	if (fchown(to, (uid_t)-1, st->st_gid) < 0)
		mode &= ~(mode_t)(S_ISUID | S_ISGID | S_IRWXG);
	if (fchown(to, st->st_uid, (gid_t)-1) < 0)
		mode &= ~(mode_t)(S_ISUID | S_ISGID);
	copy_attributes(from, to);
	if (copy_acl(from, to) < 0)
		/* The group's bits were the ACL's mask. */
		mode &= ~(mode_t)S_IRWXG;
	return fchmod(to, mode) < 0 ? -1 : futimens(to, times);
}
