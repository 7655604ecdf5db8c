/* the end of a zip archive, and any archive that is read */
#include "memory_file.h"
#include "pack/archive_reader.h"
#include "pack/zip_end.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
read_archive(int fd, enum archive_type type)
{
	struct archive_reader *u = archive_reader_new(fd, type);
	struct content content;
	struct member m;

	while (u != NULL && archive_reader_next(u, &m) > 0 &&
	    archive_reader_content(u, &content) == 0)
		if (content.size > 1 << 20)
			break;
	archive_reader_free(u);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char path[32];
	int fd = memory_file(p, n, path);

	zip_is_whole(fd);
	read_archive(fd, ARCHIVE_TYPE_ZIP);
	if (lseek(fd, 0, SEEK_SET) == 0)
		read_archive(fd, ARCHIVE_TYPE_TAR);
	close(fd);
	return 0;
}
