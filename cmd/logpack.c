/*
 * logpack - compress files, and let nothing be lost by it
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <pthread.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "bundle.h"
#include "content.h"
#include "files.h"
#include "finish.h"
#include "input.h"
#include "jobs.h"
#include "meta.h"
#include "newfile.h"
#include "opt.h"
#include "out.h"
#include "pack.h"
#include "progress.h"
#include "source.h"
#include "status.h"
#include "unbundle.h"
#include "units.h"
#include "writers.h"

enum { CHUNK = 128 * 1024, FRAME = 18 };	/* FRAME: of a gzip member */
enum { RM = OPT_LONG, RSYNCABLE, TYPE, WAIT };

static const struct cmd cmd = {
	.name = "logpack",
	.what = "compress files, and let nothing be lost by it",
	.operands = "[file ...]",
	.opts = (const struct opt[]){
		{ '1', "fast", NULL, "compress faster; -2 to -8 lie between" },
		{ '2', NULL, NULL, NULL },
		{ '3', NULL, NULL, NULL },
		{ '4', NULL, NULL, NULL },
		{ '5', NULL, NULL, NULL },
		{ '6', NULL, NULL, NULL },
		{ '7', NULL, NULL, NULL },
		{ '8', NULL, NULL, NULL },
		{ '9', "best", NULL, "compress better" },
		{ 'a', "archive", "archive", "put all files in one archive" },
		{ 'C', "directory", "dir", "unpack there" },
		{ 'c', "stdout", NULL, "write to standard output, keep files" },
		{ 'd', "decompress", NULL, "decompress" },
		{ 'j', "jobs", "n", "use n threads (default: one per processor)" },
		{ 'k', "keep", NULL, "keep the files that were packed" },
		{ 'l', "list", NULL, "list sizes, packed and unpacked" },
		{ 'n', "dry-run", NULL, "print the names, change nothing" },
		{ 't', "test", NULL, "test whether all can be unpacked" },
		{ 'v', "verbose", NULL, "tell what was done" },
		{ RM, "rm", NULL, "remove what was archived or unpacked" },
		{ RSYNCABLE, "rsyncable", NULL, "small changes stay small" },
		{ TYPE, "type", "type", "make gz, zst or xz (default: gz)" },
		{ WAIT, "wait", "time", "for files open for writing (10 s)" },
		OPT_FILES_FROM,
		OPT_NULL_LIST,
		{ 0 }
	},
};

static const char *const types[] = { "gz", "zst", "xz", NULL };

static struct {
	enum { COMPRESS, DECOMPRESS, TEST, LIST } mode;
	enum { GZ, ZST, XZ } type;
	bool rsyncable, to_stdout, keep, rm, dry_run, verbose;
	const char *archive, *dir;
	int level;
	unsigned threads;
	int64_t wait_ms;
	char end;		/* of a printed name */
} job = { .level = 6, .wait_ms = 10000, .end = '\n' };

/* One file: how it went, and the lines that standard output gets. */
struct task {
	char *path;
	struct buf result;
	int status;
	uint64_t packed, unpacked;
};

static struct {
	int status;
	uint64_t files, packed, unpacked;
} total;

/* A file is packed by all threads, so only one that is large at a time. */
static pthread_mutex_t large = PTHREAD_MUTEX_INITIALIZER;
enum { LARGE = 1 << 20 };

/* Suffixes that tell of compression, and what stands there without it. */
static const struct {
	const char *with, *without;
} suffixes[] = {
	{ ".gz", "" }, { ".tgz", ".tar" }, { ".zst", "" }, { ".xz", "" },
	{ ".bz2", "" }, { ".lz4", "" },
};

static void
set_status(struct task *t, int status)
{
	if (status > t->status)
		t->status = status;
}

/* Say why a file is left as it is. */
static void
refuse(struct task *t, const char *why)
{
	warnx("%s: %s", t->path, why);
	set_status(t, STATUS_NO);
}

/* The same for the error in errno. */
static void
trouble(struct task *t, const char *path)
{
	warn("%s", path);
	set_status(t, STATUS_TROUBLE);
}

static void
print(struct task *t, const char *line)
{
	buf_adds(&t->result, line);
	buf_addc(&t->result, job.end);
}

