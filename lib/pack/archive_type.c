#include "pack/archive_type.h"

#include <string.h>

static const struct {
	const char *suffix;
	enum archive_type type;
} suffixes[] = {
	{ ".tar", ARCHIVE_TYPE_TAR }, { ".tar.gz", ARCHIVE_TYPE_TAR_GZ },
	{ ".tgz", ARCHIVE_TYPE_TAR_GZ }, { ".tar.zst", ARCHIVE_TYPE_TAR_ZST },
	{ ".tar.xz", ARCHIVE_TYPE_TAR_XZ }, { ".zip", ARCHIVE_TYPE_ZIP },
	{ ".tar.bz2", ARCHIVE_TYPE_OLD }, { ".tar.lz4", ARCHIVE_TYPE_OLD },
};

enum archive_type
archive_type_of(const char *path)
{
	size_t len = strlen(path), n;

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		n = strlen(suffixes[i].suffix);
		if (len > n && strcmp(path + len - n, suffixes[i].suffix) == 0)
			return suffixes[i].type;
	}
	return ARCHIVE_TYPE_NONE;
}
