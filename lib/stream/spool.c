#include "stream/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "file/path.h"
#include "stream/spool_folder.h"
#include "stream/spool_segment.h"

enum { SEGMENT_SIZE = 8 << 20, SEGMENTS_MIN = 8 };

struct spool_writer {
	int dir, lock;
	uint64_t max, segment_size;	/* bytes */
	struct segment seg;	/* the newest segment, at its last known end */
	bool dirty, disk_full;
	bool synced;		/* each segment, once it is full */
};

struct mark { /* the place of a frame that was read but is not delivered */
	uint64_t number, segment;
	off_t at;
	uint64_t dropped, damaged;	/* how many are missing before it */
};

struct spool_reader {
	int dir, lock, position, notify;
	struct segment seg;
	uint64_t number; /* the next frame's number, which never goes back */
	/* seen is how much of the segment's damage is counted in damaged. */
	uint64_t dropped, damaged, seen;
	uint64_t settled_dropped, settled_damaged; /* before what is delivered */
	bool kept; /* a segment, for its damage */
	struct spool_position delivered;
	struct buf marks; /* of struct mark; the first `passed` are delivered */
	size_t passed;
	bool others; /* segments before this one may still be there */
};

static void
close_file(int fd)
{
	if (fd >= 0)
		close(fd);
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
	return w->synced ? fsync(w->dir) : 0;
}

/*
 * Open the segment that begins with frame `first`, or make the first segment if
 * that is UINT64_MAX.  Its number is the position's, which a power cut may have
 * left: so no new frame has a number that counts as delivered.
 */
static int
find_newest(struct spool_writer *w, uint64_t first)
{
	struct spool_position p = { 0 };
	struct segment seg;
	int fd, r;

	/* Another writer has begun it: ours must not stay unsynced. */
	if (w->synced && spool_sync(w) < 0)
		return -1;
	if (first != UINT64_MAX) {
		if (segment_open(&seg, w->dir, first, O_RDWR) < 0)
			return -1;
		segment_close(&w->seg);
		w->seg = seg;
		return 0;
	}
	segment_close(&w->seg);
	if ((fd = spool_folder_file(w->dir, SPOOL_POSITION)) < 0)
		return -1;
	/* With a position the first reader knows what was dropped before it. */
	r = spool_position_get(fd, &p) ? 0 : spool_position_set(fd, &p);
	close(fd);
	return r < 0 ? -1 : new_segment(w, p.number);
}

/* Cut off what follows the last whole frame, unless it is a damaged one. */
static int
end_tail(struct spool_writer *w)
{
	struct stat st;

	if (fstat(w->seg.fd, &st) < 0)
		return -1;
	if (st.st_size <= w->seg.at)
		return 0;
	if (w->seg.tail != TAIL_DAMAGED)	/* a killed writer left it */
		return ftruncate(w->seg.fd, w->seg.at);
	return new_segment(w, w->seg.number + 1);
}

/*
 * Called under the lock: read past the frames that others have written, and cut
 * off a frame that a killed writer left unfinished.  Then the newest segment's
 * end is w->seg.at.
 */
static int
catch_up(struct spool_writer *w)
{
	uint64_t first;
	struct stat st;
	int r = segment_newest(w->dir, &first);

	if (r < 0)
		return -1;
	if (r == 0)
		first = UINT64_MAX;
	if ((w->seg.fd < 0 || w->seg.first != first) &&
	    find_newest(w, first) < 0)
		return -1;
	/* Mostly nobody else has written. */
	if (fstat(w->seg.fd, &st) == 0 && st.st_size == w->seg.at)
		return 0;
	return segment_skip_all(&w->seg) < 0 ? -1 : end_tail(w);
}

/*
 * A power cut may keep the position and lose frames before it.  Give new frames
 * numbers that do not count as delivered.
 */
