#include "input/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "base/progress.h"
#include "base/termination.h"
#include "base/units.h"
#include "file/file_map.h"
#include "file/path.h"
#include "file/pipe.h"
#include "input/decompress.h"
#include "input/gunzip.h"
#include "input/gunzip_pieces.h"
#include "input/gunzip_whole.h"

enum {
	PEEK = 16, /* more than any magic number */
	LINGER_MS =
	    100, /* when asked to finish, a pipe idle so long is empty */
	LINGER_MAX_MS = 1000, /* and after so long even a busy pipe is left */
	MAP_MIN = 64 << 10, /* a smaller file is faster read than mapped */
};

enum kind { UNKNOWN, PLAIN, GZIP, PIECES, WHOLE, OTHER };

struct input {
	int fd;
	enum kind kind;
	struct stat st;
	unsigned char peek[PEEK];
	size_t npeek, at;	/* bytes in peek, and how many were given out */
	bool finishing;
	size_t owed; /* how many bytes the pipe held when asked to finish */
	int64_t leave_ms;
	struct gunzip *gunzip;
	struct gunzip_pieces *pieces;
	struct gunzip_whole *whole;
	struct decompress *unpack;
	bool mapping;
	struct file_map map;
	off_t next; /* while mapping, the offset of the next bytes */
	size_t skipped;		/* how many bytes were skipped last */
	size_t left_out;	/* how many pieces are not wanted */
	const char *error;
};

bool input_from_list;
int (*input_idle)(void);
unsigned input_threads = 2;

static const struct {
	enum kind kind;
	unsigned char len;
	const char *bytes;
} magics[] = {
	{ GZIP, 3, "\x1f\x8b\x08" },
	{ OTHER, 4, "\x28\xb5\x2f\xfd" }, /* zstd */
	{ OTHER, 6,
	    "\xfd"
	    "7zXZ\0" },
	{ OTHER, 4, "\x04\x22\x4d\x18" }, /* lz4 frame */
	{ OTHER, 4, "\x02\x21\x4c\x18" }, /* lz4's older one */
	{ OTHER, 10, "BZh91AY&SY" },
	{ OTHER, 10, "BZh9\x17rE8P\x90" }, /* bzip2 of an empty file */
	{ OTHER, 4, "\x50\x2a\x4d\x18" }, /* zstd's skippable frame */
};

struct input *
input_open(const char *path)
{
	int fd = STDIN_FILENO, flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC |
	    O_NOCTTY;
	struct input *in;

	/*
	 * A FIFO that nobody writes to is waited for in a place where a signal
	 * ends the wait.
	 */
	if (strcmp(path, "-") != 0 && (fd = input_from_list ?
	    path_open(path, flags, 0) : open(path, flags)) < 0)
		return NULL;
	if ((in = input_new(fd)) == NULL && fd != STDIN_FILENO)
		close(fd);
	return in;
}

struct input *
input_new(int fd)
{
	struct input *in;

	if ((in = calloc(1, sizeof *in)) == NULL)
		return NULL;
	in->fd = fd;
	if (fstat(fd, &in->st) < 0)
		goto fail;
	if (S_ISDIR(in->st.st_mode)) {
		errno = EISDIR;
		goto fail;
	}
	pipe_own(fd);
	if (S_ISREG(in->st.st_mode))
		progress_expect((uint64_t)in->st.st_size);
	return in;
fail:
	free(in);
	return NULL;
}

/*
 * Wait for fd or for the wish to finish; ms -1 waits for ever.  Returns 1 when
 * fd is ready.
 */
static int
wait_ms(int fd, int ms, bool or_finish)
{
	struct pollfd p[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = or_finish ? termination_fd() : -1, .events = POLLIN },
	};

	if (poll(p, 2, ms) < 0)
		return errno == EINTR ? 0 : -1;
	return p[0].revents != 0;
}

/*
 * Wait before a read that may block.  Returns 1 to read it, 0 when it counts as
 * ended, -1.
 */
