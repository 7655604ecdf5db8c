#include "file/source.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "file/newfile.h"
#include "file/path.h"

int
source_open(struct source *s, const char *path)
{
	int saved;

	*s = (struct source){ .fd = -1 };
	if ((s->dir = path_parent(path, &s->base)) < 0)
		return -1;
	s->fd = openat(s->dir, s->base,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (s->fd < 0 || source_mark(s) < 0)
		goto fail;
	if (S_ISREG(s->st.st_mode))
		return 0;
	errno = S_ISDIR(s->st.st_mode) ? EISDIR : ENOTSUP;
fail:
	saved = errno;
	source_close(s);
	errno = saved;
	return -1;
}

int
source_mark(struct source *s)
{
	return fstat(s->fd, &s->st);
}

bool
source_is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool
source_is_named(int dir, const char *base, const struct stat *st)
{
	struct stat now;

	if (fstatat(dir, base, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	errno = ESTALE;
	return source_is_same(&now, st);
}

bool
source_unchanged(const struct source *s)
{
	return source_is_named(s->dir, s->base, &s->st);
}

int
source_remove_at(int dir, const char *base, const struct stat *st)
{
	if (!source_is_named(dir, base, st) || unlinkat(dir, base, 0) < 0)
		return -1;
	return path_sync_folder(dir);
}

int
source_remove(const struct source *s)
{
	return source_remove_at(s->dir, s->base, &s->st);
}

void
source_close(struct source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	if (s->dir >= 0)
		close(s->dir);
	s->fd = s->dir = -1;
}
