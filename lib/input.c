#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "archive.h"
#include "finish.h"
#include "gzip.h"
#include "mapped.h"
#include "pieces.h"
#include "pipe.h"
#include "progress.h"
#include "units.h"

enum {
	PEEK = 16,		/* more than any magic number */
	LINGER_MS = 100,	/* when asked to finish: a pipe idle so long is empty */
	LINGER_MAX_MS = 1000,	/* and so long after, even a busy one is left */
	MAP_MIN = 64 << 10,	/* less is sooner read than mapped */
};

enum kind { UNKNOWN, PLAIN, GZIP, PIECES, OTHER };

struct input {
	int fd;
	enum kind kind;
	struct stat st;
	unsigned char peek[PEEK];
	size_t npeek, at;	/* bytes in peek, bytes of it given out */
	bool finishing;
	size_t owed;		/* bytes in the pipe when asked to finish */
	int64_t leave_ms;
	struct gunzip *gunzip;
	struct pieces *pieces;
	struct unpack *unpack;
	bool mapping;
	struct mapped map;
	off_t next;		/* while mapping: where what is next begins, */
	size_t skipped;		/* and the size of what was before */
	const char *error;
};

int (*input_idle)(void);
unsigned input_threads = 2;

static const struct {
	enum kind kind;
	unsigned char len;
	const char *bytes;
} magics[] = {
	{ GZIP, 3, "\x1f\x8b\x08" },
	{ OTHER, 4, "\x28\xb5\x2f\xfd" },		/* zstd */
	{ OTHER, 6, "\xfd" "7zXZ\0" },
	{ OTHER, 4, "\x04\x22\x4d\x18" },		/* lz4 frame */
	{ OTHER, 4, "\x02\x21\x4c\x18" },		/* lz4's older one */
	{ OTHER, 10, "BZh91AY&SY" },
	{ OTHER, 10, "BZh9\x17rE8P\x90" },	/* bzip2 of nothing */
	{ OTHER, 4, "\x50\x2a\x4d\x18" },		/* zstd's skippable frame */
};

struct input *
input_open(const char *path)
{
	int fd = STDIN_FILENO;
	struct input *in;

	/* A pipe that nobody writes to is waited for where a signal ends it. */
	if (strcmp(path, "-") != 0 && (fd = open(path,
	    O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)) < 0)
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

/* Wait for fd or for the wish to finish; -1 waits for ever.  1: fd is ready. */
static int
wait_ms(int fd, int ms, bool or_finish)
{
	struct pollfd p[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = or_finish ? finish_fd() : -1, .events = POLLIN },
	};

	if (poll(p, 2, ms) < 0)
		return errno == EINTR ? 0 : -1;
	return p[0].revents != 0;
}

/* Something that may block: 1 read it, 0 it is to count as ended, -1. */
static int
wait_for_bytes(struct input *in)
{
	int r, n = 0;

	if ((r = wait_ms(in->fd, 0, false)) != 0)
		goto ready;
	if (input_idle != NULL && input_idle() < 0)
		return 0;	/* nobody reads what would come of it */
	while (!finish_asked())
		if ((r = wait_ms(in->fd, -1, true)) != 0)
			goto ready;
	r = wait_ms(in->fd, LINGER_MS, false);
ready:
	if (r <= 0 || !finish_asked())
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
			if (finish_asked()) {
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

/* Go on behind what was skipped. */
static void
end_mapping(struct input *in)
{
	if (!in->mapping)
		return;
	mapped_free(&in->map);
	in->mapping = false;
	in->at = in->npeek;
	lseek(in->fd, in->next, SEEK_SET);
}

/* As read_fd, but first what was peeked at, with what is there behind it. */
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
	return (ssize_t)peeked + (got > 0 ? got : 0);	/* -1 comes again */
}

/* What the bytes seen so far say; UNKNOWN: they begin like a magic number. */
static enum kind
kind_of(const struct input *in)
{
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
		size_t n = magics[i].len < in->npeek ? magics[i].len : in->npeek;
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

/* Read until the kind is known and start what unpacks it; 0 or -1. */
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
	if (in->kind == GZIP && S_ISREG(in->st.st_mode) &&
	    lseek(in->fd, 0, SEEK_CUR) == (off_t)in->npeek)
		in->pieces = pieces_new(in->fd, input_threads);
	if (in->pieces != NULL)
		in->kind = PIECES;
	else if (in->kind == GZIP)
		in->gunzip = gunzip_new(read_raw, in);
	else if (in->kind == OTHER)
		in->unpack = unpack_new(read_raw, in);
	return in->kind != PLAIN && in->gunzip == NULL &&
	    in->pieces == NULL && in->unpack == NULL ? -1 : 0;
}

ssize_t
input_read(struct input *in, void *p, size_t n)
{
	ssize_t got;

	in->error = NULL;
	if (in->kind == UNKNOWN && find_kind(in) < 0)
		goto failed;
	switch (in->kind) {
	case GZIP:
		if ((got = gunzip_read(in->gunzip, p, n)) < 0)
			in->error = gunzip_error(in->gunzip);
		return got;
	case PIECES:
		if (finish_asked()) {
			errno = EINTR;
			goto failed;
		}
		if ((got = pieces_read(in->pieces, p, n)) < 0)
			in->error = pieces_error(in->pieces);
		return got;
	case OTHER:
		if ((got = unpack_read(in->unpack, p, n)) < 0)
			in->error = unpack_error(in->unpack);
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

	if (finish_asked() || !begin_mapping(in) || fstat(in->fd, &st) < 0 ||
	    st.st_size - in->next < MAP_MIN)
		return NULL;
	if (st.st_size - in->next < (off_t)*n)
		*n = (size_t)(st.st_size - in->next);
	return mapped_part(&in->map, in->fd, st.st_size, in->next, *n);
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
input_between(struct input *in, int64_t from, int64_t until)
{
	if (input_is_compressed(in) && in->pieces != NULL)
		pieces_between(in->pieces, from, until);
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
	pieces_free(in->pieces);
	unpack_free(in->unpack);
	if (in->fd != STDIN_FILENO)
		close(in->fd);
	free(in);
}
