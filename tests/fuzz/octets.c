/*
 * Any bytes as lines and octet-counted frames: blocks end as lines do, and all
 * bytes but counts and LFs come out, in order.
 */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>

#include "input/lines.h"

enum { LINE_LONGEST = 50 };

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool
may_be_left_out(char c)
{
	return c == ' ' || c == '\n' || (c >= '0' && c <= '9');
}

/* Pass over what was left out in front of c, and over c. */
static const char *
find_next(const char *p, const char *end, char c)
{
	while (p < end && *p != c) {
		if (!may_be_left_out(*p))
			abort();
		p++;
	}
	if (p == end)
		abort();
	return p + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data, *end = p + n;
	int fd = memfd_create("octets", MFD_CLOEXEC);
	struct input *in;
	struct lines *l;
	struct span b;

	if (n == 0 || n > 4096 || data[0] == 0x1f || data[0] == 0x28 ||
	    data[0] == 0xfd || data[0] == 0x02 || data[0] == 0x04 ||
	    data[0] == 'B' ||
	    (data[0] & 0xf0) == 0x50) {
		close(fd);	/* compressed, perhaps */
		return 0;
	}
	if (write(fd, data, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0 ||
	    (in = input_new(fd)) == NULL ||
	    (l = lines_new(in, LINE_LONGEST)) == NULL)
		abort();
	lines_frames(l);
	while (lines_block(l, &b) > 0) {
		if (b.len == 0 || b.len > LINE_LONGEST + 1)
			abort();
		for (size_t i = 0; i < b.len; i++)
			if (!may_be_left_out(b.p[i]))
				p = find_next(p, end, b.p[i]);
	}
	for (; p < end; p++)
		if (!may_be_left_out(*p))
			abort();
	lines_free(l);
	input_close(in);
	return 0;
}
