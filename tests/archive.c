/* archive: what was written is compared, hostile names, and where a zip ends */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "base/write_all.h"
#include "file/newfile.h"
#include "pack/archive_reader.h"
#include "pack/archive_writer.h"
#include "pack/zip_end.h"
#include "tap.h"

struct part {
	const char *name, *text;
};

static int
put(void *arg, const void *p, size_t n)
{
	return write_all(*(int *)arg, p, n);
}

static int
scratch(void)
{
	char name[] = "scratch.XXXXXX";
	int fd = mkstemp(name);

	if (fd < 0 || unlink(name) < 0)
		abort();
	return fd;
}

/* Write an archive of the parts, up to one without a name, to *to. */
static struct archive_writer *
make(enum archive_type type, const struct part *parts, int *to)
{
	int from = scratch();
	struct archive_writer *b;
	struct stat st;

	*to = scratch();
	b = archive_writer_create(put, to, type, 1, 1);
	if (b == NULL || fstat(from, &st) < 0)
		abort();
	for (const struct part *p = parts; p->name != NULL; p++) {
		st.st_size = (off_t)strlen(p->text);
		if (archive_writer_begin(b, p->name, from, &st) < 0 ||
		    archive_writer_add(b, p->text, strlen(p->text)) < 0)
			abort();
	}
	if (archive_writer_end(b) < 0)
		abort();
	close(from);
	return b;
}

static const struct part two[] = {
	{ "a", "one" }, { "b", "two" }, { NULL, NULL },
};
static const char less[] = "what is read back is less than what was written";
static const char other[] = "what is read back is not what was written";

static const struct {
	struct part is[4];
	const char *why, *name;
} compared[] = {
	{ { { "a", "one" }, { "b", "two" } }, "", "the same is right" },
	{ { { "a", "one" } }, less, "a member that is missing is an error" },
	{ { { NULL, NULL } }, less, "an archive without members is an error" },
	{ { { "a", "one" }, { "b", "two" }, { "c", "" } }, other,
	    "a member too many is an error" },
	{ { { "a", "one" }, { "c", "two" } }, other,
	    "a member of another name is an error" },
	{ { { "a", "one" }, { "b", "twos" } }, other,
	    "a member of another size is an error" },
	{ { { "a", "eno" }, { "b", "two" } }, other,
	    "a member of other bytes is an error" },
};

static void
verifies(enum archive_type type, const char *kind)
{
	for (size_t i = 0; i < sizeof compared / sizeof *compared; i++) {
		int fd, is;
		struct archive_writer *b = make(type, two, &fd);
		struct archive_writer *c = make(type, compared[i].is, &is);
		const char *why = compared[i].why;

		ok(archive_writer_verify(b, is) == (*why == '\0' ? 0 : -1) &&
		    strcmp(archive_writer_error(b), why) == 0, "%s: %s", kind,
		    compared[i].name);
		archive_writer_free(b);
		archive_writer_free(c);
		close(fd);
		close(is);
	}
}

static void
damaged(void)
{
	int fd, empty = scratch();
	struct archive_writer *b = make(ARCHIVE_TYPE_TAR, two, &fd);

	ok(archive_writer_verify(b, empty) < 0 &&
	    strcmp(archive_writer_error(b), less) == 0,
	    "an empty file holds less than what was written");
	archive_writer_free(b);
	close(fd);
	b = make(ARCHIVE_TYPE_TAR, two, &fd);
	ok(archive_writer_verify(b, -1) < 0 && strcmp(archive_writer_error(b),
	    strerror(EBADF)) == 0, "a file that cannot be read is an error");
	archive_writer_free(b);
	b = make(ARCHIVE_TYPE_TAR, two, &empty);
	if (ftruncate(empty, 514) < 0)
		abort();
	ok(archive_writer_verify(b, empty) < 0 &&
	    *archive_writer_error(b) != '\0' &&
	    strcmp(archive_writer_error(b), less) != 0,
	    "a tar that is torn in a member is an error");
	archive_writer_free(b);
	close(fd);
	close(empty);
}

