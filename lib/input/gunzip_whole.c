#include "input/gunzip_whole.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libdeflate.h>
#include <sys/stat.h>

enum {
	PACKED_MAX = 1 << 20, UNPACKED_MAX = 4 << 20,
	MEMBER_MIN = 18,	/* a header and a trailer */
	HEADER_CRC = 2,		/* in FLG: a CRC that libdeflate does not check */
};

struct gunzip_whole {
	unsigned char *text;
	size_t len, cap, given;
};

static uint32_t
get32(const unsigned char *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[1] << 8 | p[0];
}

/* Unpack members until the end of all. */
static bool
unpack(struct gunzip_whole *g, struct libdeflate_decompressor *d,
    const unsigned char *p, size_t n)
{
	size_t used, made;

	while (n >= MEMBER_MIN && (p[3] & HEADER_CRC) == 0) {
		if (libdeflate_gzip_decompress_ex(d, p, n, g->text + g->len,
		    g->cap - g->len, &used, &made) != LIBDEFLATE_SUCCESS)
			return false;
		g->len += made;
		p += used;
		n -= used;
		for (; n > 0 && *p == 0; n--)
			p++;
		if (n == 0)
			return true;
	}
	return false;
}

/* Read the whole file, and one byte more, which should not be there. */
static unsigned char *
read_all(int fd, size_t n)
{
	unsigned char *packed = malloc(n + 1);

	if (packed != NULL && pread(fd, packed, n + 1, 0) == (ssize_t)n)
		return packed;
	free(packed);
	return NULL;
}

struct gunzip_whole *
gunzip_whole_new(int fd)
{
	struct libdeflate_decompressor *d = NULL;
	struct gunzip_whole *g = NULL;
	unsigned char *packed;
	bool good = false;
	struct stat st;
	size_t n;

	if (fstat(fd, &st) < 0 || st.st_size < MEMBER_MIN ||
	    st.st_size > PACKED_MAX)
		return NULL;
	n = (size_t)st.st_size;
	if ((packed = read_all(fd, n)) == NULL)
		return NULL;
	/* The size of the last member, and mostly of all. */
	if (get32(packed + n - 4) <= UNPACKED_MAX &&
	    (g = calloc(1, sizeof *g)) != NULL &&
	    (d = libdeflate_alloc_decompressor()) != NULL) {
		g->cap = (size_t)get32(packed + n - 4) + 1;
		if ((g->text = malloc(g->cap)) != NULL)
			good = unpack(g, d, packed, n);
	}
	if (d != NULL)
		libdeflate_free_decompressor(d);
	free(packed);
	if (good)
		return g;
	gunzip_whole_free(g);
	return NULL;
}

ssize_t
gunzip_whole_read(struct gunzip_whole *g, void *p, size_t n)
{
	if (n > g->len - g->given)
		n = g->len - g->given;
	memcpy(p, g->text + g->given, n);
	g->given += n;
	return (ssize_t)n;
}

void
gunzip_whole_free(struct gunzip_whole *g)
{
	if (g == NULL)
		return;
	free(g->text);
	free(g);
}
