#include "send.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "finish.h"
#include "newfile.h"
#include "progress.h"
#include "status.h"
#include "units.h"

enum { BLOCK = 128 << 10, SUFFIX_MAX = 10000, BUSY_MS = 20 };

const char *
send_file_prepare(struct send *s)
{
	const char *path = s->url + strlen("file://"), *last;

	if (strncmp(path, "localhost/", 10) == 0)
		path += 9;
	if (*path != '/')
		return "file:// takes an absolute path";
	s->origin = strdup("file://");
	buf_adds(&s->place, path);
	last = strrchr(path, '/') + 1;
	if (strchr(last, '{') == NULL)
		buf_adds(&s->place, *last == '\0' ? "{name}" : "/{name}");
	return s->origin == NULL || buf_str(&s->place) == NULL ?
	    "out of memory" : NULL;
}

/* Is one of the path's parts ".."?  Fields must not lead out of the folder. */
static bool
climbs(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")) != NULL; p++)
		if ((p == path || p[-1] == '/') &&
		    (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

/* Make the folders that path lies in; path is written to and restored. */
static int
make_folders(char *path)
{
	int r = 0;

	for (char *p = path + 1; r == 0 && (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			r = -1;
		*p = '/';
	}
	return r;
}

static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

/*
 * Copy the parcel's bytes to fd and take their digest on the way.  0; -1 with
 * errno, and *reading tells which side failed.
 */
static int
copy(struct parcel *p, int fd, bool *reading)
{
	struct hash *h = hash_new(HASH_SHA256);
	char *block = malloc(BLOCK);
	off_t at = 0;
	ssize_t got = -1;

	*reading = false;
	while (h != NULL && block != NULL) {
		*reading = true;
		got = pread(p->fd, block, BLOCK, at);
		if (got < 0 && errno == EINTR && !finish_asked())
			continue;
		if (got <= 0)
			break;
		if (finish_asked()) {
			errno = EINTR;
			got = -1;
			break;
		}
		*reading = false;
		hash_add(h, block, (size_t)got);
		if (write_all(fd, block, (size_t)got) < 0) {
			got = -1;
			break;
		}
		progress_add((uint64_t)got);
		at += got;
	}
	if (got == 0) {
		hash_end(h, &p->digests);
		hash_hex(p->digests.sha256, SHA256_SIZE, p->sha256);
	}
	free(block);
	hash_free(h);
	return got < 0 ? -1 : 0;
}

/* What a failure of the store means: the path is wrong, or try again later. */
static int
store_failed(struct parcel *p, const char *path)
{
	switch (errno) {
	case EINTR:
		return parcel_fail(p, STATUS_RETRY, "interrupted");
	case EACCES:
	case EPERM:
	case EROFS:
	case ENOTDIR:
	case EISDIR:
	case ELOOP:
	case ENAMETOOLONG:
		return parcel_fail_errno(p, STATUS_TROUBLE, path);
	default:
		return parcel_fail_errno(p, STATUS_RETRY, path);
	}
}

/* Does path hold what the parcel holds?  1 yes, 0 no, -1 there is no file. */
static int
holds_equal(struct parcel *p, const char *path)
{
	struct digests d;
	struct stat st;
	int fd, r = 0;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return lstat(path, &st) == 0 ? 0 : -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size != p->st.st_size)
		goto done;
	if (p->sha256[0] == '\0' && parcel_digest(p, HASH_SHA256) != STATUS_OK)
		goto done;
	r = hash_range(HASH_SHA256, fd, 0, (uint64_t)st.st_size, p->stop,
	    &d) == 0 &&
	    memcmp(d.sha256, p->digests.sha256, SHA256_SIZE) == 0;
done:
	close(fd);
	return r;
}

/* Has this path, too, been given to the very file that is to be delivered? */
static bool
is_same_file(const struct parcel *p, const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_dev == p->st.st_dev &&
	    st.st_ino == p->st.st_ino;
}

/* What another run left there may not be on disk yet. */
static int
sync_there(const char *path)
{
	const char *base;
	int dir, fd = -1, r = -1;

	if ((dir = open_parent(path, &base)) < 0)
		return -1;
	fd = openat(dir, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && fsync(fd) == 0)
		r = fsync(dir) < 0 && errno != EINVAL ? -1 : 0;
	if (fd >= 0)
		close(fd);
	close(dir);
	return r;
}

/* Write the copy, read it back, and let it appear. */
static int
fill(struct parcel *p, struct newfile *f, const char *path)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, p->st.st_mtim };
	struct digests back;
	struct stat st;
	bool reading;

	if (copy(p, f->fd, &reading) < 0) {
		if (reading && errno != EINTR)
			return parcel_fail_errno(p, STATUS_TROUBLE, NULL);
		return store_failed(p, path);
	}
	if (futimens(f->fd, times) < 0 || fsync(f->fd) < 0 ||
	    fstat(f->fd, &st) < 0)
		return store_failed(p, path);
	posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED);
	if (hash_range(HASH_SHA256, f->fd, 0, (uint64_t)st.st_size, p->stop,
	    &back) < 0)
		return store_failed(p, path);
	if (memcmp(back.sha256, p->digests.sha256, SHA256_SIZE) != 0)
		return parcel_fail(p, STATUS_RETRY, "%s: reads back other "
		    "bytes than were written", path);
	if (parcel_changed(p))
		return parcel_fail(p, STATUS_NO, "changed while it was sent");
	return STATUS_OK;
}