/* The path without its suffix, or NULL when it has none that we know. */
static char *
unpacked_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;
	size_t len = strlen(base), n;
	char *name;

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		n = strlen(suffixes[i].with);
		if (len <= n || strcmp(base + len - n, suffixes[i].with) != 0)
			continue;
		if (asprintf(&name, "%.*s%s", (int)(strlen(path) - n), path,
		    suffixes[i].without) < 0)
			die("out of memory");
		return name;
	}
	return NULL;
}

/*
 * Open the file of t; if something is to take its place, wait for its last
 * writer.  0, or -1 when told.
 */
static int
open_source(struct task *t, struct source *s, bool replaced)
{
	if (source_open(s, t->path) < 0) {
		if (errno == EISDIR)
			refuse(t, "is a directory");
		else if (errno == ELOOP)
			refuse(t, "is a symbolic link");
		else if (errno == ENOTSUP)
			refuse(t, "is not a regular file");
		else
			trouble(t, t->path);
		return -1;
	}
	if (!replaced || job.dry_run)
		return 0;
	if (s->st.st_nlink > 1 && !job.keep)
		refuse(t, "has other links");
	else if (writers_wait(s->fd, job.wait_ms) < 0 && errno == EBUSY)
		refuse(t, "is still open for writing");
	else if (finish_asked() || source_mark(s) < 0)
		trouble(t, t->path);
	else
		return 0;
	source_close(s);
	return -1;
}

/* A stream on its way: a file, or standard output. */
struct stream {
	struct input *in;
	int out;		/* -1: standard output */
	const char *failed;	/* what errno is about; NULL: out_finish tells */
	const char *in_name, *out_name;
	struct content content;	/* what was read, */
	struct content written;	/* and written; its CRC-32 with gz only */
};

static int
write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;
	ssize_t w;

	while (n > 0) {
		if ((w = write(fd, p, n)) < 0 && errno != EINTR)
			return -1;
		if (w > 0) {
			p += w;
			n -= (size_t)w;
		}
	}
	return 0;
}

static int
stream_write(void *arg, const void *p, size_t n)
{
	struct stream *s = arg;

	s->written.size += n;
	if (s->out >= 0)
		return write_all(s->out, p, n);
	out_add(p, n);
	if (!out_failed())
		return 0;
	s->failed = NULL;
	errno = EIO;
	return -1;
}

static int
stream_again(void *arg, const void *p, size_t n)
{
	const struct stream *s = arg;
	ssize_t w = pwrite(s->out, p, n, 0);

	if (w >= 0 && (size_t)w < n)
		errno = EIO;
	return (size_t)w == n ? 0 : -1;
}

/* All that s->in gives to p; 0, or -1 with errno and s->failed. */
static int
feed(struct pack *p, struct stream *s)
{
	ssize_t n;
	size_t room;
	void *to;

	if (pack_begin(p) < 0)
		return -1;
	while ((to = pack_room(p, &room)) != NULL) {
		if ((n = input_read_raw(s->in, to, room)) < 0) {
			s->failed = s->in_name;
			return -1;
		}
		if (n == 0)
			return pack_end(p);
		pack_filled(p, (size_t)n);
	}
	return -1;
}

static int
compress_gzip(struct stream *s)
{
	const struct stat *st = input_stat(s->in);
	bool is_large = !S_ISREG(st->st_mode) || st->st_size > LARGE;
	struct pack p = { .level = job.level, .rsyncable = job.rsyncable,
	    .threads = is_large ? job.threads : 1,
	    .sink = stream_write, .again = s->out >= 0 ? stream_again : NULL,
	    .size = (uint64_t)st->st_size, .arg = s };
	int r;

	if (is_large)
		pthread_mutex_lock(&large);
	r = feed(&p, s);
	pack_free(&p);
	if (is_large)
		pthread_mutex_unlock(&large);
	s->content = (struct content){ p.in, p.crc };
	s->written = (struct content){ p.out, p.out_crc };
	return r;
}

/* zstd or xz; as feed, but what goes wrong in between is told here. */
static int
compress_other(struct stream *s)
{
	enum bundle_type type = job.type == ZST ? BUNDLE_ZST : BUNDLE_XZ;
	const struct stat none = { 0 };
	char buf[CHUNK];
	struct bundle *b;
	ssize_t n = -1;
	int r;

	if ((b = bundle_create(stream_write, s, type, job.level, 1)) == NULL)
		return -1;
	if ((r = bundle_begin(b, "data", -1, &none)) == 0)
		while ((n = input_read_raw(s->in, buf, sizeof buf)) > 0 &&
		    (r = bundle_add(b, buf, (size_t)n)) == 0)
			content_add(&s->content, buf, (size_t)n);
	if (n < 0 && r == 0) {
		s->failed = s->in_name;
		r = -1;
	} else if ((r < 0 || (r = bundle_end(b)) < 0) && s->failed != NULL) {
		warnx("%s: %s", s->out_name, bundle_error(b));
		s->failed = NULL;
	}
	bundle_free(b);
	return r;
}

