#include "stream/spool_folder.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "file/path.h"

enum { REMOVE_TRIES = 100 };

struct stored { /* the contents of SPOOL_POSITION, little-endian */
	uint64_t number, planned, segment, at;
	uint32_t crc, zero;
	uint64_t dropped, damaged;	/* older files end before them */
	uint32_t all_crc, all_zero;	/* of all but crc */
};

/*
 * Make the folder if it is not there, and have its name on disk, whoever made
 * it.  When it was there, the folder above it need not be readable for us.
 */
static int
make_folder(const char *path)
{
	bool made = mkdir(path, 0700) == 0;

	if (!made && errno != EEXIST)
		return -1;
	return path_sync_parent(path) < 0 && (made || errno != EACCES) ? -1 : 0;
}

int
spool_folder_open(const char *path, bool make)
{
	if (make && make_folder(path) < 0)
		return -1;
	return path_folder(path);
}

/* Unlink what is in the folder, and in its folders so far down. */
static void
empty(int dir, int depth)
{
	DIR *d = path_list(dir);
	const struct dirent *e;
	int below;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    unlinkat(dir, e->d_name, 0) == 0 || depth == 0)
			continue;
		below = openat(dir, e->d_name, O_RDONLY | O_DIRECTORY |
		    O_CLOEXEC | O_NOFOLLOW);
		if (below < 0)
			continue;
		empty(below, depth - 1);
		close(below);
		unlinkat(dir, e->d_name, AT_REMOVEDIR);
	}
	closedir(d);
}

int
spool_folder_remove(const char *path)
{
	int dir = spool_folder_open(path, false), tries = REMOVE_TRIES, r;

	if (dir < 0)
		return -1;
	do	/* who has it open may still write a report */
		empty(dir, 1);
	while ((r = rmdir(path)) < 0 && errno == ENOTEMPTY && --tries > 0);
	close(dir);
	return r;
}

int
spool_folder_file(int dir, const char *name)
{
	return openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0600);
}

int
spool_folder_lock(int fd, int cmd, short type)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET };
	int r;

	while ((r = fcntl(fd, cmd, &l)) < 0 && errno == EINTR)
		;
	if (r < 0 && (errno == EACCES || errno == EAGAIN))
		errno = EWOULDBLOCK;
	return r < 0 ? -1 : l.l_type != F_UNLCK;
}

/* Returns that of what older files have, and sets that of all. */
static uint32_t
checksum(const struct stored *s, uint32_t *all)
{
	uint32_t crc = libdeflate_crc32(0, s, offsetof(struct stored, crc));

	/* With crc itself in front of them, all would not depend on the first. */
	*all = htole32(libdeflate_crc32(crc, &s->dropped,
	    offsetof(struct stored, all_crc) - offsetof(struct stored,
	    dropped)));
	return htole32(crc);
}

bool
spool_position_get(int fd, struct spool_position *p)
{
	struct stored s = { 0 };
	uint32_t all;

	*p = (struct spool_position){ 0 };
	if (pread(fd, &s, sizeof s, 0) < (ssize_t)offsetof(struct stored,
	    dropped) || s.crc != checksum(&s, &all))
		return false;
	p->number = le64toh(s.number);
	p->planned = le64toh(s.planned);
	p->segment = le64toh(s.segment);
	p->at = le64toh(s.at);
	if (s.all_crc == all) {
		p->dropped = le64toh(s.dropped);
		p->damaged = le64toh(s.damaged);
	}
	return true;
}

int
spool_position_set(int fd, const struct spool_position *p)
{
	struct stored s = {
		.number = htole64(p->number), .planned = htole64(p->planned),
		.segment = htole64(p->segment), .at = htole64(p->at),
		.dropped = htole64(p->dropped),
		.damaged = htole64(p->damaged),
	};
	ssize_t n;

	s.crc = checksum(&s, &s.all_crc);
	if ((n = pwrite(fd, &s, sizeof s, 0)) >= 0 && n < (ssize_t)sizeof s)
		errno = ENOSPC;
	return n == sizeof s ? 0 : -1;
}

uint64_t
spool_dropped_get(int dir)
{
	int fd = openat(dir, SPOOL_DROPPED, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint64_t number = 0;

	if (fd < 0)
		return 0;
	if (pread(fd, &number, sizeof number, 0) != sizeof number)
		number = 0;
	close(fd);
	return le64toh(number);
}

int
spool_dropped_set(int dir, uint64_t number)
{
	int fd = spool_folder_file(dir, SPOOL_DROPPED);
	uint64_t stored = htole64(number);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = pwrite(fd, &stored, sizeof stored, 0);
	close(fd);
	return n == sizeof stored ? 0 : -1;
}
