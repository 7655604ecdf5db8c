/* the index in the header of a .gz, and the pieces that it tells of */
#include "input/gunzip_pieces.h"
#include "memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char path[32], out[4096];
	int fd = memory_file(p, n, path);
	struct gunzip_pieces *g = gunzip_pieces_new(fd, 1);

	if (g != NULL)
		while (gunzip_pieces_read(g, out, sizeof out) > 0)
			;
	gunzip_pieces_free(g);
	close(fd);
	return 0;
}
