#include "spool.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "segment.h"

/* Files of the folder beside the segments. */
#define WRITE_LOCK "write.lock"		/* held for the moment of a write */
#define READ_LOCK "send.lock"		/* held by the reader */
#define POSITION "delivered"		/* how far it got: struct position */

enum { SEGMENT_SIZE = 8 << 20, SEGMENTS_MIN = 8 };

struct position {		/* little endian */
	uint64_t number;	/* of the first frame not delivered */
	uint64_t planned;	/* of the first that is not in the batch begun */
	uint32_t crc, zero;
};

struct spool_writer {
	int dir, lock;
	uint64_t max, segment_size;	/* bytes */
	struct segment seg;	/* the newest, at what we know of its end */
	uint64_t torn;
	bool dirty;
};

struct spool_reader {
	int dir, lock, position, notify;
	struct segment seg;
	uint64_t lost, delivered, planned;
	bool passed;		/* segments before this one may be left */
};

/* --- the folder --- */

static int
open_folder(const char *path, bool make)
{
	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int
open_own(int dir, const char *name)
{
	return openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0600);
}

static void
close_file(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int
lock_file(int fd, int cmd, short type)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET };
	int r;

	while ((r = fcntl(fd, cmd, &l)) < 0 && errno == EINTR)
		;
	if (r < 0 && (errno == EACCES || errno == EAGAIN))
		errno = EWOULDBLOCK;
	return r < 0 ? -1 : l.l_type != F_UNLCK;
}

static uint32_t
position_crc(const struct position *p)
{
	return htole32(libdeflate_crc32(0, p, offsetof(struct position, crc)));
}

/* False: not known.  planned may be NULL. */
static bool
position_get(int fd, uint64_t *number, uint64_t *planned)
{
	struct position p;

	*number = 0;
	if (pread(fd, &p, sizeof p, 0) != sizeof p || p.crc != position_crc(&p))
		return false;
	*number = le64toh(p.number);
	if (planned != NULL)
		*planned = le64toh(p.planned);
	return true;
}

static int
position_set(int fd, uint64_t number, uint64_t planned)
{
	struct position p = { .number = htole64(number),
	    .planned = htole64(planned) };
	ssize_t n;

	p.crc = position_crc(&p);
	if ((n = pwrite(fd, &p, sizeof p, 0)) >= 0 && n < (ssize_t)sizeof p)
		errno = ENOSPC;
	return n == sizeof p ? 0 : -1;
}

/* --- writing --- */

/* Begin the segment whose first frame is number. */
static int
new_segment(struct spool_writer *w, uint64_t number)
{
	struct segment seg;

	if (segment_open(&seg, w->dir, number, O_RDWR | O_CREAT | O_EXCL) < 0)
		return -1;
	segment_close(&w->seg);
	w->seg = seg;
	return fsync(w->dir);
}

/* Open the newest segment, or make the first. */
static int
find_newest(struct spool_writer *w)
{
	struct segment_file *list;
	uint64_t first;
	size_t n;
	int fd;

	segment_close(&w->seg);
	if (segment_list(w->dir, &list, &n) < 0)
		return -1;
	first = n > 0 ? list[n - 1].first : 0;
	free(list);
	if (n > 0)
		return segment_open(&w->seg, w->dir, first, O_RDWR);
	if ((fd = open_own(w->dir, POSITION)) < 0)
		return -1;
	position_get(fd, &first, NULL);
	close(fd);
	return new_segment(w, first);
}

/*
 * Under the lock: see what others wrote, and cut off what one of them, killed,
 * left unfinished.  Then the newest segment's end is w->seg.at.
 */
static int
catch_up(struct spool_writer *w)
{
	struct segment next;
	struct stat st;

	if (w->seg.fd < 0 || fstat(w->seg.fd, &st) < 0 || st.st_nlink == 0)
		if (find_newest(w) < 0)
			return -1;
	for (;;) {
		if (fstat(w->seg.fd, &st) < 0)
			return -1;
		if (st.st_size > w->seg.at && segment_skip_all(&w->seg) < 0)
			return -1;
		if (w->seg.number == w->seg.first ||
		    segment_open(&next, w->dir, w->seg.number, O_RDWR) < 0)
			break;
		segment_close(&w->seg);
		w->seg = next;
	}
	if (st.st_size <= w->seg.at)
		return 0;
	w->torn += (uint64_t)(st.st_size - w->seg.at);
	return ftruncate(w->seg.fd, w->seg.at);
}

struct spool_writer *
spool_writer_new(const char *dir, uint64_t max)
{
	struct spool_writer *w;
	int r;

	if ((w = calloc(1, sizeof *w)) == NULL)
		return NULL;
	w->max = max;
	w->segment_size = max / SEGMENTS_MIN < SEGMENT_SIZE ?
	    max / SEGMENTS_MIN : SEGMENT_SIZE;
	w->seg.fd = w->lock = -1;
	if ((w->dir = open_folder(dir, true)) < 0 ||
	    (w->lock = open_own(w->dir, WRITE_LOCK)) < 0 ||
	    lock_file(w->lock, F_OFD_SETLKW, F_WRLCK) < 0)
		goto fail;
	r = catch_up(w);
	lock_file(w->lock, F_OFD_SETLK, F_UNLCK);
	if (r == 0)
		return w;
fail:
	spool_writer_free(w);
	return NULL;
}

