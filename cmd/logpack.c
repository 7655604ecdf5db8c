/*
 * logpack - compress files, and let nothing be lost by it
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libdeflate.h>

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
#include "units.h"
#include "writers.h"

enum { CHUNK = 128 * 1024, FRAME = 18 };	/* FRAME: of a gzip member */
enum { WAIT = OPT_LONG };

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
		{ 'c', "stdout", NULL, "write to standard output, keep files" },
		{ 'd', "decompress", NULL, "decompress" },
		{ 'j', "jobs", "n", "use n threads (default: one per processor)" },
		{ 'k', "keep", NULL, "keep the files that were packed" },
		{ 'l', "list", NULL, "list sizes, packed and unpacked" },
		{ 'n', "dry-run", NULL, "print the names, change nothing" },
		{ 't', "test", NULL, "test whether all can be unpacked" },
		{ 'v', "verbose", NULL, "tell what was done" },
		{ WAIT, "wait", "time", "for files open for writing (10 s)" },
		OPT_FILES_FROM,
		OPT_NULL_LIST,
		{ 0 }
	},
};

static struct {
	enum { COMPRESS, DECOMPRESS, TEST, LIST } mode;
	bool to_stdout, keep, dry_run, verbose;
	int level;
	unsigned threads;
	int64_t wait_ms;
	char end;		/* of a printed name */
} job = { .level = 6, .wait_ms = 10000, .end = '\n' };

/* One file: how it went, and the line that standard output gets. */
struct task {
	char *path, *result;
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

/* Open the file of t, and wait for its last writer.  0, or -1 when told. */
static int
open_source(struct task *t, struct source *s)
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
	if (s->st.st_nlink > 1 && !job.keep)
		refuse(t, "has other links");
	else if (job.dry_run)
		return 0;
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

/* Compress s; 0, or -1 when told. */
static int
compress_stream(struct task *t, struct stream *s, struct pack *p)
{
	const struct stat *st = input_stat(s->in);
	bool is_large = !S_ISREG(st->st_mode) || st->st_size > LARGE;
	int r;

	*p = (struct pack){ .level = job.level,
	    .threads = is_large ? job.threads : 1,
	    .sink = stream_write, .again = s->out >= 0 ? stream_again : NULL,
	    .size = (uint64_t)st->st_size, .arg = s };
	s->failed = s->out_name;
	if (is_large)
		pthread_mutex_lock(&large);
	if ((r = feed(p, s)) < 0 && s->failed != NULL)
		trouble(t, s->failed);
	pack_free(p);
	if (is_large)
		pthread_mutex_unlock(&large);
	if (r < 0)
		set_status(t, STATUS_TROUBLE);
	t->unpacked = p->in;
	t->packed = p->out;
	return r;
}

/* CRC-32 and size of what in gives: 0, or -1. */
static int
checksum(struct input *in, bool raw, uint32_t *crc, uint64_t *size)
{
	char buf[CHUNK];
	ssize_t n;

	*crc = 0;
	*size = 0;
	while ((n = raw ? input_read_raw(in, buf, sizeof buf) :
	    input_read(in, buf, sizeof buf)) > 0) {
		*crc = libdeflate_crc32(*crc, buf, (size_t)n);
		*size += (uint64_t)n;
	}
	return (int)n;
}

/* Read f again from its start, unpacking it or not, and compare. */
static int
verify(struct task *t, const struct newfile *f, bool raw, uint32_t crc,
    uint64_t size)
{
	struct input *in;
	uint64_t is_size;
	uint32_t is_crc;
	int r = -1, fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    (in = input_new(fd)) == NULL) {
		trouble(t, f->temp);
		return -1;
	}
	if (checksum(in, raw, &is_crc, &is_size) < 0)
		warnx("%s: read back: %s", f->temp, input_error(in));
	else if (is_crc != crc || is_size != size)
		warnx("%s: read back: not what was written", f->temp);
	else
		r = 0;
	if (r < 0)
		set_status(t, STATUS_TROUBLE);
	input_close(in);
	return r;
}

/*
 * The new file is written and compared: let it take the place of the source.
 * The name is printed as soon as it is there, whatever becomes of the source.
 */
static void
replace(struct task *t, struct source *s, struct newfile *f, char **name)
{
	if (!source_unchanged(s))
		refuse(t, "changed while it was read");
	else if (writers_there(s->fd) != 0)
		refuse(t, "was opened for writing again");
	else if (meta_copy(s->fd, &s->st, f->fd) < 0 || newfile_commit(f) < 0)
		trouble(t, *name);
	else {
		t->result = *name;
		*name = NULL;
		if (!job.keep && source_remove(s) < 0)
			trouble(t, t->path);
	}
}