static int
wait_for_bytes(struct input *in)
{
	int r, n = 0;

	if ((r = wait_ms(in->fd, 0, false)) != 0)
		goto ready;
	if (input_idle != NULL && input_idle() < 0)
		return 0;	/* nobody reads the output any more */
	while (!termination_asked())
		if ((r = wait_ms(in->fd, -1, true)) != 0)
			goto ready;
	r = wait_ms(in->fd, LINGER_MS, false);
ready:
	if (r <= 0 || !termination_asked())
		return r;
	if (!in->finishing) {
		in->finishing = true;
		in->owed = ioctl(in->fd, FIONREAD, &n) == 0 ? (size_t)n : 0;
		in->leave_ms = units_now_ms() + LINGER_MAX_MS;
	}
	return in->owed > 0 || units_now_ms() < in->leave_ms;
}

static ssize_t
read_fd(struct input *in, void *p, size_t n)
{
	ssize_t got;
	int r;

	do {
		if (S_ISREG(in->st.st_mode)) {
			if (termination_asked()) {
				errno = EINTR;
				return -1;
			}
		} else if ((r = wait_for_bytes(in)) <= 0) {
			return r;
		}
		got = read(in->fd, p, n);
	} while (got < 0 && (errno == EINTR || errno == EAGAIN));
	if (got > 0) {
		in->owed -= (size_t)got < in->owed ? (size_t)got : in->owed;
		progress_add((uint64_t)got);
	}
	return got;
}

/* Go on reading after the bytes that were skipped. */
static void
end_mapping(struct input *in)
{
	if (!in->mapping)
		return;
	file_map_free(&in->map);
	in->mapping = false;
	in->at = in->npeek;
	lseek(in->fd, in->next, SEEK_SET);
}

/*
 * As read_fd, but gives first the bytes that were peeked at, and in the same
 * call those that follow them.
 */
static ssize_t
read_raw(void *arg, void *p, size_t n)
{
	struct input *in = arg;
	size_t peeked;
	ssize_t got = 0;

	end_mapping(in);
	if (in->at == in->npeek)
		return read_fd(in, p, n);
	peeked = n < in->npeek - in->at ? n : in->npeek - in->at;
	memcpy(p, in->peek + in->at, peeked);
	in->at += peeked;
	if (peeked < n && (S_ISREG(in->st.st_mode) ||
	    wait_ms(in->fd, 0, false) > 0))
		got = read_fd(in, (char *)p + peeked, n - peeked);
	/* A failed read will fail again. */
	return (ssize_t)peeked + (got > 0 ? got : 0);
}

/*
 * The kind that the bytes seen so far mean; UNKNOWN while they begin like a
 * magic number.
 */
static enum kind
kind_of(const struct input *in)
{
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
		size_t n =
		    magics[i].len < in->npeek ? magics[i].len : in->npeek;
		unsigned char seen[PEEK];

		memcpy(seen, in->peek, n);
		if (n > 3 && magics[i].bytes[0] == 'B')
			seen[3] = '9';		/* bzip2: 1 to 9 */
		if (n > 0 && magics[i].bytes[0] == '\x50')
			seen[0] &= 0xf0;	/* skippable: 0x50 to 0x5f */
		if (memcmp(seen, magics[i].bytes, n) == 0)
			return n == magics[i].len ? magics[i].kind : UNKNOWN;
	}
	return PLAIN;
}

/* Start to unpack gzip, in the fastest way that the file allows. */
static void
begin_gunzip(struct input *in)
{
	if (S_ISREG(in->st.st_mode) &&
	    lseek(in->fd, 0, SEEK_CUR) == (off_t)in->npeek) {
		in->pieces = gunzip_pieces_new(in->fd, input_threads);
		if (in->pieces == NULL && in->fd != STDIN_FILENO)
			in->whole = gunzip_whole_new(in->fd);
	}
	if (in->pieces != NULL) {
		in->kind = PIECES;
	} else if (in->whole != NULL) {
		in->kind = WHOLE;
		progress_add((uint64_t)in->st.st_size - in->npeek);
	} else {
		in->gunzip = gunzip_new(read_raw, in);
	}
}

/* Read until the kind is known, and start to unpack it.  Returns 0 or -1. */
static int
find_kind(struct input *in)
{
	ssize_t got;

	while (in->kind == UNKNOWN) {
		got = read_fd(in, in->peek + in->npeek, PEEK - in->npeek);
		if (got < 0)
			return -1;
		in->npeek += (size_t)got;
		in->kind = kind_of(in);
		if (got == 0 && in->kind == UNKNOWN)
			in->kind = PLAIN;
	}
	if (in->kind == GZIP)
		begin_gunzip(in);
	else if (in->kind == OTHER)
		in->unpack = decompress_new(read_raw, in);
	if ((in->kind != GZIP || in->gunzip != NULL) &&
	    (in->kind != OTHER || in->unpack != NULL))
		return 0;
	in->kind = UNKNOWN;		/* the next read fails, too */
	return -1;
}

