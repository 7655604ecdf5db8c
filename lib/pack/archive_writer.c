#include "pack/archive_writer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <archive.h>
#include <archive_entry.h>

#include "input/verify.h"
#include "pack/archive_reader.h"
#include "pack/gzip_writer.h"

enum { BLOCK = 64 * 1024 };

/* The name and the contents that a member must have when it is read again. */
struct expected {
	char *name;
	struct content content;
};

struct archive_writer {
	struct archive *a;
	struct archive *disk; /* reads the attributes of members */
	struct archive_entry *entry;
	enum archive_type type;
	int (*sink)(void *arg, const void *p, size_t n);
	void *arg;			/* the argument of sink */
	bool given_up;			/* drop all further output */
	struct pack pack;
	struct expected *members;
	size_t n, cap;
	char error[256];
};

/* The function that libarchive writes by. */
static la_ssize_t
take(struct archive *a, void *arg, const void *p, size_t n)
{
	struct archive_writer *b = arg;
	int r;

	if (b->given_up)
		return (la_ssize_t)n;
	r = b->type == ARCHIVE_TYPE_TAR_GZ ? pack_add(&b->pack, p, n) :
	    b->sink(b->arg, p, n);
	if (r == 0)
		return (la_ssize_t)n;
	archive_set_error(a, errno, "%s", strerror(errno));
	return -1;
}

static int
set_format(const struct archive_writer *b, int level)
{
	char number[2] = { (char)('0' + level), '\0' };
	struct archive *a = b->a;

	if (b->type == ARCHIVE_TYPE_TAR_ZST || b->type == ARCHIVE_TYPE_ZST) {
		if (archive_write_add_filter_zstd(a) != ARCHIVE_OK ||
		    archive_write_set_filter_option(a, "zstd",
		    "compression-level", number) != ARCHIVE_OK)
			return -1;
	} else if (b->type == ARCHIVE_TYPE_TAR_XZ || b->type == ARCHIVE_TYPE_XZ) {
		if (archive_write_add_filter_xz(a) != ARCHIVE_OK ||
		    archive_write_set_filter_option(a, "xz",
		    "compression-level", number) != ARCHIVE_OK)
			return -1;
	}
	if (b->type == ARCHIVE_TYPE_ZST || b->type == ARCHIVE_TYPE_XZ)
		return archive_write_set_format_raw(a);
	if (b->type == ARCHIVE_TYPE_ZIP)
		return archive_write_set_format_zip(a) != ARCHIVE_OK ? -1 :
		    archive_write_set_format_option(a, "zip",
		    "compression-level", number);
	return archive_write_set_format_pax(a) != ARCHIVE_OK ? -1 :
	    archive_write_set_format_option(a, "pax", "xattrheader", "SCHILY");
}

struct archive_writer *
archive_writer_create(int (*sink)(void *, const void *, size_t), void *arg,
    enum archive_type type, int level, unsigned threads)
{
	struct archive_writer *b;

	if ((b = calloc(1, sizeof *b)) == NULL)
		return NULL;
	b->sink = sink;
	b->arg = arg;
	b->type = type;
	b->pack = (struct pack){ .level = level, .threads = threads,
	    .sink = sink, .arg = arg };
	if ((type == ARCHIVE_TYPE_TAR_GZ && pack_begin(&b->pack) < 0) ||
	    (b->entry = archive_entry_new()) == NULL ||
	    (b->disk = archive_read_disk_new()) == NULL ||
	    (b->a = archive_write_new()) == NULL)
		goto fail;
	archive_read_disk_set_standard_lookup(b->disk);
	archive_write_set_bytes_per_block(b->a, BLOCK);
	archive_write_set_bytes_in_last_block(b->a, 1);
	if (set_format(b, level) == ARCHIVE_OK &&
	    archive_write_open(b->a, b, NULL, take, NULL) == ARCHIVE_OK)
		return b;
	errno = archive_errno(b->a) > 0 ? archive_errno(b->a) : ENOTSUP;
fail:
	archive_writer_free(b);
	return NULL;
}

static int
fail(struct archive_writer *b, const char *why)
{
	snprintf(b->error, sizeof b->error, "%s",
	    why != NULL ? why : "cannot be archived");
	return -1;
}

