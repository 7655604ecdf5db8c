#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/progress.h"
#include "base/status.h"
#include "base/termination.h"
#include "base/units.h"
#include "base/write_all.h"
#include "file/newfile.h"
#include "file/path.h"
#include "net/rate_limit.h"

enum { BLOCK = 128 << 10, SUFFIX_MAX = 10000, BUSY_MS = 20 };

const char *
store_file_prepare(struct store *s)
{
	const char *path = s->url + strlen("file://"), *last;

	if (strncmp(path, "localhost/", 10) == 0)
		path += 9;
	if (*path != '/')
		return "file:// takes an absolute path";
	s->url_prefix = strdup("file://");
	buf_adds(&s->place, path);
	last = strrchr(path, '/') + 1;
	if (strchr(last, '{') == NULL)
		buf_adds(&s->place, *last == '\0' ? "{name}" : "/{name}");
	return s->url_prefix == NULL || buf_str(&s->place) == NULL ?
	    "out of memory" : NULL;
}

/*
 * The place that a file goes to: base in the open folder dir, and path for
 * messages.
 */
struct target {
	const char *path, *base;
	int dir;
};

/* Whether the upload is to be given up.  Data that a stream has read is not. */
static bool
is_stopped(const struct upload *p)
{
	return p->stop != NULL && p->stop();
}

/*
 * Copy the upload's bytes to fd and digest them on the way.  Returns 0, or -1
 * with errno, when *reading tells which side failed.
 */
static int
copy(struct upload *p, int fd, uint64_t max_rate, bool *reading)
{
	struct rate_limit rate = { .rate = max_rate };
	struct digest *h = digest_new(HASH_SHA256);
	char *block = malloc(BLOCK);
	off_t at = 0;
	ssize_t got = -1;

	*reading = false;
	while (h != NULL && block != NULL) {
		*reading = true;
		got = pread(p->fd, block, rate_limit_portion(&rate, BLOCK), at);
		if (got < 0 && errno == EINTR && !is_stopped(p))
			continue;
		if (got <= 0)
			break;
		if (is_stopped(p)) {
			errno = EINTR;
			got = -1;
			break;
		}
		*reading = false;
		digest_add(h, block, (size_t)got);
		if (write_all(fd, block, (size_t)got) < 0) {
			got = -1;
			break;
		}
		progress_add((uint64_t)got);
		at += got;
		rate_limit_add(&rate, (uint64_t)got);
		rate_limit_wait(&rate, p->stop == NULL);
	}
	if (got == 0) {
		digest_end(h, &p->digests);
		digest_hex(p->digests.sha256, SHA256_SIZE, p->sha256);
	}
	free(block);
	digest_free(h);
	return got < 0 ? -1 : 0;
}

/*
 * Returns what a failure of the store means: the path is wrong, or try again
 * later.
 */
static int
store_failed(struct upload *p, const char *path)
{
	switch (errno) {
	case EINTR:
		return upload_fail(p, STATUS_RETRY, "interrupted");
	case EACCES:
	case EPERM:
	case EROFS:
	case ENOTDIR:
	case EISDIR:
	case ELOOP:
	case ENAMETOOLONG:
		return upload_fail_errno(p, STATUS_TROUBLE, path);
	case ESTALE:
		return upload_fail(p, STATUS_TROUBLE, "%s: was exchanged for "
		    "another file while it was written", path);
	default:
		return upload_fail_errno(p, STATUS_RETRY, path);
	}
}

static int
open_target(const struct target *to)
{
	return openat(to->dir, to->base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_NOCTTY | O_CLOEXEC);
}

/*
 * Whether the file there has the upload's contents: 1 yes, 0 no, -1 there is no
 * file.
 */
static int
holds_equal(struct upload *p, const struct target *to)
{
	struct digests d;
	struct stat st;
	int fd, r = 0;

	if ((fd = open_target(to)) < 0)
		return fstatat(to->dir, to->base, &st, AT_SYMLINK_NOFOLLOW) ==
		    0 ? 0 : -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size != p->st.st_size)
		goto done;
	if (p->sha256[0] == '\0' && upload_digest(p, HASH_SHA256) != STATUS_OK)
		goto done;
	r = digest_range(HASH_SHA256, fd, 0, (uint64_t)st.st_size, p->stop,
	    &d) == 0 &&
	    memcmp(d.sha256, p->digests.sha256, SHA256_SIZE) == 0;
done:
	close(fd);
	return r;
}