/* Unpack the only member, called name; what is the matter. */
static bool
saves(const char *name, int error, const char *why)
{
	const struct part one[] = { { name, "new" }, { NULL, NULL } };
	struct archive_reader *u;
	struct newfile f;
	struct member m;
	int fd, r;
	struct archive_writer *b = make(ARCHIVE_TYPE_TAR, one, &fd);
	bool good;

	archive_writer_free(b);
	if (lseek(fd, 0, SEEK_SET) != 0 ||
	    (u = archive_reader_new(fd, ARCHIVE_TYPE_TAR)) == NULL ||
	    archive_reader_next(u, &m) <= 0)
		abort();
	errno = 0;
	r = archive_reader_save(u, &m, AT_FDCWD, &f);
	good = error == 0 ? r == 0 : r < 0 && errno == error &&
	    strcmp(archive_reader_error(u), why) == 0;
	if (!good)
		printf("# %d %d %s\n", r, errno, archive_reader_error(u));
	newfile_abort(&f);
	archive_reader_free(u);
	close(fd);
	return good;
}

static void
unpacks(void)
{
	char longer[300];
	int fd = open("same", O_WRONLY | O_CREAT, 0600);

	if (fd < 0 || write_all(fd, "new", 3) < 0 || close(fd) < 0 ||
	    mkdir("folder", 0700) < 0 || mkfifo("fifo", 0600) < 0 ||
	    symlink("same", "link") < 0)
		abort();
	memset(longer, 'n', sizeof longer - 1);
	longer[256] = '/';
	longer[sizeof longer - 1] = '\0';
	ok(saves("same", 0, ""), "a file that is there with the same contents "
	    "is the member");
	ok(saves("folder", EEXIST, strerror(EEXIST)),
	    "a folder in the place of a member stays");
	ok(saves("fifo", EEXIST, strerror(EEXIST)),
	    "a FIFO in the place of a member stays, and is not waited for");
	ok(saves("link", EEXIST, strerror(EEXIST)),
	    "a link in the place of a member stays, whatever it leads to");
	ok(saves("same/x", EINVAL, strerror(ENOTDIR)),
	    "a file in the place of a member's folder is told of");
	ok(saves("folder/../x", EINVAL, "leads out of the folder"),
	    "a member with two dots is refused");
	ok(saves(longer, ENAMETOOLONG, strerror(ENAMETOOLONG)),
	    "a folder whose name is too long is told of");
}

/*
 * The end of a zip file, see PKWARE's APPNOTE 4.3.14 to 4.3.16: so many bytes of
 * directory begin at offset; 64: in the record of 64 bits, END has only ones.
 */
struct zip {
	size_t before, directory;	/* bytes in the file */
	uint64_t size, offset;		/* what it says */
	bool is64;
	uint64_t at64;			/* where the locator leads */
	const char *locator, *end64;	/* the marks of these two */
	unsigned comment, comment_is;	/* how long it is said to be, and is */
};

static unsigned char *
add(unsigned char *p, uint64_t v, int n)
{
	while (n-- > 0) {
		*p++ = (unsigned char)v;
		v >>= 8;
	}
	return p;
}

static int
is_whole(const struct zip *z)
{
	unsigned char file[512] = { 0 }, *p = file + z->before + z->directory;
	int fd = scratch(), r;

	if (z->is64) {
		memcpy(p, z->end64, 4);
		add(p + 40, z->size, 8);
		add(p + 48, z->offset, 8);
		p += 56;
		memcpy(p, z->locator, 4);
		add(p + 8, z->at64, 8);
		p += 20;
	}
	memcpy(p, "PK\5\6", 4);
	add(p + 12, z->is64 ? UINT32_MAX : z->size, 4);
	add(p + 16, z->is64 ? UINT32_MAX : z->offset, 4);
	add(p + 20, z->comment, 2);
	p += 22 + z->comment_is;
	if (write_all(fd, file, (size_t)(p - file)) < 0)
		abort();
	r = zip_is_whole(fd);
	close(fd);
	return r;
}

