#include "input/gunzip.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { CHUNK = 64 * 1024 };

struct gunzip {
	gzip_source *source;
	void *from;
	z_stream z;
	bool between;		/* we are between two members */
	bool ended, failed;
	char error[128];
	unsigned char in[CHUNK];
};

struct gunzip *
gunzip_new(gzip_source *source, void *from)
{
	struct gunzip *g;

	if ((g = calloc(1, sizeof *g)) == NULL)
		return NULL;
	g->source = source;
	g->from = from;
	if (inflateInit2(&g->z, 15 + 16) != Z_OK) {
		free(g);
		errno = ENOMEM;
		return NULL;
	}
	return g;
}

static ssize_t
fail(struct gunzip *g, const char *why)
{
	g->failed = true;
	strncpy(g->error, why, sizeof g->error - 1);
	return -1;
}

/* Read more input to z.next_in.  Returns 1, 0 at the end, -1. */
static int
refill(struct gunzip *g)
{
	ssize_t n;

	if (g->z.avail_in > 0)
		return 1;
	if ((n = g->source(g->from, g->in, sizeof g->in)) < 0)
		return (int)fail(g, strerror(errno));
	g->z.next_in = g->in;
	g->z.avail_in = (uInt)n;
	return n > 0;
}

/*
 * Read between members.  Returns 1 when another one starts, 0 at the end, -1.
 */
static int
next_member(struct gunzip *g)
{
	int r;

	while ((r = refill(g)) > 0 && *g->z.next_in == 0) {
		g->z.next_in++;
		g->z.avail_in--;
	}
	if (r <= 0)
		return r;
	if (*g->z.next_in != 0x1f)
		return (int)fail(g, "garbage after the compressed data");
	inflateReset(&g->z);
	g->between = false;
	return 1;
}

ssize_t
gunzip_read(struct gunzip *g, void *p, size_t n)
{
	int r;

	if (g->failed)
		return -1;
	if (n > 1 << 30)
		n = 1 << 30;
	g->z.next_out = p;
	g->z.avail_out = (uInt)n;
	while (g->z.avail_out == n && !g->ended) {
		r = g->between ? next_member(g) : refill(g);
		if (r < 0)
			return -1;
		if (r == 0) {
			if (!g->between)
				return fail(
				    g, "unexpected end of the compressed data");
			g->ended = true;
			break;
		}
		r = inflate(&g->z, Z_NO_FLUSH);
		if (r == Z_STREAM_END)
			g->between = true;
		else if (r == Z_MEM_ERROR)
			return fail(g, strerror(ENOMEM));
		else if (r != Z_OK && r != Z_BUF_ERROR) {
			fail(g, g->z.msg != NULL ? g->z.msg : "bad gzip data");
			break;	/* the good bytes are given out first */
		}
	}
	n -= g->z.avail_out;
	return n > 0 || !g->failed ? (ssize_t)n : -1;
}

const char *
gunzip_error(const struct gunzip *g)
{
	return g->error;
}

void
gunzip_free(struct gunzip *g)
{
	if (g == NULL)
		return;
	inflateEnd(&g->z);
	free(g);
}