/* Compress s; 0, or -1 when told. */
static int
compress_stream(struct task *t, struct stream *s)
{
	int r;

	s->failed = s->out_name;
	r = job.type == GZ ? compress_gzip(s) : compress_other(s);
	if (r < 0) {
		if (s->failed != NULL)
			trouble(t, s->failed);
		set_status(t, STATUS_TROUBLE);
	}
	t->unpacked = s->content.size;
	t->packed = s->written.size;
	return r;
}

/*
 * Read f again, unpacking it or not, and compare.  0, or -1 when told.  What
 * pack.h wrote was unpacked and compared before, so the same bytes will do.
 */
static int
verify(struct task *t, const struct newfile *f, bool raw,
    const struct content *content)
{
	const char *why;

	if (content_check(content, f->fd, raw, &why) == 0)
		return 0;
	warnx("%s: read back: %s", f->temp, why);
	set_status(t, STATUS_TROUBLE);
	return -1;
}

/* Remove what something else stands for now. */
static void
remove_source(struct task *t, const struct source *s)
{
	if (writers_there(s->fd) != 0)
		refuse(t, "was opened for writing again, and is kept");
	else if (source_remove(s) == 0)
		;
	else if (errno == ESTALE)
		refuse(t, "changed, and is kept");
	else
		trouble(t, t->path);
}

/*
 * The new file is written and compared: let it take the place of the source.
 * The name is printed as soon as it is there, whatever becomes of the source.
 */
static void
replace(struct task *t, struct source *s, struct newfile *f, const char *name)
{
	if (!source_unchanged(s))
		refuse(t, "changed while it was read");
	else if (writers_there(s->fd) != 0)
		refuse(t, "was opened for writing again");
	else if (meta_copy(s->fd, &s->st, f->fd) < 0 || newfile_commit(f) < 0)
		trouble(t, name);
	else {
		print(t, name);
		if (!job.keep)
			remove_source(t, s);
	}
}

/*
 * The result is there already.  If the one is what the other unpacks to, a run
 * was killed after it had made the result: do what is left to be done.
 */
static void
complete(struct task *t, struct source *s, const char *name)
{
	struct source there;
	bool same = false;

	if (source_open(&there, name) == 0)
		same = job.mode == COMPRESS ? content_is(there.fd, s->fd) :
		    content_is(s->fd, there.fd);
	else if (errno == ENOENT)	/* so its temporary name is taken */
		errno = EPERM;
	if (there.fd < 0 && errno == EPERM) {
		trouble(t, name);
	} else if (!same) {
		warnx("%s: already exists", name);
		set_status(t, STATUS_NO);
	} else if (!source_unchanged(s)) {
		refuse(t, "changed while it was read");
	} else if (fsync(there.fd) < 0 || fsync(there.dir) < 0) {
		trouble(t, name);
	} else {
		print(t, name);
		if (!job.keep)
			remove_source(t, s);
	}
	source_close(&there);
}

/* Where the result of t goes, in dir; 0, or -1 when none is to be made. */
static int
open_result(struct task *t, struct source *s, int dir, struct newfile *f,
    const char *name)
{
	const char *base = strrchr(name, '/');

	base = base != NULL ? base + 1 : name;
	if (job.dry_run) {
		print(t, name);
		return -1;
	}
	if (newfile_openat(f, dir, base, 0600) == 0)
		return 0;
	if (errno == EEXIST)
		complete(t, s, name);
	else if (errno == EBUSY)
		refuse(t, "another logpack is at it");
	else
		trouble(t, name);
	return -1;
}

static void
tell_ratio(const struct task *t)
{
	double in = (double)t->unpacked, out = (double)t->packed;

	if (job.verbose)
		note("%s: %" PRIu64 " to %" PRIu64 " bytes, %.1f%% less",
		    t->path, t->unpacked, t->packed,
		    in > 0 ? (in - out) * 100 / in : 0);
}

