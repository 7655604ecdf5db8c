#include "gzindex.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "deflate.h"

enum {
	EXTRA = 4,		/* FLG: an extra field follows */
	XLEN = 2, FIELD = 4,	/* bytes of lengths before the index */
	ENTRY = 16,
	MOST = (65535 - FIELD) / ENTRY,
	LARGEST = 64 << 20,
};

static void
put32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

static uint32_t
get32(const unsigned char *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[1] << 8 | p[0];
}

static void
put16(unsigned char *p, size_t v)
{
	p[0] = (unsigned char)v;
	p[1] = (unsigned char)(v >> 8);
}

static size_t
get16(const unsigned char *p)
{
	return (size_t)p[1] << 8 | p[0];
}

int
gzindex_new(struct gzindex *x, uint64_t pieces)
{
	*x = (struct gzindex){ .run = (unsigned)((pieces + MOST - 1) / MOST) };
	x->room = (size_t)((pieces + x->run - 1) / x->run);
	x->piece = calloc(x->room, sizeof *x->piece);
	return x->piece == NULL ? -1 : 0;
}

void
gzindex_add(struct gzindex *x, uint64_t nth, const struct gzpiece *piece)
{
	size_t i = (size_t)(nth / x->run);
	struct gzpiece *p;

	if (i >= x->room)	/* more than was told: the file grew */
		return;
	x->n = i + 1;
	p = &x->piece[i];
	if (p->packed == 0 || piece->first == 0) {
		p->first = piece->first;
		p->last = piece->last;
	} else if (p->first != 0) {	/* all that it has are known, too */
		p->first = piece->first < p->first ? piece->first : p->first;
		p->last = piece->last > p->last ? piece->last : p->last;
	}
	p->packed += piece->packed;
	p->unpacked += piece->unpacked;
}

size_t
gzindex_size(const struct gzindex *x)
{
	return GZ_HEADER + XLEN + FIELD + x->room * ENTRY;
}

void
gzindex_put(const struct gzindex *x, unsigned char *header)
{
	unsigned char *p = header + GZ_HEADER;

	header[3] |= EXTRA;
	put16(p, FIELD + x->room * ENTRY);
	p[2] = 'L';
	p[3] = 'F';
	put16(p + 4, x->room * ENTRY);
	p += XLEN + FIELD;
	for (size_t i = 0; i < x->room; i++, p += ENTRY) {
		put32(p, x->piece[i].packed);
		put32(p + 4, x->piece[i].unpacked);
		put32(p + 8, x->piece[i].first);
		put32(p + 12, x->piece[i].last);
	}
}

/* Fill the index from n bytes of field; do its sizes add up to the file's? */
static bool
take_field(struct gzindex *x, int fd, const unsigned char *field, size_t n)
{
	unsigned char trailer[GZ_TRAILER];
	uint64_t unpacked = 0;
	off_t at = x->start;
	struct gzpiece *p;
	struct stat st;

	x->room = n / ENTRY;
	if ((x->piece = calloc(x->room, sizeof *x->piece)) == NULL)
		return false;
	for (; x->n < x->room && get32(field) != 0; x->n++, field += ENTRY) {
		p = &x->piece[x->n];
		*p = (struct gzpiece){ get32(field), get32(field + 4),
		    get32(field + 8), get32(field + 12) };
		if (p->packed > LARGEST || p->unpacked > LARGEST)
			return false;
		at += p->packed;
		unpacked += p->unpacked;
	}
	at += DEFLATE_END_SIZE;
	if (x->n == 0 || fstat(fd, &st) < 0 || st.st_size != at + GZ_TRAILER ||
	    pread(fd, trailer, sizeof trailer, at) != sizeof trailer)
		return false;
	x->crc = get32(trailer);
	return get32(trailer + 4) == (uint32_t)unpacked;
}

int
gzindex_read(struct gzindex *x, int fd)
{
	enum { HEAD = GZ_HEADER + XLEN + FIELD };
	unsigned char head[HEAD], *field;
	size_t n;

	*x = (struct gzindex){ .run = 1 };
	/* No other flag and no other field: it is as we wrote it. */
	if (pread(fd, head, HEAD, 0) != HEAD || memcmp(head, "\x1f\x8b\x08\4", 4) ||
	    memcmp(head + GZ_HEADER + XLEN, "LF", 2))
		return -1;
	n = get16(head + HEAD - 2);
	if (n == 0 || get16(head + GZ_HEADER) != FIELD + n || n % ENTRY != 0)
		return -1;
	x->start = (off_t)(HEAD + n);
	if ((field = malloc(n)) == NULL)
		return -1;
	if (pread(fd, field, n, HEAD) == (ssize_t)n &&
	    take_field(x, fd, field, n)) {
		free(field);
		return 0;
	}
	free(field);
	gzindex_free(x);
	return -1;
}

void
gzindex_free(struct gzindex *x)
{
	free(x->piece);
	*x = (struct gzindex){ .run = 1 };
}
