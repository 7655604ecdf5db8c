#include "bundle.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <archive.h>
#include <archive_entry.h>

#include "content.h"
#include "pack.h"
#include "unbundle.h"

enum { BLOCK = 64 * 1024 };

/* What a member is to be when it is read again. */
struct expected {
	char *name;
	struct content content;
};

struct bundle {
	struct archive *a;
	struct archive *disk;		/* reads what members are besides data */
	struct archive_entry *entry;
	enum bundle_type type;
	int (*sink)(void *arg, const void *p, size_t n);
	void *arg;			/* for sink */
	bool given_up;			/* drop what is still written */
	struct pack pack;
	struct expected *members;
	size_t n, cap;
	char error[256];
};

static const struct {
	const char *suffix;
	enum bundle_type type;
} suffixes[] = {
	{ ".tar", BUNDLE_TAR }, { ".tar.gz", BUNDLE_TAR_GZ },
	{ ".tgz", BUNDLE_TAR_GZ }, { ".tar.zst", BUNDLE_TAR_ZST },
	{ ".tar.xz", BUNDLE_TAR_XZ }, { ".zip", BUNDLE_ZIP },
	{ ".tar.bz2", BUNDLE_OLD }, { ".tar.lz4", BUNDLE_OLD },
};

enum bundle_type
bundle_type(const char *path)
{
	size_t len = strlen(path), n;

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		n = strlen(suffixes[i].suffix);
		if (len > n && strcmp(path + len - n, suffixes[i].suffix) == 0)
			return suffixes[i].type;
	}
	return BUNDLE_NONE;
}

/* What libarchive writes to. */
static la_ssize_t
take(struct archive *a, void *arg, const void *p, size_t n)
{
	struct bundle *b = arg;
	int r;

	if (b->given_up)
		return (la_ssize_t)n;
	r = b->type == BUNDLE_TAR_GZ ? pack_add(&b->pack, p, n) :
	    b->sink(b->arg, p, n);
	if (r == 0)
		return (la_ssize_t)n;
	archive_set_error(a, errno, "%s", strerror(errno));
	return -1;
}

static int
set_format(const struct bundle *b, int level)
{
	char number[2] = { (char)('0' + level), '\0' };
	struct archive *a = b->a;

	if (b->type == BUNDLE_TAR_ZST || b->type == BUNDLE_ZST) {
		if (archive_write_add_filter_zstd(a) != ARCHIVE_OK ||
		    archive_write_set_filter_option(a, "zstd",
		    "compression-level", number) != ARCHIVE_OK)
			return -1;
	} else if (b->type == BUNDLE_TAR_XZ || b->type == BUNDLE_XZ) {
		if (archive_write_add_filter_xz(a) != ARCHIVE_OK ||
		    archive_write_set_filter_option(a, "xz",
		    "compression-level", number) != ARCHIVE_OK)
			return -1;
	}
	if (b->type == BUNDLE_ZST || b->type == BUNDLE_XZ)
		return archive_write_set_format_raw(a);
	if (b->type == BUNDLE_ZIP)
		return archive_write_set_format_zip(a) != ARCHIVE_OK ? -1 :
		    archive_write_set_format_option(a, "zip",
		    "compression-level", number);
	return archive_write_set_format_pax(a) != ARCHIVE_OK ? -1 :
	    archive_write_set_format_option(a, "pax", "xattrheader", "SCHILY");
}

struct bundle *
bundle_create(int (*sink)(void *, const void *, size_t), void *arg,
    enum bundle_type type, int level, unsigned threads)
{
	struct bundle *b;

	if ((b = calloc(1, sizeof *b)) == NULL)
		return NULL;
	b->sink = sink;
	b->arg = arg;
	b->type = type;
	b->pack = (struct pack){ .level = level, .threads = threads,
	    .sink = sink, .arg = arg };
	if ((type == BUNDLE_TAR_GZ && pack_begin(&b->pack) < 0) ||
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
	bundle_free(b);
	return NULL;
}

static int
fail(struct bundle *b, const char *why)
{
	snprintf(b->error, sizeof b->error, "%s",
	    why != NULL ? why : "cannot be archived");
	return -1;
}

/* Remember the name, and count the contents from here on. */
static int
expect(struct bundle *b, const char *name)
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
is_one_file(const struct bundle *b)
{
	return b->type == BUNDLE_ZST || b->type == BUNDLE_XZ;
}

static int
begin(struct bundle *b, const char *name)
{
	if (archive_write_header(b->a, b->entry) < ARCHIVE_WARN)
		return fail(b, archive_error_string(b->a));
	return expect(b, name);
}

int
bundle_begin(struct bundle *b, const char *name, int fd, const struct stat *st)
{
	archive_entry_clear(b->entry);
	archive_entry_copy_pathname(b->entry, name);
	if (is_one_file(b)) {
		archive_entry_set_filetype(b->entry, AE_IFREG);
		return begin(b, name);
	}
	archive_entry_copy_sourcepath(b->entry, name);
	if (archive_read_disk_entry_from_file(b->disk, b->entry, fd, st) <
	    ARCHIVE_WARN)
		archive_entry_copy_stat(b->entry, st);
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
bundle_add(struct bundle *b, const void *p, size_t n)
{
	if (archive_write_data(b->a, p, n) != (la_ssize_t)n)
		return fail(b, archive_error_string(b->a));
	content_add(&b->members[b->n - 1].content, p, n);
	return 0;
}

/* Is the member m, next in u, the ith that was added?  0 or -1. */
static int
compare(struct bundle *b, size_t i, struct unbundle *u, const struct member *m)
{
	const struct expected *e = &b->members[i];
	struct content is;

	if (unbundle_content(u, &is) < 0)
		return fail(b, unbundle_error(u));
	if (i >= b->n || strcmp(m->name, e->name) != 0 ||
	    is.size != e->content.size || is.crc != e->content.crc)
		return fail(b, "what is read back is not what was written");
	return 0;
}

int
bundle_end(struct bundle *b)
{
	if (archive_write_close(b->a) != ARCHIVE_OK)
		return fail(b, archive_error_string(b->a));
	if (b->type == BUNDLE_TAR_GZ && pack_end(&b->pack) < 0)
		return fail(b, strerror(errno));
	return 0;
}

/* The one member of what is no archive. */
static int
verify_content(struct bundle *b, int fd)
{
	const char *why;

	return content_check(&b->members[0].content, fd, false, &why) < 0 ?
	    fail(b, why) : 0;
}

int
bundle_verify(struct bundle *b, int fd)
{
	struct unbundle *u;
	struct member m;
	size_t i = 0;
	int r;

	if (is_one_file(b))
		return verify_content(b, fd);
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    (u = unbundle_new(fd, b->type)) == NULL)
		return fail(b, strerror(errno));
	while ((r = unbundle_next(u, &m)) > 0 &&
	    (r = compare(b, i, u, &m)) == 0)
		i++;
	if (r < 0 && *b->error == '\0')
		fail(b, unbundle_error(u));
	else if (r == 0 && i < b->n)
		r = fail(b, "what is read back is less than what was written");
	unbundle_free(u);
	return r;
}

const char *
bundle_error(const struct bundle *b)
{
	return b->error;
}

void
bundle_free(struct bundle *b)
{
	if (b == NULL)
		return;
	b->given_up = true;	/* libarchive may have last words */
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