static void
compress_file(struct task *t)
{
	char *name = unpacked_name(t->path);
	struct stream stream = { .in_name = t->path };
	struct newfile f;
	struct source s;
	int fd;

	if (name != NULL) {
		free(name);
		refuse(t, "has the suffix of a compressed file already");
		return;
	}
	if (open_source(t, &s, true) < 0)
		return;
	if (asprintf(&name, "%s.%s", t->path, types[job.type]) < 0)
		die("out of memory");
	if (open_result(t, &s, s.dir, &f, name) < 0)
		goto close_source;
	stream.out = f.fd;
	stream.out_name = name;
	if ((fd = fcntl(s.fd, F_DUPFD_CLOEXEC, 3)) < 0 ||
	    (stream.in = input_new(fd)) == NULL) {
		trouble(t, t->path);
	} else if (compress_stream(t, &stream) == 0 &&
	    verify(t, &f, job.type == GZ, job.type == GZ ? &stream.written :
	    &stream.content) == 0) {
		replace(t, &s, &f, name);
		if (t->result.len > 0)
			tell_ratio(t);
	}
	input_close(stream.in);
	newfile_abort(&f);
close_source:
	free(name);
	source_close(&s);
}

/* Unpack in to fd, or to standard output for -1.  0, or -1 when told. */
static int
decompress(struct task *t, struct input *in, int fd, struct content *content)
{
	struct stream to = { .out = fd, .failed = t->path };
	char buf[CHUNK];
	ssize_t n;

	if (!input_is_compressed(in)) {
		refuse(t, "is not compressed");
		return -1;
	}
	*content = (struct content){ 0 };
	while ((n = input_read(in, buf, sizeof buf)) > 0) {
		if (stream_write(&to, buf, (size_t)n) < 0) {
			if (to.failed != NULL)
				warn("%s", to.failed);
			set_status(t, STATUS_TROUBLE);
			return -1;
		}
		content_add(content, buf, (size_t)n);
	}
	if (n < 0)
		refuse(t, input_error(in));
	return (int)n;
}

/* The name in the folder of -C, if there is one; name is freed or returned. */
static char *
name_in_dir(char *name)
{
	const char *slash = strrchr(name, '/');
	char *there;

	if (job.dir == NULL)
		return name;
	if (asprintf(&there, "%s/%s", job.dir,
	    slash != NULL ? slash + 1 : name) < 0)
		die("out of memory");
	free(name);
	return there;
}