/* Whether it is another name of the very file that is to be delivered. */
static bool
is_same_file(const struct upload *p, const struct target *to)
{
	struct stat st;

	return fstatat(to->dir, to->base, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == p->st.st_dev && st.st_ino == p->st.st_ino;
}

/* Sync the file there: another run may have written it just now. */
static int
sync_target(const struct target *to)
{
	int fd, r = -1;

	if ((fd = open_target(to)) < 0)
		return -1;
	if (fsync(fd) == 0)
		r = path_sync_folder(to->dir);
	close(fd);
	return r;
}

/* Write the copy, read it back, and give it its name. */
static int
fill(const struct store *s, struct upload *p, struct newfile *f,
    const char *path)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, p->st.st_mtim };
	struct digests back;
	struct stat st;
	bool reading;

	if (copy(p, f->fd, s->http.max_rate, &reading) < 0) {
		if (reading && errno != EINTR)
			return upload_fail_errno(p, STATUS_TROUBLE, NULL);
		return store_failed(p, path);
	}
	/*
	 * A batch was written now: whoever looks for files by their time would
	 * not find its later records.
	 */
	if ((!p->is_batch && futimens(f->fd, times) < 0) || fsync(f->fd) < 0 ||
	    fstat(f->fd, &st) < 0)
		return store_failed(p, path);
	posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED);
	if (digest_range(HASH_SHA256, f->fd, 0, (uint64_t)st.st_size, p->stop,
	    &back) < 0)
		return store_failed(p, path);
	if (memcmp(back.sha256, p->digests.sha256, SHA256_SIZE) != 0)
		return upload_fail(p, STATUS_RETRY, "%s: reads back other "
		    "bytes than were written", path);
	if (upload_changed(p))
		return upload_fail(p, STATUS_NO, "changed while it was sent");
	return STATUS_OK;
}

/*
 * Open the new file.  Another run, or another of our threads, may be writing
 * there: wait for it.
 */
static int
open_new(const struct store *s, const struct upload *p, struct newfile *f,
    const struct target *to, mode_t mode)
{
	int64_t end_ms = units_now_ms() + s->deadline_ms;
	int r;

	while ((r = newfile_openat(f, to->dir, to->base, mode,
	    s->if_exists == IF_EXISTS_OVERWRITE)) < 0 && errno == EBUSY &&
	    units_now_ms() < end_ms && !is_stopped(p))
		poll(NULL, 0, BUSY_MS);
	return r;
}

/*
 * Copy to this very name; *exists becomes true when the name was taken
 * meanwhile.
 */
static int
copy_to(const struct store *s, struct upload *p, const struct target *to,
    bool *exists)
{
	struct newfile f;
	int status;

	*exists = false;
	if (open_new(s, p, &f, to, p->st.st_mode & 0666) < 0)
		goto failed;
	if ((status = fill(s, p, &f, to->path)) != STATUS_OK) {
		newfile_abort(&f);
		return status;
	}
	if (newfile_commit(&f) == 0)
		return STATUS_OK;
failed:
	*exists = errno == EEXIST;
	return store_failed(p, to->path);
}

/*
 * Deliver to this very name; *taken becomes true when a file of other contents
 * has it.
 */
static int
deliver_to(const struct store *s, struct upload *p, const struct target *to,
    bool *taken)
{
	bool exists = true;
	int status, equal;

	*taken = false;
	for (int tries = 0; exists && tries < 2; tries++) {
		if (is_same_file(p, to))
			return upload_fail(p, STATUS_NO, "%s: is the same file",
			    to->path);
		if ((equal = holds_equal(p, to)) > 0) {
			p->was_there = true;
			newfile_clean(to->dir, to->base);
			return sync_target(to) < 0 ?
			    store_failed(p, to->path) : STATUS_OK;
		}
		/* The files may not be compared to their end. */
		if (is_stopped(p))
			return upload_fail(p, STATUS_RETRY, "interrupted");
		if (equal == 0 && s->if_exists != IF_EXISTS_OVERWRITE)
			break;
		status = copy_to(s, p, to, &exists);
		if (!exists)
			return status;
	}
	*taken = true;
	return upload_fail(p, STATUS_NO, "%s: is there with other contents",
	    to->path);
}

/* The same for a path whose folders are made where they are missing. */
static int
deliver_path(
    const struct store *s, struct upload *p, const char *path, bool *taken)
{
	struct target to = { .path = path };
	int status;

	*taken = false;
	if ((to.dir = path_make_parent(path, &to.base)) < 0)
		return store_failed(p, path);
	status = deliver_to(s, p, &to, taken);
	close(to.dir);
	return status;
}

/*
 * Find a name for the upload, with a suffix if others are taken, and copy
 * there.
 */
static int
deliver(struct store *s, struct upload *p, const char *place)
{
	int status = STATUS_NO;
	bool taken = true;
	char *path;

	for (unsigned n = 0; taken && n < SUFFIX_MAX; n++) {
		if ((path = name_template_suffix(place, n)) == NULL)
			return upload_fail_errno(p, STATUS_TROUBLE, NULL);
		status = deliver_path(s, p, path, &taken);
		if (status == STATUS_OK) {
			buf_clear(&p->url);
			buf_printf(&p->url, "%s%s", s->url_prefix, path);
		}
		free(path);
		if (s->if_exists != IF_EXISTS_SUFFIX)
			break;
	}
	return status;
}

int
store_file(struct store *s, struct upload *p)
{
	struct buf place = { 0 };
	int status;

	for (int tries = 0; tries < 2; tries++) {
		buf_clear(&place);
		if ((status = upload_begin(p)) != STATUS_OK ||
		    (status = store_place(s, p, &place)) != STATUS_OK)
			break;
		if (path_climbs(place.p)) {
			status = upload_fail(p, STATUS_NO, "%s: leads out of "
			    "its folder", place.p);
			break;
		}
		status = deliver(s, p, place.p);
		if (status == STATUS_OK || !upload_changed(p))
			break;
	}
	buf_free(&place);
	return status;
}