/* Is there room for a new segment that begins with n bytes? */
static bool
has_room(struct spool_writer *w, size_t n)
{
	uint64_t total = n > w->segment_size ? n : w->segment_size;
	struct segment_file *list;
	size_t i, count;

	if (segment_list(w->dir, &list, &count) < 0)
		return false;
	for (i = 0; i < count; i++)
		total += (uint64_t)list[i].size;
	free(list);
	return total <= w->max || count == 0;
}

/* Write at the end; on failure nothing of it stays. */
static int
append(struct spool_writer *w, struct span bytes)
{
	size_t done = 0;
	ssize_t n;

	while (done < bytes.len) {
		n = pwrite(w->seg.fd, bytes.p + done, bytes.len - done,
		    w->seg.at + (off_t)done);
		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			int why = n == 0 || errno == EDQUOT ? ENOSPC : errno;

			(void)!ftruncate(w->seg.fd, w->seg.at);
			errno = why;
			return -1;
		}
	}
	return 0;
}

static int
write_locked(struct spool_writer *w, struct span frames, size_t n)
{
	if (catch_up(w) < 0)
		return -1;
	if (w->seg.at > 0 &&
	    (uint64_t)w->seg.at + frames.len > w->segment_size) {
		if (!has_room(w, frames.len)) {
			errno = ENOSPC;
			return -1;
		}
		if (spool_sync(w) < 0 || new_segment(w, w->seg.number) < 0)
			return -1;
	}
	if (append(w, frames) < 0)
		return -1;
	w->seg.at += (off_t)frames.len;
	w->seg.number += n;
	w->dirty = true;
	return 0;
}

int
spool_write(struct spool_writer *w, struct span frames, size_t n)
{
	int r, why;

	if (lock_file(w->lock, F_OFD_SETLKW, F_WRLCK) < 0)
		return -1;
	r = write_locked(w, frames, n);
	why = errno;
	lock_file(w->lock, F_OFD_SETLK, F_UNLCK);
	errno = why;
	return r;
}

int
spool_sync(struct spool_writer *w)
{
	if (!w->dirty)
		return 0;
	if (fdatasync(w->seg.fd) < 0)
		return -1;
	w->dirty = false;
	return 0;
}

int
spool_drop_oldest(struct spool_writer *w)
{
	struct segment_file *list;
	size_t n;
	int r;

	if (segment_list(w->dir, &list, &n) < 0)
		return -1;
	errno = ENOENT;
	r = n < 2 ? -1 : segment_unlink(w->dir, list[0].first);
	free(list);
	return r;
}

uint64_t
spool_next(const struct spool_writer *w)
{
	return w->seg.number;
}

uint64_t
spool_torn(const struct spool_writer *w)
{
	return w->torn;
}

int
spool_tail(struct spool_writer *w, struct frame *last, size_t n,
    struct buf *text)
{
	struct segment seg;
	struct span all;
	size_t have = 0;
	struct frame f;
	int r;

	if (segment_open(&seg, w->dir, w->seg.first, O_RDONLY) < 0)
		return -1;
	while ((r = segment_next(&seg, &f)) > 0)
		if (frame_pack(text, &f) < 0)
			r = -1;
	segment_close(&seg);
	if (text->failed)
		return -1;
	for (all = buf_span(text); n > 0 && frame_unpack(&f, &all) > 0; have++) {
		if (have == n) {
			memmove(last, last + 1, (n - 1) * sizeof *last);
			have--;
		}
		last[have] = f;
	}
	return (int)have;
}

void
spool_writer_free(struct spool_writer *w)
{
	if (w == NULL)
		return;
	segment_close(&w->seg);
	close_file(w->lock);
	close_file(w->dir);
	free(w);
}

/* --- reading --- */

/*
 * Open the first segment that begins after frame `after`, or (at_start) the
 * last that begins at or before it.  1; 0 there is none; -1.
 */
static int
open_segment(struct spool_reader *r, struct segment *seg, uint64_t after,
    bool at_start)
{
	struct segment_file *list;
	size_t n, i;
	int got = 0;

	if (segment_list(r->dir, &list, &n) < 0)
		return -1;
	for (i = 0; i < n && list[i].first <= after; i++)
		;
	if (at_start && i > 0)
		i--;
	if (i < n) {
		got = segment_open(seg, r->dir, list[i].first, O_RDONLY);
		got = got == 0 ? 1 : errno == ENOENT ? 0 : -1;
		r->passed |= i > 0;
	}
	free(list);
	return got;
}

