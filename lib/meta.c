#include "meta.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/types.h>
#include <sys/xattr.h>

enum { LIST_MAX = 64 * 1024, VALUE_MAX = 64 * 1024 };	/* xattr(7) */

static void
copy_attributes(int from, int to)
{
	char *list = malloc(LIST_MAX), *value = malloc(VALUE_MAX);
	ssize_t n = -1, len;

	if (list != NULL && value != NULL)
		n = flistxattr(from, list, LIST_MAX);
	for (char *name = list; name < list + n; name += strlen(name) + 1)
		if ((len = fgetxattr(from, name, value, VALUE_MAX)) >= 0)
			(void)!fsetxattr(to, name, value, (size_t)len, 0);
	free(value);
	free(list);
}

int
meta_copy(int from, const struct stat *st, int to)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	mode_t mode = st->st_mode & 07777;

	if (fchown(to, (uid_t)-1, st->st_gid) < 0)
		mode &= ~(mode_t)(S_ISUID | S_ISGID | S_IRWXG);
	if (fchown(to, st->st_uid, (gid_t)-1) < 0)
		mode &= ~(mode_t)(S_ISUID | S_ISGID);
	if (fchmod(to, mode) < 0)
		return -1;
	copy_attributes(from, to);
	return futimens(to, times);
}
