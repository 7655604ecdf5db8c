#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

/* The folder name[0..len) in dir, made if need be; dir is closed. */
static int
step(int dir, const char *name, size_t len)
{
	char part[NAME_MAX + 1];
	int fd = -1, saved;

	if (len > NAME_MAX) {
		errno = ENAMETOOLONG;
	} else {
		memcpy(part, name, len);
		part[len] = '\0';
		if (mkdirat(dir, part, 0777) == 0 ? fsync(dir) == 0 ||
		    errno == EINVAL : errno == EEXIST)
			fd = openat(dir, part,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	saved = errno;
	close(dir);
	errno = saved;
	return fd;
}

static bool
is_dots(const char *p, size_t len)
{
	return len > 0 && len <= 2 && strncmp(p, "..", len) == 0;
}

int
open_beneath(int dir, const char *path, const char **base)
{
	size_t len;
	int fd;

	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (; fd >= 0; path += len) {
		while (*path == '/')
			path++;
		len = strcspn(path, "/");
		if (is_dots(path, len) && len == 1)
			continue;
		if (len == 0 || is_dots(path, len)) {
			close(fd);
			errno = EINVAL;
			return -1;
		}
		if (path[len] == '\0') {
			*base = path;
			return fd;
		}
		fd = step(fd, path, len);
	}
	return -1;
}