#define LOC "PK\6\7"
#define E64 "PK\6\6"
static const struct {
	const char *name;
	struct zip zip;
	int whole;
} zips[] = {
	{ "an archive from the first byte to the last",
	    { 10, 20, 20, 10, 0, 0, "", "", 0, 0 }, 1 },
	{ "an archive without members", { 0, 0, 0, 0, 0, 0, "", "", 0, 0 }, 1 },
	{ "a byte in front of an archive",
	    { 11, 20, 20, 10, 0, 0, "", "", 0, 0 }, 0 },
	{ "a directory that begins behind its end",
	    { 10, 20, 20, 31, 0, 0, "", "", 0, 0 }, 0 },
	{ "a directory that wraps around", { 10, 20, UINT32_MAX - 1, 32, 0, 0,
	    "", "", 0, 0 }, 0 },
	{ "an archive with a comment",
	    { 10, 20, 20, 10, 0, 0, "", "", 5, 5 }, 1 },
	{ "bytes behind an archive", { 10, 20, 20, 10, 0, 0, "", "", 0, 1 }, 0 },
	{ "a comment that is cut off",
	    { 10, 20, 20, 10, 0, 0, "", "", 5, 4 }, 0 },
	{ "an archive with offsets of 64 bits",
	    { 10, 20, 20, 10, 1, 30, LOC, E64, 0, 0 }, 1 },
	{ "the least archive with offsets of 64 bits",
	    { 0, 0, 0, 0, 1, 0, LOC, E64, 0, 0 }, 1 },
	{ "a byte in front of one with offsets of 64 bits",
	    { 11, 20, 20, 10, 1, 31, LOC, E64, 0, 0 }, 0 },
	{ "a locator that leads before the record",
	    { 10, 20, 20, 10, 1, 29, LOC, E64, 0, 0 }, 0 },
	{ "a locator that leads behind the record",
	    { 10, 20, 20, 10, 1, 31, LOC, E64, 0, 0 }, 0 },
	{ "no locator", { 10, 20, 20, 10, 1, 30, "PK\6\10", E64, 0, 0 }, 0 },
	{ "no record of 64 bits",
	    { 10, 20, 20, 10, 1, 30, LOC, "PK\6\5", 0, 0 }, 0 },
	{ "a directory of 64 bits that begins behind its end",
	    { 10, 20, 20, 31, 1, 30, LOC, E64, 0, 0 }, 0 },
	{ "no place for the records of 64 bits", { 10, 65, UINT32_MAX, 0, 0, 0,
	    "", "", 0, 0 }, 0 },
};

static void
zip_ends(void)
{
	int empty = scratch();

	for (size_t i = 0; i < sizeof zips / sizeof *zips; i++)
		ok(is_whole(&zips[i].zip) == zips[i].whole, "%s is %s",
		    zips[i].name, zips[i].whole ? "a whole zip" : "none");
	ok(zip_is_whole(empty) == 0, "an empty file is no zip");
	close(empty);
	ok(zip_is_whole(-1) < 0 && errno == EBADF,
	    "a zip that cannot be read is an error");
}

int
main(void)
{
	char dir[] = "/tmp/logferry-archive.XXXXXX", cmd[64];

	if (mkdtemp(dir) == NULL || chdir(dir) < 0)
		return 1;
	verifies(ARCHIVE_TYPE_TAR, "tar");
	verifies(ARCHIVE_TYPE_ZIP, "zip");
	verifies(ARCHIVE_TYPE_TAR_GZ, "tar.gz");
	damaged();
	unpacks();
	zip_ends();
	snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	return done_testing() | (system(cmd) != 0);
}