/* Do a and b have the same contents, b after unpacking?  -1: cannot tell. */
static int
same_contents(int a, struct input *b)
{
	char p[CHUNK], q[CHUNK];
	ssize_t n, m;
	off_t at = 0;

	while ((n = input_read(b, p, sizeof p)) > 0) {
		for (ssize_t had = 0; had < n; had += m) {
			m = pread(a, q + had, (size_t)(n - had), at + had);
			if (m <= 0)
				return (int)m;
		}
		if (memcmp(p, q, (size_t)n) != 0)
			return 0;
		at += n;
	}
	return n < 0 ? -1 : pread(a, q, 1, at) == 0;
}

/*
 * The result is there already.  If the one is what the other unpacks to, a run
 * was killed after it had made the result: do what is left to be done.
 */
static void
complete(struct task *t, struct source *s, char **name)
{
	struct source there;
	struct input *in = NULL;
	bool same = false;
	int fd;

	if (source_open(&there, *name) == 0) {
		fd = job.mode == COMPRESS ? there.fd : s->fd;
		if ((fd = fcntl(fd, F_DUPFD_CLOEXEC, 3)) >= 0)
			in = input_new(fd);
		same = in != NULL && input_is_compressed(in) && same_contents(
		    job.mode == COMPRESS ? s->fd : there.fd, in) > 0;
		input_close(in);
	}
	if (!same)
		warnx("%s: already exists", *name);
	if (same && fsync(there.fd) == 0 && fsync(there.dir) == 0 &&
	    source_unchanged(s) && writers_there(s->fd) == 0) {
		t->result = *name;
		*name = NULL;
		if (!job.keep && source_remove(s) < 0)
			trouble(t, t->path);
	} else {
		set_status(t, STATUS_NO);
	}
	source_close(&there);
}

