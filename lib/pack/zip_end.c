#include "pack/zip_end.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

/* The sizes of records in PKWARE's APPNOTE, sections 4.3.14 to 4.3.16. */
enum { END = 22, LOCATOR = 20, END64 = 56, COMMENT_MAX = 0xffff };

/* Read a number of n bytes at p, least significant first. */
static uint64_t
number(const unsigned char *p, int n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

/*
 * Finds where the record begins, in p[0..n), that ends the archive; -1 for
 * none.
 */
static ptrdiff_t
find_end(const unsigned char *p, size_t n)
{
	for (ptrdiff_t at = (ptrdiff_t)n - END; at >= 0; at--)
		if (memcmp(p + at, "PK\5\6", 4) == 0 &&
		    (size_t)at + END + number(p + at + 20, 2) == n)
			return at;
	return -1;
}

/*
 * Whether the directory, size bytes from offset on, ends where the record that
 * describes it stands: then offsets are counted from the beginning of the file.
 */
static bool
fits(uint64_t size, uint64_t offset, uint64_t end)
{
	return offset <= end && size == end - offset;
}

/* Read n bytes at that offset.  Returns 0, or -1 with errno. */
static int
read_at(int fd, unsigned char *p, size_t n, uint64_t at)
{
	ssize_t got;

	for (; n > 0; n -= (size_t)got, p += got, at += (uint64_t)got) {
		got = pread(fd, p, n, (off_t)at);
		if (got == 0)
			/* The file is shorter than it claims. */
			errno = EBADMSG;
		if (got <= 0)
			return -1;
	}
	return 0;
}

/*
 * As zip_is_whole for an archive with 64-bit offsets, whose END stands at end.
 */
static int
is_whole64(int fd, uint64_t end)
{
	unsigned char p[END64];
	uint64_t at;

	if (end < LOCATOR + END64)
		return 0;
	if (read_at(fd, p, LOCATOR, end - LOCATOR) < 0)
		return -1;
	at = number(p + 8, 8);
	if (memcmp(p, "PK\6\7", 4) != 0 || at > end - LOCATOR - END64)
		return 0;
	if (read_at(fd, p, END64, at) < 0)
		return -1;
	return memcmp(p, "PK\6\6", 4) == 0 &&
	    fits(number(p + 40, 8), number(p + 48, 8), at);
}

int
zip_is_whole(int fd)
{
	unsigned char p[END + COMMENT_MAX];
	struct stat st;
	uint64_t size, offset;
	ptrdiff_t at;
	off_t from;
	size_t n;

	if (fstat(fd, &st) < 0)
		return -1;
	from = st.st_size > (off_t)sizeof p ? st.st_size - (off_t)sizeof p : 0;
	n = (size_t)(st.st_size - from);
	if (read_at(fd, p, n, (uint64_t)from) < 0)
		return -1;
	if ((at = find_end(p, n)) < 0)
		return 0;
	size = number(p + at + 12, 4);
	offset = number(p + at + 16, 4);
	if (size == UINT32_MAX || offset == UINT32_MAX ||
	    number(p + at + 10, 2) == UINT16_MAX)
		return is_whole64(fd, (uint64_t)(from + at));
	return fits(size, offset, (uint64_t)(from + at));
}