ssize_t
input_read(struct input *in, void *p, size_t n)
{
	ssize_t got;

	in->error = NULL;
	if (S_ISREG(in->st.st_mode) && termination_asked()) {
		errno = EINTR;	/* a few packed bytes may be very many */
		goto failed;
	}
	if (in->kind == UNKNOWN && find_kind(in) < 0)
		goto failed;
	switch (in->kind) {
	case GZIP:
		if ((got = gunzip_read(in->gunzip, p, n)) < 0)
			in->error = gunzip_error(in->gunzip);
		return got;
	case PIECES:
		if ((got = gunzip_pieces_read(in->pieces, p, n)) < 0)
			in->error = gunzip_pieces_error(in->pieces);
		return got;
	case WHOLE:
		return gunzip_whole_read(in->whole, p, n);
	case OTHER:
		if ((got = decompress_read(in->unpack, p, n)) < 0)
			in->error = decompress_error(in->unpack);
		return got;
	default:
		if ((got = read_raw(in, p, n)) >= 0)
			return got;
	}
failed:
	in->error = strerror(errno);
	return -1;
}

ssize_t
input_read_raw(struct input *in, void *p, size_t n)
{
	ssize_t got = read_raw(in, p, n);

	in->error = got < 0 ? strerror(errno) : NULL;
	return got;
}

const char *
input_error(const struct input *in)
{
	return in->error != NULL ? in->error : "no error";
}

static bool
begin_mapping(struct input *in)
{
	off_t at;

	if (in->mapping)
		return true;
	if (!S_ISREG(in->st.st_mode) || input_is_compressed(in) ||
	    in->kind != PLAIN || (at = lseek(in->fd, 0, SEEK_CUR)) < 0)
		return false;
	in->next = at - (off_t)(in->npeek - in->at);
	return in->mapping = true;
}

const char *
input_map(struct input *in, size_t *n)
{
	struct stat st;

	if (termination_asked() || !begin_mapping(in) ||
	    fstat(in->fd, &st) < 0 || st.st_size - in->next < MAP_MIN)
		return NULL;
	if (st.st_size - in->next < (off_t)*n)
		*n = (size_t)(st.st_size - in->next);
	return file_map_part(&in->map, in->fd, st.st_size, in->next, *n);
}

void
input_skip(struct input *in, size_t n)
{
	in->next += (off_t)n;
	in->skipped = n;
	progress_add(n);
}

bool
input_unskip(struct input *in)
{
	struct stat st;

	if (!in->mapping || (!in->map.lost && fstat(in->fd, &st) == 0 &&
	    st.st_size >= in->next))
		return false;
	in->next -= (off_t)in->skipped;
	in->skipped = 0;
	end_mapping(in);
	return true;
}

const struct stat *
input_stat(const struct input *in)
{
	return &in->st;
}

bool
input_is_output(const struct input *in)
{
	struct stat out;

	return S_ISREG(in->st.st_mode) && fstat(STDOUT_FILENO, &out) == 0 &&
	    out.st_dev == in->st.st_dev && out.st_ino == in->st.st_ino;
}

bool
input_is_compressed(struct input *in)
{
	if (in->kind == UNKNOWN)
		find_kind(in);
	return in->kind != UNKNOWN && in->kind != PLAIN;
}

void
input_choose(struct input *in, const struct gzip_wanted *wanted)
{
	if (input_is_compressed(in) && in->pieces != NULL)
		in->left_out = gunzip_pieces_choose(in->pieces, wanted,
		    in->st.st_mtime);
}

bool
input_left_out(const struct input *in)
{
	return in->left_out > 0;
}

int
input_fd(const struct input *in)
{
	return in->fd;
}

void
input_close(struct input *in)
{
	if (in == NULL)
		return;
	end_mapping(in);
	gunzip_free(in->gunzip);
	gunzip_pieces_free(in->pieces);
	gunzip_whole_free(in->whole);
	decompress_free(in->unpack);
	if (in->fd != STDIN_FILENO)
		close(in->fd);
	free(in);
}