static int
pass_position(struct spool_writer *w)
{
	struct spool_position p;
	int fd = openat(w->dir, SPOOL_POSITION,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	spool_position_get(fd, &p);
	close(fd);
	return p.number > w->seg.number ? new_segment(w, p.number) : 0;
}

/* Open the folder; with synced, its name is on disk then. */
static int
open_folder(const char *dir, bool synced)
{
	if (!synced && mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -1;
	return spool_folder_open(dir, synced);
}

static struct spool_writer *
new_writer(const char *dir, uint64_t max, bool synced)
{
	struct spool_writer *w;
	int r;

	if ((w = calloc(1, sizeof *w)) == NULL)
		return NULL;
	w->max = max;
	w->synced = synced;
	w->segment_size = max / SEGMENTS_MIN < SEGMENT_SIZE ?
	    max / SEGMENTS_MIN : SEGMENT_SIZE;
	w->seg.fd = w->lock = -1;
	if ((w->dir = open_folder(dir, synced)) < 0 ||
	    (w->lock = spool_folder_file(w->dir, SPOOL_WRITE_LOCK)) < 0 ||
	    spool_folder_lock(w->lock, F_OFD_SETLKW, F_WRLCK) < 0)
		goto fail;
	if ((r = catch_up(w)) == 0)
		r = pass_position(w);
	spool_folder_lock(w->lock, F_OFD_SETLK, F_UNLCK);
	if (r == 0)
		return w;
fail:
	spool_writer_free(w);
	return NULL;
}

struct spool_writer *
spool_writer_new(const char *dir, uint64_t max)
{
	return new_writer(dir, max, true);
}

struct spool_writer *
spool_writer_unsynced(const char *dir, uint64_t max)
{
	return new_writer(dir, max, false);
}

/*
 * Whether there is room for a new segment that begins with n bytes.  There is
 * beside a single one, which is too large where max was larger before.
 */
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
	return total <= w->max || count <= 1;
}

/*
 * Write at the end of the segment.  When that fails, no part of the bytes
 * stays.
 */
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
	/* An ENOSPC from here is the disk's, except for the one below. */
	w->disk_full = true;
	if (catch_up(w) < 0)
		return -1;
	if (w->seg.at > 0 &&
	    (uint64_t)w->seg.at + frames.len > w->segment_size) {
		if (!has_room(w, frames.len)) {
			w->disk_full = false;
			errno = ENOSPC;
			return -1;
		}
		if ((w->synced && spool_sync(w) < 0) ||
		    new_segment(w, w->seg.number) < 0)
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

	if (spool_folder_lock(w->lock, F_OFD_SETLKW, F_WRLCK) < 0)
		return -1;
	r = write_locked(w, frames, n);
	why = errno;
	spool_folder_lock(w->lock, F_OFD_SETLK, F_UNLCK);
	errno = why;
	return r;
}

bool
spool_disk_is_full(const struct spool_writer *w)
{
	return w->disk_full;
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
	return segment_drop_oldest(w->dir);
}

uint64_t
spool_next(const struct spool_writer *w)
{
	return w->seg.number;
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
	for (all = buf_span(text); n > 0 && frame_unpack(&f, &all) > 0;
	     have++) {
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

int64_t
spool_last_ms(const struct spool_writer *w)
{
	return w->seg.last_ms;
}

/* --- reading --- */

/*
 * Open the first segment that begins after frame `after`, or, with at_start,
 * the last one that begins at or before it.  Returns 1; 0 when there is none;
 * -1 with errno.
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
		r->others |= i > 0;
	}
	free(list);
	return got;
}

/*
 * Count the frames from r->number to number as missing: a writer dropped them,
 * or they are damaged.
 */
static void
count_missing(struct spool_reader *r, uint64_t number)
{
	uint64_t dropped = spool_dropped_get(r->dir);

	if (number <= r->number)
		return;
	if (dropped > r->number) {
		if (dropped > number)
			dropped = number;
		r->dropped += dropped - r->number;
		r->number = dropped;
	}
	if (number > r->number && r->seg.fd >= 0 &&
	    segment_keep_damaged(r->dir, r->seg.first) == 0)
		r->kept = true;
	r->damaged += number - r->number;
	r->number = number;
}

/* Begin to read the segment next. */
static void
begin_segment(struct spool_reader *r, const struct segment *next)
{
	count_missing(r, next->first);
	segment_close(&r->seg);
	r->seg = *next;
	r->seen = 0;
}

/* All that is missing so far comes before what is still to be delivered. */
static void
settle_missing(struct spool_reader *r)
{
	r->settled_dropped = r->dropped;
	r->settled_damaged = r->damaged;
}

/* What is missing is counted in the same write, so that no SIGKILL loses it. */
static int
save_position(struct spool_reader *r)
{
	r->delivered.dropped = r->settled_dropped;
	r->delivered.damaged = r->settled_damaged;
	return spool_position_set(r->position, &r->delivered);
}

/* Find the first frame that was not delivered. */
static int
find_position(struct spool_reader *r)
{
	bool known = spool_position_get(r->position, &r->delivered);
	struct segment seg;
	int got;

	r->number = r->delivered.number;
	r->dropped = r->delivered.dropped;
	r->damaged = r->delivered.damaged;
	settle_missing(r);
	got = open_segment(r, &seg, r->delivered.segment, true);
	if (got < 0)
		return -1;
	if (got == 0)
		return known ? 0 : save_position(r);
	if (!known)
		r->number = seg.first;
	if (known && seg.first == r->delivered.segment) {
		r->seg = seg;
		segment_seek(&r->seg, (off_t)r->delivered.at, r->number);
		return 0;
	}
	begin_segment(r, &seg);
	r->delivered.number = r->number;
	r->delivered.segment = seg.first;
	r->delivered.at = 0;
	settle_missing(r);
	return save_position(r);
}

static struct spool_reader *
new_reader(const char *dir, bool synced)
{
	struct spool_reader *r;

	if ((r = calloc(1, sizeof *r)) == NULL)
		return NULL;
	r->lock = r->position = r->notify = r->seg.fd = -1;
	if ((r->dir = open_folder(dir, synced)) < 0 ||
	    (r->lock = spool_folder_file(r->dir, SPOOL_READ_LOCK)) < 0 ||
	    spool_folder_lock(r->lock, F_OFD_SETLK, F_WRLCK) < 0 ||
	    (r->position = spool_folder_file(r->dir, SPOOL_POSITION)) < 0 ||
	    (synced && path_sync_folder(r->dir) < 0) ||
	    find_position(r) < 0) {
		spool_reader_free(r);
		return NULL;
	}
	return r;
}

struct spool_reader *
spool_reader_new(const char *dir)
{
	return new_reader(dir, true);
}

struct spool_reader *
spool_reader_unsynced(const char *dir)
{
	return new_reader(dir, false);
}

/* Read the next frame of the open segment.  Returns as spool_read does. */
static int
read_frame(struct spool_reader *r, struct frame *f)
{
	struct mark m = { .segment = r->seg.first };
	int got;

	/* A frame that was read and has no mark would never be read again. */
	if (buf_reserve(&r->marks, sizeof m) < 0)
		return -1;
	got = segment_next(&r->seg, f);
	if (r->seg.damaged > r->seen) {
		count_missing(r, r->number + r->seg.damaged - r->seen);
		r->seen = r->seg.damaged;
	}
	if (got <= 0)
		return got;
	m.number = r->number++;
	m.dropped = r->dropped;
	m.damaged = r->damaged;
	m.at = r->seg.at - (off_t)(r->seg.used - r->seg.frame);
	return buf_add(&r->marks, &m, sizeof m) < 0 ? -1 : 1;
}

int
spool_read(struct spool_reader *r, struct frame *f)
{
	struct segment next;
	int got;

	for (;;) {
		if (r->seg.fd >= 0 && (got = read_frame(r, f)) != 0)
			return got;
		got = open_segment(r, &next, r->seg.first, r->seg.fd < 0);
		if (got <= 0)
			return got;
		/*
		 * A frame may have been written after we looked, but before the
		 * next segment was begun.
		 */
		if (r->seg.fd >= 0 && (got = read_frame(r, f)) != 0) {
			segment_close(&next);
			return got;
		}
		begin_segment(r, &next);
	}
}

uint64_t
spool_number(const struct spool_reader *r)
{
	return r->number;
}

uint64_t
spool_dropped(const struct spool_reader *r)
{
	return r->settled_dropped;
}

uint64_t
spool_damaged(struct spool_reader *r, bool *kept)
{
	*kept = r->kept;
	/* What is damaged and not settled yet may be kept, too. */
	r->kept &= r->damaged > r->settled_damaged;
	return r->settled_damaged;
}

uint64_t
spool_delivered(const struct spool_reader *r)
{
	return r->delivered.number;
}

void
spool_end(struct spool_reader *r)
{
	if (r->passed == r->marks.len / sizeof(struct mark) &&
	    r->number > r->delivered.number)
		spool_ack(r, r->number);
}

/*
 * Set r->delivered to the place of frame number, or to that of the next frame
 * to come.
 */
static uint64_t
find_mark(struct spool_reader *r, uint64_t number)
{
	const struct mark *m = (const void *)r->marks.p;
	size_t n = r->marks.len / sizeof *m;

	for (; r->passed < n && m[r->passed].number < number; r->passed++) {
		r->settled_dropped = m[r->passed].dropped;
		r->settled_damaged = m[r->passed].damaged;
	}
	if (r->passed < n) {
		r->delivered.segment = m[r->passed].segment;
		r->delivered.at = (uint64_t)m[r->passed].at;
	} else {
		/* What is missing since the last frame is passed, too. */
		settle_missing(r);
		if (number < r->number)
			number = r->number;
		r->delivered.segment = r->seg.first;
		r->delivered.at = (uint64_t)r->seg.at;
	}
	/* The marks of delivered frames need not be kept. */
	if (r->passed > n / 2) {
		r->marks.len -= r->passed * sizeof *m;
		memmove(r->marks.p, r->marks.p + r->passed * sizeof *m,
		    r->marks.len);
		r->passed = 0;
	}
	return number;
}

int
spool_ack(struct spool_reader *r, uint64_t number)
{
	struct segment_file *list;
	size_t n;

	number = find_mark(r, number);
	r->delivered.number = r->delivered.planned = number;
	if (save_position(r) < 0)
		return -1;
	if (!r->others)
		return 0;
	if (segment_list(r->dir, &list, &n) < 0)
		return -1;
	for (size_t i = 0; i < n && list[i].first < r->delivered.segment; i++)
		segment_unlink(r->dir, list[i].first);
	r->others = n > 1 && list[0].first < r->seg.first;
	free(list);
	return 0;
}

int
spool_plan(struct spool_reader *r, uint64_t number)
{
	if (r->delivered.planned == number)
		return 0;
	r->delivered.planned = number;
	return save_position(r) < 0 ? -1 : fdatasync(r->position);
}

uint64_t
spool_planned(const struct spool_reader *r)
{
	return r->delivered.planned;
}

int
spool_watch(struct spool_reader *r, const char *dir)
{
	r->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return r->notify < 0 || inotify_add_watch(r->notify, dir,
	    IN_MODIFY | IN_CREATE) < 0 ? -1 : 0;
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
	buf_free(&r->marks);
	close_file(r->notify);
	close_file(r->position);
	close_file(r->lock);
	close_file(r->dir);
	free(r);
}
