#include "input/gzip_index.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "input/deflate_piece.h"

enum {
	EXTRA = 4,		/* in FLG: an extra field follows */
	XLEN = 2, FIELD = 4,	/* sizes of the lengths before the index */
	HEAD = GZ_HEADER + XLEN + FIELD,
	ENTRY = 24, OLD_ENTRY = 16,
	MOST = (65535 - FIELD) / ENTRY,
	/* The largest piece that is taken, above those that we make. */
	LARGEST = 5 << 20,
	TIMED = PIECE_ZONED | PIECE_LOCAL,
	DAY_S = 86400,
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
gzip_index_new(struct gzip_index *x, uint64_t pieces)
{
	pieces = pieces > 0 ? pieces : 1;
	*x = (struct gzip_index){ .run =
				      (unsigned)((pieces + MOST - 1) / MOST) };
	x->room = (size_t)((pieces + x->run - 1) / x->run);
	x->piece = calloc(x->room, sizeof *x->piece);
	return x->piece == NULL ? -1 : 0;
}

/* Extend the range from *first to *last by another; has: there is one yet. */
static void
widen(bool has, uint32_t *first, uint32_t *last, uint32_t from, uint32_t to)
{
	*first = has && *first < from ? *first : from;
	*last = has && *last > to ? *last : to;
}

/* Let p stand for the piece after it, too. */
static void
join(struct gzip_piece *p, const struct gzip_piece *next)
{
	unsigned both = p->flags | next->flags;

	if ((p->flags & TIMED) == 0 || (next->flags & TIMED) == 0)
		both &= ~(unsigned)(TIMED | PIECE_YEARLESS);
	if (next->flags & PIECE_ZONED)
		widen(p->flags & PIECE_ZONED, &p->first, &p->last, next->first,
		    next->last);
	if (next->flags & PIECE_LOCAL)
		widen(p->flags & PIECE_LOCAL, &p->local_first, &p->local_last,
		    next->local_first, next->local_last);
	p->flags = (both & ~(unsigned)PIECE_INHERITS) |
	    (p->flags & PIECE_INHERITS);
	p->packed = p->packed > UINT32_MAX - next->packed ? UINT32_MAX :
	    p->packed + next->packed;
	p->unpacked = p->unpacked > UINT32_MAX - next->unpacked ? UINT32_MAX :
	    p->unpacked + next->unpacked;
}

/* Let each entry stand for two. */
static void
halve(struct gzip_index *x)
{
	for (size_t i = 0; i < x->n; i++)
		if (i % 2 == 0)
			x->piece[i / 2] = x->piece[i];
		else
			join(&x->piece[i / 2], &x->piece[i]);
	x->n = (x->n + 1) / 2;
	x->run *= 2;
}

void
gzip_index_add(
    struct gzip_index *x, uint64_t nth, const struct gzip_piece *piece)
{
	size_t i;

	while (nth / x->run >= x->room)
		halve(x);
	i = (size_t)(nth / x->run);
	if (i < x->n) {
		join(&x->piece[i], piece);
		return;
	}
	x->n = i + 1;
	x->piece[i] = *piece;
}

size_t
gzip_index_size(const struct gzip_index *x)
{
	return HEAD + x->room * ENTRY;
}

void
gzip_index_put(const struct gzip_index *x, unsigned char *header)
{
	unsigned char *p = header + GZ_HEADER;
	const struct gzip_piece *e;

	header[3] |= EXTRA;
	put16(p, FIELD + x->room * ENTRY);
	p[2] = 'L';
	p[3] = 'T';
	put16(p + 4, x->room * ENTRY);
	p += XLEN + FIELD;
	memset(p, 0, x->room * ENTRY);
	for (size_t i = 0; i < x->n; i++)
		if (x->piece[i].packed > LARGEST)
			return;		/* too many share an entry */
	for (size_t i = 0; i < x->n; i++, p += ENTRY) {
		e = &x->piece[i];
		put32(p, e->packed | (uint32_t)e->flags << 24);
		put32(p + 4, e->unpacked);
		if (e->flags & PIECE_ZONED) {
			put32(p + 8, e->first);
			put32(p + 12, e->last);
		}
		if (e->flags & PIECE_LOCAL) {
			put32(p + 16, e->local_first);
			put32(p + 20, e->local_last);
		}
	}
}

size_t
gzip_index_header(const void *head)
{
	const unsigned char *p = head;
	size_t n = get16(p + HEAD - 2);
	bool old = memcmp(p + GZ_HEADER + XLEN, "LF", 2) == 0;

	/*
	 * There is no other flag and no other field: the header is as we wrote
	 * it.
	 */
	if (memcmp(p, "\x1f\x8b\x08\4", 4) != 0 || n == 0 ||
	    (!old && memcmp(p + GZ_HEADER + XLEN, "LT", 2) != 0) ||
	    get16(p + GZ_HEADER) != FIELD + n ||
	    n % (old ? OLD_ENTRY : ENTRY) != 0)
		return 0;
	return HEAD + n;
}

/* Read the entry at p.  Returns how long it is. */
static size_t
take_entry(struct gzip_piece *e, const unsigned char *p, bool old)
{
	*e = (struct gzip_piece){ .packed = get32(p), .unpacked = get32(p + 4),
	    .first = get32(p + 8), .last = get32(p + 12), .wanted = true };
	if (!old) {
		e->flags = e->packed >> 24;
		e->packed &= 0xffffff;
		e->local_first = get32(p + 16);
		e->local_last = get32(p + 20);
		return ENTRY;
	}
	e->flags = PIECE_ERROR;
	e->flags |= e->first != 0 ? PIECE_ZONED : PIECE_INHERITS;
	return OLD_ENTRY;
}

int
gzip_index_parse(
    struct gzip_index *x, const void *bytes, size_t n, uint64_t size)
{
	const unsigned char *p = bytes, *end;
	uint64_t packed = 0;
	struct gzip_piece *e;
	bool old;