static void
decompress_file(struct task *t)
{
	char *name = unpacked_name(t->path);
	int dir = -1;
	struct input *in = NULL;
	struct newfile f;
	struct source s;
	struct content content;
	int fd;

	if (name == NULL) {
		refuse(t, "has no suffix of a compressed file");
		return;
	}
	name = name_in_dir(name);
	if (open_source(t, &s, true) < 0)
		goto free_name;
	if (job.dir != NULL &&
	    (dir = open(job.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		trouble(t, job.dir);
		goto close_source;
	}
	if (open_result(t, &s, dir >= 0 ? dir : s.dir, &f, name) < 0)
		goto close_source;
	if ((fd = fcntl(s.fd, F_DUPFD_CLOEXEC, 3)) < 0 ||
	    (in = input_new(fd)) == NULL)
		trouble(t, t->path);
	else if (decompress(t, in, f.fd, &content) == 0 &&
	    verify(t, &f, true, &content) == 0)
		replace(t, &s, &f, name);
	input_close(in);
	newfile_abort(&f);
close_source:
	if (dir >= 0)
		close(dir);
	source_close(&s);
free_name:
	free(name);
}

/* An input for t, or NULL when told. */
static struct input *
open_input(struct task *t)
{
	struct input *in = input_open(t->path);

	if (in == NULL && errno == EISDIR)
		refuse(t, "is a directory");
	else if (in == NULL)
		trouble(t, t->path);
	return in;
}

/* Standard input, or a file with -c, to standard output. */
static void
filter(struct task *t)
{
	struct stream s = { .out = -1, .in_name = t->path,
	    .out_name = "standard output" };
	struct input *in;
	struct stat now;
	struct content content;

	if ((in = open_input(t)) == NULL)
		return;
	s.in = in;
	if (job.mode == DECOMPRESS)
		decompress(t, in, -1, &content);
	else if (compress_stream(t, &s) == 0 &&
	    S_ISREG(input_stat(in)->st_mode) &&
	    fstat(input_fd(in), &now) == 0 &&
	    now.st_size != input_stat(in)->st_size)
		refuse(t, "changed while it was read");
	input_close(in);
}

/* Unpack t and forget what comes out; 0, or -1 when told. */
static int
test_file(struct task *t)
{
	struct input *in;
	struct content content = { 0 };
	int r = -1;

	if ((in = open_input(t)) == NULL)
		return -1;
	if (!input_is_compressed(in))
		refuse(t, "is not compressed");
	else if (content_read(&content, in, false) < 0)
		refuse(t, input_error(in));
	else
		r = 0;
	t->unpacked = content.size;
	t->packed = (uint64_t)input_stat(in)->st_size;
	input_close(in);
	return r;
}

/* A line of gzip -l, whose ratio leaves out the header and the trailer. */
static void
add_list_line(struct buf *b, const char *name, uint64_t packed,
    uint64_t unpacked)
{
	double in = (double)unpacked, out = (double)packed - FRAME;

	buf_printf(b, "%19" PRIu64 " %19" PRIu64 " %5.1f%% %s%c", packed,
	    unpacked, unpacked > 0 ? (in - out) * 100 / in : 0, name, job.end);
}

static void
list_file(struct task *t)
{
	char *name;

	if (test_file(t) < 0)
		return;
	name = unpacked_name(t->path);
	add_list_line(&t->result, name != NULL ? name : t->path, t->packed,
	    t->unpacked);
	free(name);
}

/* Unpack the member m beneath dir; 0, or -1 when the archive is broken. */
static int
unpack_member(struct task *t, struct unbundle *u, const struct member *m,
    int dir)
{
	const char *why = NULL;
	int status = STATUS_NO;

	if (S_ISDIR(m->mode))
		return 0;	/* made when a file is to be in it */
	if (!S_ISREG(m->mode)) {
		why = "is not a regular file";
	} else if (!job.dry_run && unbundle_save(u, m, dir) < 0) {
		why = unbundle_error(u);
		if (errno != EEXIST && errno != EBUSY && errno != EINVAL &&
		    errno != EBADMSG)
			status = STATUS_TROUBLE;
	}
	if (why != NULL) {
		warnx("%s: %s: %s", t->path, m->name, why);
		set_status(t, status);
		return errno == EBADMSG ? -1 : 0;
	}
	if (job.dir != NULL)
		buf_printf(&t->result, "%s/", job.dir);
	print(t, m->name + strspn(m->name, "/"));
	return 0;
}

/* What is to be done with the members of the archive of t. */
static void
go_through(struct task *t, struct unbundle *u, int dir)
{
	struct content content;
	struct member m;
	int r;

	while ((r = unbundle_next(u, &m)) > 0 && !finish_asked()) {
		if (job.mode == LIST)
			print(t, m.name);
		else if (job.mode == DECOMPRESS)
			r = unpack_member(t, u, &m, dir);
		else if ((r = unbundle_content(u, &content)) < 0)
			refuse(t, unbundle_error(u));
		if (r < 0)
			return;
	}
	if (finish_asked())
		set_status(t, STATUS_TROUBLE);
	else if (r < 0)
		refuse(t, unbundle_error(u));
}

/* Unpack, list or test an archive. */
static void
open_archive(struct task *t)
{
	struct unbundle *u = NULL;
	struct source s;
	int dir = AT_FDCWD;

	if (open_source(t, &s, job.rm && job.mode == DECOMPRESS) < 0)
		return;
	if (job.mode == DECOMPRESS && job.dir != NULL &&
	    (dir = open(job.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		trouble(t, job.dir);
	else if ((u = unbundle_new(s.fd, bundle_type(t->path))) == NULL)
		trouble(t, t->path);
	else
		go_through(t, u, dir);
	unbundle_free(u);
	if (dir >= 0)
		close(dir);
	if (job.mode == DECOMPRESS && job.rm && !job.dry_run && t->status == 0)
		remove_source(t, &s);
	source_close(&s);
}

/* A file that is, or is to be, in the archive. */
struct archived {
	char *path, *name;	/* name: in the archive, by which they are found */
	struct stat st;
	bool held;		/* by an archive that was there already */
	bool left;		/* not to be removed, which was told; or gone */
	struct archived *next;
};
static void *names;

/* The name that a path has in an archive: not absolute, not above; for free(). */
static char *
member_name(const char *path)
{
	char *name = malloc(strlen(path) + 1), *to = name;
	size_t n;

	if (name == NULL)
		die("out of memory");
	for (; *path != '\0'; path += n + strspn(path + n, "/")) {
		n = strcspn(path, "/");
		if (n == 2 && strncmp(path, "..", n) == 0) {
			to = name;
		} else if (n > 0 && (n > 1 || *path != '.')) {
			if (to > name)
				*to++ = '/';
			memcpy(to, path, n);
			to += n;
		}
	}
	*to = '\0';
	return name;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const struct archived *)a)->name,
	    ((const struct archived *)b)->name);
}

/*
 * Take t to the next file, *last.  1, 0 when there is none, or -1, when told, if
 * another one has its name in the archive: one would be lost.
 */
static int
next_archived(struct task *t, struct files *files, struct archived **last)
{
	const char *path = files_next(files);
	struct archived *a, **found;

	if (path == NULL)
		return 0;
	if ((a = calloc(1, sizeof *a)) == NULL ||
	    (a->path = strdup(path)) == NULL)
		die("out of memory");
	a->name = member_name(path);
	*last = a;
	t->path = a->path;
	if ((found = tsearch(a, &names, compare_names)) == NULL)
		die("out of memory");
	if (*found == a)
		return 1;
	refuse(t, "another file has its name in the archive");
	return -1;
}

/* Say what b could not do; always -1. */
static int
bundle_trouble(struct task *t, const struct bundle *b)
{
	warnx("%s: %s", job.archive, bundle_error(b));
	set_status(t, STATUS_TROUBLE);
	return -1;
}

/* Copy what s held when it was opened into b; 0, or -1 when told. */
static int
add_data(struct task *t, struct bundle *b, const struct source *s)
{
	char buf[CHUNK];
	off_t left = s->st.st_size;
	ssize_t n;

	for (; left > 0; left -= n) {
		n = read(s->fd, buf, left < CHUNK ? (size_t)left : CHUNK);
		if (finish_asked()) {
			n = -1;
			errno = EINTR;
		}
		if (n <= 0) {
			warnx("%s: %s", t->path, n < 0 ? strerror(errno) :
			    "became shorter while it was read");
			set_status(t, STATUS_TROUBLE);
			return -1;
		}
		if (bundle_add(b, buf, (size_t)n) < 0)
			return bundle_trouble(t, b);
		progress_add((uint64_t)n);
	}
	return 0;
}

/* Add the file a to b; 0, or -1 when told: there will be no archive. */
static int
add_file(struct task *t, struct bundle *b, struct archived *a)
{
	struct source s;
	int r = -1;

	if (open_source(t, &s, job.rm) < 0)
		return -1;
	progress_expect((uint64_t)s.st.st_size);
	if (bundle_begin(b, a->name, s.fd, &s.st) < 0) {
		bundle_trouble(t, b);
	} else if (add_data(t, b, &s) == 0) {
		a->left = !source_unchanged(&s);
		if (a->left)
			refuse(t, "changed; archived up to the size it had");
		a->st = s.st;
		r = 0;
	}
	source_close(&s);
	return r;
}

/* All files into b, which is written to fd; 0, or -1 when told. */
static int
add_files(struct task *t, struct bundle *b, int fd, struct files *files,
    struct archived **last)
{
	int r;

	for (; (r = next_archived(t, files, last)) > 0; last = &(*last)->next)
		if (add_file(t, b, *last) < 0)
			return -1;
	if (r < 0 || files_error(files) != 0 || finish_asked())
		return -1;		/* main tells */
	return bundle_end(b) < 0 || bundle_verify(b, fd) < 0 ?
	    bundle_trouble(t, b) : 0;
}

/*
 * The archive is there: print its name.  With --rm, remove what is still as it
 * is in it.
 */
static void
archive_made(struct task *t, const struct archived *a)
{
	struct source s;

	out_span(span_str(job.archive));
	out_addc(job.end);
	for (; job.rm && !job.dry_run && a != NULL; a = a->next) {
		t->path = a->path;
		if (a->left)
			continue;
		if (source_open(&s, t->path) < 0) {
			trouble(t, t->path);
			continue;
		}
		s.st = a->st;
		remove_source(t, &s);
		source_close(&s);
	}
}

/* Is a the member that is next in u, and if it is to be removed, may be gone? */
static bool
is_held(struct unbundle *u, struct archived *a)
{
	struct source s;
	bool held;

	if (source_open(&s, a->path) < 0) {
		a->left = errno == ENOENT;
		return a->left && job.rm;
	}
	a->st = s.st;
	held = unbundle_is(u, s.fd) && source_unchanged(&s);
	source_close(&s);
	return held;
}

/* Are all files in u as they are now? */
static bool
holds_all(struct unbundle *u, const struct archived *a)
{
	struct archived key, **found;
	struct member m;
	int r;

	while ((r = unbundle_next(u, &m)) > 0 && !finish_asked()) {
		key.name = (char *)(uintptr_t)m.name;
		found = tfind(&key, &names, compare_names);
		if (found != NULL && S_ISREG(m.mode))
			(*found)->held = is_held(u, *found);
	}
	while (a != NULL && a->held)
		a = a->next;
	return r == 0 && a == NULL;
}

/*
 * The archive is there already.  If it holds all files, a run was killed after
 * it had made it: do what is left to be done.
 */
static void
complete_archive(struct task *t, struct files *files, struct archived **first)
{
	struct archived **last = first;
	struct unbundle *u = NULL;
	struct source s;
	int r;

	while ((r = next_archived(t, files, last)) > 0)
		last = &(*last)->next;
	if (r < 0 || *first == NULL)
		return;
	if (source_open(&s, job.archive) == 0)
		u = unbundle_new(s.fd, bundle_type(job.archive));
	if (u != NULL && holds_all(u, *first) && fsync(s.fd) == 0 &&
	    fsync(s.dir) == 0) {
		archive_made(t, *first);
	} else {
		warnx("%s: already exists", job.archive);
		set_status(t, STATUS_NO);
	}
	unbundle_free(u);
	source_close(&s);
}

/* Put all files into f; *first is a list of them. */
static void
fill_archive(struct task *t, struct files *files, struct newfile *f,
    struct archived **first)
{
	struct stream stream = { .out = f->fd, .out_name = job.archive };
	struct bundle *b = bundle_create(stream_write, &stream,
	    bundle_type(job.archive), job.level, job.threads);
	int r;

	if (b == NULL)
		die("%s", job.archive);
	r = add_files(t, b, f->fd, files, first);
	bundle_free(b);
	if (r < 0 || *first == NULL)
		return;
	if (!job.dry_run && newfile_commit(f) < 0)
		trouble(t, job.archive);
	else
		archive_made(t, *first);
}

static void
make_archive(struct files *files)
{
	struct archived *first = NULL, *a;
	struct task t = { 0 };
	struct newfile f;

	if (newfile_open(&f, job.archive, 0666) == 0) {
		fill_archive(&t, files, &f, &first);
	} else if (errno == EEXIST) {
		complete_archive(&t, files, &first);
	} else if (errno == EBUSY) {
		t.path = (char *)(uintptr_t)job.archive;
		refuse(&t, "another logpack is at it");
	} else {
		trouble(&t, job.archive);
	}
	newfile_abort(&f);
	while ((a = first) != NULL) {
		first = a->next;
		free(a->path);
		free(a->name);
		free(a);
	}
	total.status = t.status;
}

static void
work(void *arg)
{
	struct task *t = arg;

	if (finish_asked() && strcmp(t->path, "-") != 0)
		set_status(t, STATUS_TROUBLE);
	else if (bundle_type(t->path) != BUNDLE_NONE && !job.to_stdout &&
	    job.mode != COMPRESS)
		open_archive(t);
	else if (job.mode == TEST)
		test_file(t);
	else if (job.mode == LIST)
		list_file(t);
	else if (job.to_stdout || strcmp(t->path, "-") == 0)
		filter(t);
	else if (job.mode == DECOMPRESS)
		decompress_file(t);
	else
		compress_file(t);
}

/* Called for one task after the other, in their order. */
static void
report(void *arg)
{
	struct task *t = arg;

	if (t->result.failed)
		die("out of memory");
	if (t->result.len > 0) {
		if (job.mode == LIST && t->packed > 0 && total.files++ == 0)
			out_span(span_str("         compressed        "
			    "uncompressed  ratio uncompressed_name\n"));
		out_span(buf_span(&t->result));
		out_flush();
		total.packed += t->packed;
		total.unpacked += t->unpacked;
	}
	if (t->status > total.status)
		total.status = t->status;
	buf_free(&t->result);
	free(t->path);
	free(t);
}

static struct task *
task_new(const char *path)
{
	struct task *t = calloc(1, sizeof *t);

	if (t == NULL || (t->path = strdup(path)) == NULL)
		die("out of memory");
	return t;
}

static void
work_through(struct files *files)
{
	struct jobs *jobs = jobs_new(job.threads, work);
	const char *path;
	struct task *t;

	if (jobs == NULL)
		die("threads");
	jobs_report(jobs, report);
	/* Asked to finish, what is in the pipe of standard input is taken. */
	while (!out_failed() && (path = files_next(files)) != NULL) {
		t = task_new(path);
		if (job.to_stdout || strcmp(path, "-") == 0) {
			jobs_wait(jobs, 0);
			work(t);
			report(t);
		} else if (jobs_put(jobs, t) < 0) {
			die("out of memory");
		}
		jobs_wait(jobs, 2 * job.threads);
		if (finish_asked())
			break;
	}
	jobs_free(jobs);
}

static void
check_use(bool from_stdin)
{
	bool to_stdout = from_stdin || job.to_stdout;

	if (job.archive != NULL) {
		if (job.mode != COMPRESS || job.to_stdout)
			opt_misuse(&cmd, "-a goes with none of -c, -d, -l and -t");
		if (job.type != GZ || job.rsyncable)
			opt_misuse(&cmd, "-a goes with neither --type nor "
			    "--rsyncable");
		if (bundle_type(job.archive) == BUNDLE_NONE ||
		    bundle_type(job.archive) == BUNDLE_OLD)
			opt_misuse(&cmd, "%s: not the name of a .tar, .tar.gz, "
			    ".tar.zst, .tar.xz or .zip", job.archive);
	}
	if (job.rsyncable && job.type != GZ)
		opt_misuse(&cmd, "--rsyncable is for gz only");
	if (job.mode == COMPRESS && to_stdout && isatty(STDOUT_FILENO))
		opt_misuse(&cmd, "compressed data is not for a terminal");
	if (job.mode != COMPRESS && from_stdin && isatty(STDIN_FILENO))
		opt_misuse(&cmd, "compressed data does not come from a terminal");
}

int
main(int argc, char *argv[])
{
	const char *list = NULL;
	struct buf line = { 0 };
	struct files *files;
	bool from_stdin;
	int ch;

	setlocale(LC_CTYPE, "C.UTF-8");	/* for names in archives */
	job.threads = jobs_cpus();
	while ((ch = opt_next(&cmd, argc, argv)) != -1)
		switch (ch) {
		case 'a': job.archive = optarg; break;
		case 'C': job.dir = optarg; break;
		case 'c': job.to_stdout = true; break;
		case 'd': job.mode = DECOMPRESS; break;
		case 'j': job.threads = (unsigned)opt_number(&cmd, 1, 256); break;
		case 'k': job.keep = true; break;
		case 'l': job.mode = LIST; break;
		case 'n': job.dry_run = true; break;
		case 't': job.mode = TEST; break;
		case 'v': job.verbose = true; break;
		case 'T': list = optarg; break;
		case '0': job.end = '\0'; break;
		case RM: job.rm = true; break;
		case RSYNCABLE: job.rsyncable = true; break;
		case TYPE: job.type = (unsigned)opt_word(&cmd, types); break;
		case WAIT: job.wait_ms = opt_duration_ms(&cmd); break;
		default: job.level = ch - '0'; break;
		}
	argv += optind;
	from_stdin = list == NULL && job.archive == NULL &&
	    (*argv == NULL || strcmp(*argv, "-") == 0);
	check_use(from_stdin);

	input_threads = job.threads;
	if (finish_on_signals() < 0)
		die("signals");
	if ((files = files_new(argv, list, job.end == '\0',
	    job.archive == NULL)) == NULL)
		die("out of memory");
	progress_on();
	if (job.mode == DECOMPRESS)
		input_idle = out_flush;
	if (job.archive != NULL)
		make_archive(files);
	else
		work_through(files);
	if ((errno = files_error(files)) != 0) {
		warn("%s", list);
		total.status = STATUS_TROUBLE;
	}
	if (finish_asked() && !from_stdin)
		total.status = STATUS_TROUBLE;
	if (job.mode == LIST && total.files > 1) {
		add_list_line(&line, "(totals)", total.packed, total.unpacked);
		out_span(buf_span(&line));
		buf_free(&line);
	}
	files_free(files);
	progress_end();
	return out_finish(total.status);
}
