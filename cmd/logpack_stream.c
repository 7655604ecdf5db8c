/*
 * logpack_stream - bytes on their way from an input to where they are packed
 */
#include "logpack.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "base/status.h"
#include "base/stdout.h"
#include "base/write_all.h"
#include "pack/archive_writer.h"
#include "pack/gzip_writer.h"
#include "record/timestamp.h"

/* All threads pack one file, so only one large file is packed at a time. */
static pthread_mutex_t large = PTHREAD_MUTEX_INITIALIZER;
enum { LARGE = 1 << 20 };

int
stream_write(void *arg, const void *p, size_t n)
{
	struct stream *s = arg;

	s->written.size += n;
	if (s->out >= 0)
		return write_all(s->out, p, n);
	out_add(p, n);
	if (!out_failed())
		return 0;
	s->failed = NULL;
	errno = EIO;
	return -1;
}

static int
stream_again(void *arg, const void *p, size_t n)
{
	const struct stream *s = arg;
	ssize_t w;

	if (s->out < 0)
		out_flush();
	w = pwrite(s->out < 0 ? STDOUT_FILENO : s->out, p, n, s->start);
	if (w >= 0 && (size_t)w < n)
		errno = EIO;
	return (size_t)w == n ? 0 : -1;
}

/* Pass all data of s->in to p.  Returns 0, or -1 with errno and s->failed. */
static int
fill_pack(struct pack *p, struct stream *s)
{
	ssize_t n;
	size_t room;
	void *to;

	if (pack_begin(p) < 0)
		return -1;
	while ((to = pack_room(p, &room)) != NULL) {
		if ((n = input_read_raw(s->in, to, room)) < 0) {
			s->failed = s->in_name;
			return -1;
		}
		if (n == 0)
			return pack_end(p);
		pack_filled(p, (size_t)n);
	}
	return -1;
}

/*
 * Returns the offset in standard output, or -1 when what was written to it
 * cannot be written again.
 */
static off_t
start_of_output(void)
{
	struct stat st;
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (flags < 0 || (flags & O_APPEND) ||
	    fstat(STDOUT_FILENO, &st) < 0 || !S_ISREG(st.st_mode) ||
	    out_flush() < 0)
		return -1;
	return lseek(STDOUT_FILENO, 0, SEEK_CUR);
}

static int
compress_gzip(struct stream *s)
{
	const struct stat *st = input_stat(s->in);
	bool is_large = !S_ISREG(st->st_mode) || st->st_size > LARGE;
	bool is_file = S_ISREG(st->st_mode);
	struct pack p = { .level = job.level, .rsyncable = job.rsyncable,
	    .threads = is_large ? job.threads : 1, .indexed = true,
	    .sink = stream_write, .arg = s,
	    .size = is_file ? (uint64_t)st->st_size : 0,
	    .near = is_file ? st->st_mtime : ZONE_NOW };
	int r;

	s->start = s->out < 0 ? start_of_output() : 0;
	p.again = s->start >= 0 ? stream_again : NULL;

	if (is_large)
		pthread_mutex_lock(&large);
	r = fill_pack(&p, s);
	pack_free(&p);
	if (is_large)
		pthread_mutex_unlock(&large);
	s->content = (struct content){ p.in, p.crc };
	s->written = (struct content){ p.out, p.out_crc };
	return r;
}

/*
 * Compress to zstd or xz.  Returns as fill_pack does, but prints errors of the
 * compressor itself.
 */
static int
compress_other(struct stream *s)
{
	enum archive_type type =
	    job.type == ZST ? ARCHIVE_TYPE_ZST : ARCHIVE_TYPE_XZ;
	const struct stat none = { 0 };
	char buf[CHUNK];
	struct archive_writer *b;
	ssize_t n = -1;
	int r;

	if ((b = archive_writer_create(stream_write, s, type, job.level, 1)) ==
	    NULL)
		return -1;
	if ((r = archive_writer_begin(b, "data", -1, &none)) == 0)
		while ((n = input_read_raw(s->in, buf, sizeof buf)) > 0 &&
		    (r = archive_writer_add(b, buf, (size_t)n)) == 0)
			content_add(&s->content, buf, (size_t)n);
	if (n < 0 && r == 0) {
		s->failed = s->in_name;
		r = -1;
	} else if ((r < 0 || (r = archive_writer_end(b)) < 0) &&
	    s->failed != NULL) {
		warnx("%s: %s", s->out_name, archive_writer_error(b));
		s->failed = NULL;
	}
	archive_writer_free(b);
	return r;
}

/* Compress s.  Returns 0, or -1 after a message. */
int
compress_stream(struct task *t, struct stream *s)
{
	int r;

	s->failed = s->out_name;
	r = job.type == GZ ? compress_gzip(s) : compress_other(s);
	if (r < 0) {
		if (s->failed != NULL)
			task_trouble(t, s->failed);
		task_status(t, STATUS_TROUBLE);
	}
	t->unpacked = s->content.size;
	t->packed = s->written.size;
	return r;
}