/* Where the result of t goes; 0, or -1 when there is none to be made. */
static int
open_result(struct task *t, struct source *s, struct newfile *f, char **name)
{
	const char *base = strrchr(*name, '/');

	base = base != NULL ? base + 1 : *name;
	if (job.dry_run) {
		t->result = *name;
		*name = NULL;
		return -1;
	}
	if (newfile_openat(f, s->dir, base, 0600) == 0)
		return 0;
	if (errno == EEXIST)
		complete(t, s, name);
	else if (errno == EBUSY)
		refuse(t, "another logpack is at it");
	else
		trouble(t, *name);
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
	struct pack p;
	int fd;

	if (name != NULL) {
		free(name);
		refuse(t, "has the suffix of a compressed file already");
		return;
	}
	if (open_source(t, &s) < 0)
		return;
	if (asprintf(&name, "%s.gz", t->path) < 0)
		die("out of memory");
	if (open_result(t, &s, &f, &name) < 0)
		goto close_source;
	stream.out = f.fd;
	stream.out_name = name;
	if ((fd = fcntl(s.fd, F_DUPFD_CLOEXEC, 3)) < 0 ||
	    (stream.in = input_new(fd)) == NULL) {
		trouble(t, t->path);
	} else if (compress_stream(t, &stream, &p) == 0 &&
	    verify(t, &f, false, p.crc, p.in) == 0) {
		replace(t, &s, &f, &name);
		if (t->result != NULL)
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
decompress(struct task *t, struct input *in, int fd, uint32_t *crc)
{
	struct stream to = { .out = fd, .failed = t->path };
	char buf[CHUNK];
	ssize_t n;

	if (!input_is_compressed(in)) {
		refuse(t, "is not compressed");
		return -1;
	}
	*crc = 0;
	while ((n = input_read(in, buf, sizeof buf)) > 0) {
		if (stream_write(&to, buf, (size_t)n) < 0) {
			if (to.failed != NULL)
				warn("%s", to.failed);
			set_status(t, STATUS_TROUBLE);
			return -1;
		}
		*crc = libdeflate_crc32(*crc, buf, (size_t)n);
		t->unpacked += (uint64_t)n;
	}
	if (n < 0)
		refuse(t, input_error(in));
	return (int)n;
}

static void
decompress_file(struct task *t)
{
	char *name = unpacked_name(t->path);
	struct input *in = NULL;
	struct newfile f;
	struct source s;
	uint32_t crc;
	int fd;

	if (name == NULL) {
		refuse(t, "has no suffix of a compressed file");
		return;
	}
	if (open_source(t, &s) < 0)
		goto free_name;
	if (open_result(t, &s, &f, &name) < 0)
		goto close_source;
	if ((fd = fcntl(s.fd, F_DUPFD_CLOEXEC, 3)) < 0 ||
	    (in = input_new(fd)) == NULL)
		trouble(t, t->path);
	else if (decompress(t, in, f.fd, &crc) == 0 &&
	    verify(t, &f, true, crc, t->unpacked) == 0)
		replace(t, &s, &f, &name);
	input_close(in);
	newfile_abort(&f);
close_source:
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
	struct pack p;
	uint32_t crc;

	if ((in = open_input(t)) == NULL)
		return;
	s.in = in;
	if (job.mode == DECOMPRESS)
		decompress(t, in, -1, &crc);
	else if (compress_stream(t, &s, &p) == 0 &&
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
	uint32_t crc;
	int r = -1;

	if ((in = open_input(t)) == NULL)
		return -1;
	if (!input_is_compressed(in))
		refuse(t, "is not compressed");
	else if (checksum(in, false, &crc, &t->unpacked) < 0)
		refuse(t, input_error(in));
	else
		r = 0;
	t->packed = (uint64_t)input_stat(in)->st_size;
	input_close(in);
	return r;
}

/* A line of gzip -l, whose ratio leaves out the header and the trailer. */
static char *
list_line(const char *name, uint64_t packed, uint64_t unpacked)
{
	double in = (double)unpacked, out = (double)packed - FRAME;
	char *line;

	if (asprintf(&line, "%19" PRIu64 " %19" PRIu64 " %5.1f%% %s", packed,
	    unpacked, unpacked > 0 ? (in - out) * 100 / in : 0, name) < 0)
		die("out of memory");
	return line;
}

static void
list_file(struct task *t)
{
	char *name = unpacked_name(t->path);

	if (test_file(t) == 0)
		t->result = list_line(name != NULL ? name : t->path, t->packed,
		    t->unpacked);
	free(name);
}

static void
work(void *arg)
{
	struct task *t = arg;

	if (finish_asked())
		set_status(t, STATUS_TROUBLE);
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

	if (t->result != NULL) {
		if (job.mode == LIST && total.files == 0) {
			out_span(span_str("         compressed        "
			    "uncompressed  ratio uncompressed_name\n"));
		}
		out_span(span_str(t->result));
		out_addc(job.end);
		out_flush();
		total.files++;
		total.packed += t->packed;
		total.unpacked += t->unpacked;
	}
	if (t->status > total.status)
		total.status = t->status;
	free(t->result);
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
	while (!finish_asked() && !out_failed() &&
	    (path = files_next(files)) != NULL) {
		t = task_new(path);
		if (job.to_stdout || strcmp(path, "-") == 0) {
			jobs_wait(jobs, 0);
			work(t);
			report(t);
		} else if (jobs_put(jobs, t) < 0) {
			die("out of memory");
		}
		jobs_wait(jobs, 2 * job.threads);
	}
	jobs_free(jobs);
}

static void
check_use(bool from_stdin)
{
	bool to_stdout = from_stdin || job.to_stdout;

	if (job.mode == COMPRESS && to_stdout && isatty(STDOUT_FILENO))
		opt_misuse(&cmd, "compressed data is not for a terminal");
	if (job.mode != COMPRESS && from_stdin && isatty(STDIN_FILENO))
		opt_misuse(&cmd, "compressed data does not come from a terminal");
}

int
main(int argc, char *argv[])
{
	const char *list = NULL;
	struct files *files;
	bool from_stdin;
	int ch;

	job.threads = jobs_cpus();
	while ((ch = opt_next(&cmd, argc, argv)) != -1)
		switch (ch) {
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
		case WAIT: job.wait_ms = opt_duration_ms(&cmd); break;
		default: job.level = ch - '0'; break;
		}
	argv += optind;
	from_stdin = list == NULL && (*argv == NULL || strcmp(*argv, "-") == 0);
	check_use(from_stdin);

	input_threads = job.threads;
	if (finish_on_signals() < 0)
		die("signals");
	if ((files = files_new(argv, list, job.end == '\0', true)) == NULL)
		die("out of memory");
	progress_on();
	if (job.mode == DECOMPRESS)
		input_idle = out_flush;
	work_through(files);
	if ((errno = files_error(files)) != 0) {
		warn("%s", list);
		total.status = STATUS_TROUBLE;
	}
	if (finish_asked() && !from_stdin)
		total.status = STATUS_TROUBLE;
	if (job.mode == LIST && total.files > 1) {
		char *line = list_line("(totals)", total.packed, total.unpacked);

		out_span(span_str(line));
		out_addc('\n');
		free(line);
	}
	files_free(files);
	progress_end();
	return out_finish(total.status);
}
