/* file_map: what is behind a file that ends with a page can be read */
#include "file/file_map.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>

#include "tap.h"

enum { SIZE = 1 << 20 };	/* a multiple of any page's */

/* Let the next SIZE bytes that are mapped have memory behind that has no data. */
static void
make_gap(void)
{
	char *p = mmap(NULL, 2 * SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);

	if (p == MAP_FAILED || munmap(p, SIZE) < 0)
		abort();
}

int
main(void)
{
	char name[] = "/tmp/logferry-file_map.XXXXXX";
	int fd = mkstemp(name), to[2];
	struct file_map m = { 0 };
	const char *p;

	if (fd < 0 || unlink(name) < 0 || ftruncate(fd, SIZE) < 0 ||
	    pwrite(fd, "x", 1, SIZE - 1) != 1 || pipe2(to, O_CLOEXEC) < 0)
		abort();
	make_gap();
	p = file_map_part(&m, fd, SIZE, 0, SIZE);
	ok(p != NULL && p[0] == '\0' && p[SIZE - 1] == 'x', "a file is mapped");
	ok(p != NULL && write(to[1], p + SIZE, 16) == 16,
	    "there is memory behind it, which PCRE2 may read");
	p = file_map_part(&m, fd, SIZE, SIZE - 4, 4);
	ok(p != NULL && p[3] == 'x' && !m.lost, "a part of it is found again");
	ok(ftruncate(fd, 0) == 0 && p[3] == '\0' && m.lost,
	    "a file that is cut off is empty");
	ok(write(to[1], p + 4, 16) == 16, "and has memory behind it, too");
	file_map_free(&m);
	ok(m.base == NULL, "it is let go");
	return done_testing();
}
