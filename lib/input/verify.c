#include "input/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <libdeflate.h>

enum { CHUNK = 128 * 1024 };

void
content_add(struct content *c, const void *p, size_t n)
{
	c->crc = libdeflate_crc32(c->crc, p, n);
	c->size += n;
}

int
content_read(struct content *c, struct input *in, bool raw)
{
	char buf[CHUNK];
	ssize_t n;

	*c = (struct content){ 0 };
	while ((n = raw ? input_read_raw(in, buf, sizeof buf) :
	    input_read(in, buf, sizeof buf)) > 0)
		content_add(c, buf, (size_t)n);
	return (int)n;
}

/*
 * Opens an input of its own for the file fd, from its start.  Returns NULL with
 * errno.
 */
static struct input *
reopen(int fd)
{
	struct input *in = NULL;
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (own < 0)
		return NULL;
	if (lseek(own, 0, SEEK_SET) < 0 || (in = input_new(own)) == NULL)
		close(own);
	return in;
}

int
content_check(const struct content *c, int fd, bool raw, const char **why)
{
	static _Thread_local char text[160];
	struct content is;
	struct input *in;

	*why = NULL;
	if ((in = reopen(fd)) == NULL) {
		*why = strerror(errno);
		return -1;
	}
	if (content_read(&is, in, raw) < 0) {
		snprintf(text, sizeof text, "%s", input_error(in));
		*why = text;
	} else if (is.crc != c->crc || is.size != c->size) {
		*why = "not what was written";
	}
	input_close(in);
	return *why == NULL ? 0 : -1;
}

bool
content_at(int fd, off_t at, const void *p, size_t n)
{
	char q[CHUNK];
	ssize_t got = 0;

	if (n == 0)
		return pread(fd, q, 1, at) == 0;
	for (const char *next = p; n > 0; next += got, at += got) {
		got = pread(fd, q, n < CHUNK ? n : CHUNK, at);
		if (got <= 0 || memcmp(next, q, (size_t)got) != 0)
			return false;
		n -= (size_t)got;
	}
	return true;
}

bool
content_is(int packed, int plain)
{
	char p[CHUNK];
	struct input *in = reopen(packed);
	ssize_t n = -1;
	off_t at = 0;

	if (in != NULL && input_is_compressed(in))
		while ((n = input_read(in, p, sizeof p)) > 0 &&
		    content_at(plain, at, p, (size_t)n))
			at += n;
	input_close(in);
	return n == 0 && content_at(plain, at, p, 0);
}