	*x = (struct gzip_index){ .run = 1 };
	if (n < HEAD || (x->start = gzip_index_header(p)) == 0 || x->start > n)
		return -1;
	old = p[GZ_HEADER + XLEN + 1] == 'F';
	end = p + x->start;
	p += HEAD;
	x->room = (size_t)(end - p) / (old ? OLD_ENTRY : ENTRY);
	if ((x->piece = calloc(x->room, sizeof *x->piece)) == NULL)
		return -1;
	for (; p < end && get32(p) != 0; x->n++) {
		e = &x->piece[x->n];
		p += take_entry(e, p, old);
		if (e->packed > LARGEST || e->unpacked > LARGEST)
			goto fail;
		packed += e->packed;
	}
	if (x->n > 0 &&
	    size == x->start + packed + DEFLATE_END_SIZE + GZ_TRAILER)
		return 0;
fail:
	gzip_index_free(x);
	return -1;
}

/* Whether the sizes of the pieces add up to that of the trailer. */
static bool
fits(const struct gzip_index *x, const unsigned char *trailer)
{
	uint64_t unpacked = 0;

	for (size_t i = 0; i < x->n; i++)
		unpacked += x->piece[i].unpacked;
	return get32(trailer + 4) == (uint32_t)unpacked;
}

int
gzip_index_read(struct gzip_index *x, int fd, uint32_t *crc)
{
	enum { AT_ONCE = 1024 };	/* most headers are smaller */
	unsigned char head[AT_ONCE] = { 0 }, trailer[GZ_TRAILER];
	unsigned char *whole = NULL;
	struct stat st;
	size_t n;
	int r = -1;

	*x = (struct gzip_index){ .run = 1 };
	if (fstat(fd, &st) < 0 || st.st_size < HEAD ||
	    pread(fd, head, sizeof head, 0) < HEAD ||
	    (n = gzip_index_header(head)) == 0 || (off_t)n > st.st_size)
		return -1;
	if (n <= sizeof head)
		r = gzip_index_parse(x, head, n, (uint64_t)st.st_size);
	else if ((whole = malloc(n)) != NULL &&
	    pread(fd, whole, n, 0) == (ssize_t)n)
		r = gzip_index_parse(x, whole, n, (uint64_t)st.st_size);
	free(whole);
	if (r < 0)
		return -1;
	if (pread(fd, trailer, sizeof trailer, st.st_size - GZ_TRAILER) ==
	    sizeof trailer && fits(x, trailer)) {
		*crc = get32(trailer);
		return 0;
	}
	gzip_index_free(x);
	return -1;
}

void
gzip_index_free(struct gzip_index *x)
{
	free(x->piece);
	*x = (struct gzip_index){ .run = 1 };
}

/*
 * Whether the reader takes the same year as the writer for the piece's times
 * without one: the last in which a date is not more than a day after near.  The
 * zones of both may make a day of difference.
 */
static bool
has_same_year(const struct gzip_piece *p, int64_t near)
{
	return near > DAY_S &&
	    p->local_last / DAY_S <= (near - DAY_S / 2) / DAY_S + 1 &&
	    p->local_first > near - 150 * DAY_S;
}

/* Whether a piece can hold a line of the times that are wanted. */
static bool
is_in_time(const struct gzip_piece *p, const struct gzip_wanted *w,
    int64_t near)
{
	if ((p->flags & TIMED) == 0)
		return true;
	if ((p->flags & PIECE_ZONED) && p->last >= w->from &&
	    p->first < w->until)
		return true;
	if ((p->flags & PIECE_LOCAL) == 0)
		return false;
	if ((p->flags & PIECE_YEARLESS) && (w->year_given ||
	    !has_same_year(p, near)))
		return true;
	return p->local_last >= w->local_from &&
	    p->local_first < w->local_until;
}

size_t
gzip_index_choose(
    struct gzip_index *x, const struct gzip_wanted *w, int64_t near)
{
	bool by_time = w->from != INT64_MIN || w->until != INT64_MAX;
	bool inherited = false;
	size_t wanted = 0;
	struct gzip_piece *p;

	for (size_t i = x->n; i-- > 0;) {
		p = &x->piece[i];
		p->wanted = (!w->errors || (p->flags & PIECE_ERROR)) &&
		    is_in_time(p, w, near);
		p->wanted |= inherited ||
		    ((p->flags & PIECE_CARRIES) && wanted > 0);
		inherited = by_time && p->wanted && (p->flags & PIECE_INHERITS);
		wanted += p->wanted;
	}
	return wanted;
}