/* Another run, or another of our threads, may be writing there: wait for it. */
static int
open_new(const struct send *s, struct newfile *f, const char *path, mode_t mode)
{
	int64_t end_ms = units_now_ms() + s->deadline_ms;
	int r;

	while ((r = s->if_exists == IF_EXISTS_OVERWRITE ?
	    newfile_open_over(f, path, mode) :
	    newfile_open(f, path, mode)) < 0 && errno == EBUSY &&
	    units_now_ms() < end_ms && !finish_asked())
		poll(NULL, 0, BUSY_MS);
	return r;
}

/* Copy to this very path; *exists: the name was given away meanwhile. */
static int
copy_to(const struct send *s, struct parcel *p, char *path, bool *exists)
{
	struct newfile f;
	int status;

	*exists = false;
	if (make_folders(path) < 0 ||
	    open_new(s, &f, path, p->st.st_mode & 0666) < 0)
		goto failed;
	if ((status = fill(p, &f, path)) != STATUS_OK) {
		newfile_abort(&f);
		return status;
	}
	if (newfile_commit(&f) == 0)
		return STATUS_OK;
failed:
	*exists = errno == EEXIST;
	return store_failed(p, path);
}

/* Deliver to this very path; *taken: other contents are there. */
static int
deliver_to(const struct send *s, struct parcel *p, char *path, bool *taken)
{
	bool exists = true;
	int status, equal;

	*taken = false;
	for (int tries = 0; exists && tries < 2; tries++) {
		if (is_same_file(p, path))
			return parcel_fail(p, STATUS_NO, "%s: is the same file",
			    path);
		if ((equal = holds_equal(p, path)) > 0) {
			p->was_there = true;
			return sync_there(path) < 0 ? store_failed(p, path) :
			    STATUS_OK;
		}
		if (finish_asked())	/* perhaps not compared to its end */
			return parcel_fail(p, STATUS_RETRY, "interrupted");
		if (equal == 0 && s->if_exists != IF_EXISTS_OVERWRITE)
			break;
		status = copy_to(s, p, path, &exists);
		if (!exists)
			return status;
	}
	*taken = true;
	return parcel_fail(p, STATUS_NO, "%s: is there with other contents",
	    path);
}

/* Find a name for the parcel, the n-th if others are taken, and copy there. */
static int
deliver(struct send *s, struct parcel *p, const char *place)
{
	int status = STATUS_NO;
	bool taken = true;
	char *path;

	for (unsigned n = 0; taken && n < SUFFIX_MAX; n++) {
		if ((path = place_suffix(place, n)) == NULL)
			return parcel_fail_errno(p, STATUS_TROUBLE, NULL);
		status = deliver_to(s, p, path, &taken);
		if (status == STATUS_OK) {
			buf_clear(&p->url);
			buf_printf(&p->url, "%s%s", s->origin, path);
		}
		free(path);
		if (s->if_exists != IF_EXISTS_SUFFIX)
			break;
	}
	return status;
}

int
send_file(struct send *s, struct parcel *p)
{
	struct buf place = { 0 };
	int status;

	for (int tries = 0; tries < 2; tries++) {
		buf_clear(&place);
		if ((status = parcel_begin(p)) != STATUS_OK ||
		    (status = send_place(s, p, &place)) != STATUS_OK)
			break;
		if (climbs(place.p)) {
			status = parcel_fail(p, STATUS_NO, "%s: leads out of "
			    "its folder", place.p);
			break;
		}
		status = deliver(s, p, place.p);
		if (status == STATUS_OK || !parcel_changed(p))
			break;
	}
	buf_free(&place);
	return status;
}