/* Remember the name, and count the contents from here on. */
static int
expect(struct archive_writer *b, const char *name)
{
	struct expected *more;

	if (b->n == b->cap) {
		more = realloc(b->members, (b->cap * 2 + 64) * sizeof *more);
		if (more == NULL)
			return fail(b, strerror(ENOMEM));
		b->members = more;
		b->cap = b->cap * 2 + 64;
	}
	b->members[b->n] = (struct expected){ .name = strdup(name) };
	if (b->members[b->n].name == NULL)
		return fail(b, strerror(ENOMEM));
	b->n++;
	return 0;
}

static bool
is_one_file(const struct archive_writer *b)
{
	return b->type == ARCHIVE_TYPE_ZST || b->type == ARCHIVE_TYPE_XZ;
}

static int
begin(struct archive_writer *b, const char *name)
{
	if (archive_write_header(b->a, b->entry) < ARCHIVE_WARN)
		return fail(b, archive_error_string(b->a));
	return expect(b, name);
}

int
archive_writer_begin(
    struct archive_writer *b, const char *name, int fd, const struct stat *st)
{
	archive_entry_clear(b->entry);
	archive_entry_copy_pathname(b->entry, name);
	if (is_one_file(b)) {
		archive_entry_set_filetype(b->entry, AE_IFREG);
		return begin(b, name);
	}
	archive_entry_copy_sourcepath(b->entry, name);
	/* It calls fstat: on 32 bits its struct stat need not be ours. */
	if (archive_read_disk_entry_from_file(b->disk, b->entry, fd, NULL) <
	    ARCHIVE_WARN && archive_entry_filetype(b->entry) == 0)
		return fail(b, strerror(archive_errno(b->disk)));
	archive_entry_unset_atime(b->entry);
	archive_entry_unset_ctime(b->entry);
	archive_entry_unset_birthtime(b->entry);
	archive_entry_sparse_clear(b->entry);
	archive_entry_set_fflags(b->entry, 0, 0);
	archive_entry_set_nlink(b->entry, 1);
	archive_entry_set_size(b->entry, st->st_size);
	return begin(b, name);
}

int
archive_writer_add(struct archive_writer *b, const void *p, size_t n)
{
	if (archive_write_data(b->a, p, n) != (la_ssize_t)n)
		return fail(b, archive_error_string(b->a));
	content_add(&b->members[b->n - 1].content, p, n);
	return 0;
}

/*
 * Check that the member m, next in u, is the ith that was added.  Returns 0 or
 * -1.
 */
static int
compare(struct archive_writer *b, size_t i, struct archive_reader *u,
    const struct member *m)
{
	const struct expected *e = &b->members[i];
	struct content is;

	if (archive_reader_content(u, &is) < 0)
		return fail(b, archive_reader_error(u));
	if (i >= b->n || strcmp(m->name, e->name) != 0 ||
	    is.size != e->content.size || is.crc != e->content.crc)
		return fail(b, "what is read back is not what was written");
	return 0;
}

int
archive_writer_end(struct archive_writer *b)
{
	if (archive_write_close(b->a) != ARCHIVE_OK)
		return fail(b, archive_error_string(b->a));
	if (b->type == ARCHIVE_TYPE_TAR_GZ && pack_end(&b->pack) < 0)
		return fail(b, strerror(errno));
	return 0;
}

int
archive_writer_verify(struct archive_writer *b, int fd)
{
	struct archive_reader *u;
	struct member m;
	size_t i = 0;
	int r;

	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    (u = archive_reader_new(fd, b->type)) == NULL)
		return fail(b, strerror(errno));
	while ((r = archive_reader_next(u, &m)) > 0 &&
	    (r = compare(b, i, u, &m)) == 0)
		i++;
	if (r < 0 && *b->error == '\0')
		fail(b, archive_reader_error(u));
	else if (r == 0 && i < b->n)
		r = fail(b, "what is read back is less than what was written");
	archive_reader_free(u);
	return r;
}

const char *
archive_writer_error(const struct archive_writer *b)
{
	return b->error;
}

void
archive_writer_free(struct archive_writer *b)
{
	if (b == NULL)
		return;
	b->given_up = true;	/* libarchive may write once more */
	if (b->a != NULL)
		archive_write_free(b->a);
	if (b->disk != NULL)
		archive_read_free(b->disk);
	archive_entry_free(b->entry);
	pack_free(&b->pack);
	for (size_t i = 0; i < b->n; i++)
		free(b->members[i].name);
	free(b->members);
	free(b);
}