/* Find the first frame that was not delivered. */
static int
find_position(struct spool_reader *r)
{
	uint64_t wanted;
	bool known = position_get(r->position, &wanted, &r->planned);
	struct frame f;
	int got;

	got = open_segment(r, &r->seg, wanted, true);
	if (got == 0)
		r->seg = (struct segment){ .number = wanted, .fd = -1 };
	while (got > 0 && r->seg.number < wanted)
		got = segment_next(&r->seg, &f);
	if (got < 0)
		return -1;
	r->delivered = r->seg.number;
	if (known && r->seg.number > wanted)
		r->lost += r->seg.number - wanted;
	if (!known || r->seg.number != wanted)
		return position_set(r->position, r->seg.number,
		    r->planned);
	return 0;
}

struct spool_reader *
spool_reader_new(const char *dir)
{
	struct spool_reader *r;

	if ((r = calloc(1, sizeof *r)) == NULL)
		return NULL;
	r->lock = r->position = r->notify = r->seg.fd = -1;
	if ((r->dir = open_folder(dir, true)) < 0 ||
	    (r->lock = open_own(r->dir, READ_LOCK)) < 0 ||
	    lock_file(r->lock, F_OFD_SETLK, F_WRLCK) < 0 ||
	    (r->position = open_own(r->dir, POSITION)) < 0 ||
	    (r->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) < 0 ||
	    inotify_add_watch(r->notify, dir, IN_MODIFY | IN_CREATE) < 0 ||
	    find_position(r) < 0) {
		spool_reader_free(r);
		return NULL;
	}
	return r;
}

int
spool_read(struct spool_reader *r, struct frame *f)
{
	struct segment next;
	int got;

	for (;;) {
		if (r->seg.fd >= 0 && (got = segment_next(&r->seg, f)) != 0)
			return got;
		got = open_segment(r, &next, r->seg.first, r->seg.fd < 0);
		if (got <= 0)
			return got;
		/* Written after we looked, but before the next was begun? */
		if (r->seg.fd >= 0 && (got = segment_next(&r->seg, f)) != 0) {
			segment_close(&next);
			return got;
		}
		if (next.first > r->seg.number)
			r->lost += next.first - r->seg.number;
		segment_close(&r->seg);
		r->seg = next;
	}
}

uint64_t
spool_number(const struct spool_reader *r)
{
	return r->seg.number;
}

uint64_t
spool_lost(const struct spool_reader *r)
{
	return r->lost;
}

int
spool_ack(struct spool_reader *r, uint64_t number)
{
	struct segment_file *list;
	size_t n;

	if (position_set(r->position, number, number) < 0)
		return -1;
	r->delivered = r->planned = number;
	if (!r->passed)
		return 0;
	if (segment_list(r->dir, &list, &n) < 0)
		return -1;
	for (size_t i = 0; i + 1 < n && list[i + 1].first <= number; i++)
		segment_unlink(r->dir, list[i].first);
	r->passed = n > 1 && list[0].first < r->seg.first;
	free(list);
	return 0;
}

int
spool_plan(struct spool_reader *r, uint64_t number)
{
	if (r->planned == number)
		return 0;
	r->planned = number;
	return position_set(r->position, r->delivered, number);
}

uint64_t
spool_planned(const struct spool_reader *r)
{
	return r->planned;
}

int
spool_fd(const struct spool_reader *r)
{
	return r->notify;
}

void
spool_fd_clear(struct spool_reader *r)
{
	char events[4096];

	while (read(r->notify, events, sizeof events) > 0)
		;
}

void
spool_reader_free(struct spool_reader *r)
{
	if (r == NULL)
		return;
	segment_close(&r->seg);
	close_file(r->notify);
	close_file(r->position);
	close_file(r->lock);
	close_file(r->dir);
	free(r);
}

/* --- looking on --- */

int
spool_look(const char *dir, struct spool_state *st)
{
	struct segment_file *list = NULL;
	struct segment seg = { .fd = -1 };
	int fd, lock, folder, r = -1;
	size_t n;

	*st = (struct spool_state){ 0 };
	if ((folder = open_folder(dir, false)) < 0)
		return -1;
	if (segment_list(folder, &list, &n) < 0)
		goto done;
	if ((fd = openat(folder, POSITION, O_RDONLY | O_CLOEXEC)) >= 0) {
		position_get(fd, &st->delivered, NULL);
		close(fd);
	}
	if ((lock = openat(folder, READ_LOCK, O_RDONLY | O_CLOEXEC)) >= 0) {
		st->sending = lock_file(lock, F_OFD_GETLK, F_RDLCK) > 0;
		close(lock);
	}
	for (st->segments = 0; st->segments < n; st->segments++)
		st->bytes += (uint64_t)list[st->segments].size;
	if (n > 0 && (segment_open(&seg, folder, list[n - 1].first,
	    O_RDONLY) < 0 || segment_skip_all(&seg) < 0))
		goto done;
	if (n > 0 && st->delivered < list[0].first)
		st->delivered = list[0].first;	/* the rest was dropped */
	st->records = seg.number > st->delivered ?
	    seg.number - st->delivered : 0;
	r = 0;
done:
	segment_close(&seg);
	free(list);
	close(folder);
	return r;
}
