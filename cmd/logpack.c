/*
 * logpack - compress files, and let nothing be lost by it
 */
#include "logpack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "base/opt.h"
#include "base/progress.h"
#include "base/sandbox.h"
#include "base/status.h"
#include "base/stdout.h"
#include "base/termination.h"
#include "base/thread_pool.h"
#include "base/units.h"
#include "file/attributes.h"
#include "file/name_list.h"
#include "file/newfile.h"
#include "file/open_writers.h"
#include "file/path.h"
#include "pack/archive_type.h"

enum { FRAME = GZ_HEADER + GZ_TRAILER };	/* without an index */
enum { RM = OPT_LONG, RSYNCABLE, TYPE, WAIT };

static const struct cmd cmd = {
	.name = "logpack",
	.what = "compress files, and let nothing be lost by it",
	.operands = "[file ...]",
	.sandboxed = true,
	.opts =
	    (const struct opt[]){
		{ OPT_GROUP, NULL, NULL, "What is made" },
		{ '1', "fast", NULL, "compress faster; -2 to -8 lie between" },
		{ '2', NULL, NULL, NULL }, { '3', NULL, NULL, NULL },
		{ '4', NULL, NULL, NULL }, { '5', NULL, NULL, NULL },
		{ '6', NULL, NULL, NULL }, { '7', NULL, NULL, NULL },
		{ '8', NULL, NULL, NULL },
		{ '9', "best", NULL, "compress better" },
		{ 'a', "archive", "archive", "put all files in one archive" },
		{ 'j', "jobs", "n",
		    "use n threads (default: one per processor)" },
		{ RSYNCABLE, "rsyncable", NULL, "small changes stay small" },
		{ TYPE, "type", "type", "what is made: gz, zst, xz" },
		{ OPT_GROUP, NULL, NULL, "Instead of packing" },
		{ 'd', "decompress", NULL, "decompress" },
		{ 'C', "directory", "dir", "unpack there" },
		{ 'l', "list", NULL, "list sizes, packed and unpacked" },
		{ 't', "test", NULL, "test whether all can be unpacked" },
		{ 'n', "dry-run", NULL, "print the names, change nothing" },
		{ OPT_GROUP, NULL, NULL, "Files" },
		{ 'c', "stdout", NULL, "write to standard output, keep files" },
		{ 'k', "keep", NULL, "keep the files that were packed" },
		{ RM, "rm", NULL, "remove what was archived or unpacked" },
		{ WAIT, "wait", "time", "for files open for writing (10 s)" },
		{ 'v', "verbose", NULL, "tell what was done" },
		OPT_FILES_FROM, OPT_NULL_LIST, { 0 } },
};

static const char *const types[] = { "gz", "zst", "xz", NULL };

struct job job = { .level = 6, .wait_ms = 10000, .end = '\n' };
struct totals total;

/*
 * Read f again, unpacking it or not, and compare.  Returns 0, or -1 after a
 * message.  The output of gzip_writer.h was unpacked and compared before, so
 * there it is enough that the bytes are the same.
 */
static int
verify(struct task *t, const struct newfile *f, bool raw,
    const struct content *content)
{
	const char *why;

	if (content_check(content, f->fd, raw, &why) == 0)
		return 0;
	warnx("%s: read back: %s", f->temp, why);
	task_status(t, STATUS_TROUBLE);
	return -1;
}

/*
 * The new file is written and compared: let it take the place of the source.
 * The name is printed as soon as the file has it, whatever happens to the
 * source.
 */
static void
replace(struct task *t, struct source *s, struct newfile *f, const char *name)
{
	if (!source_unchanged(s))
		task_refuse(t, "changed while it was read");
	else if (open_writers_there(s->fd) != 0)
		task_refuse(t, "was opened for writing again");
	else if (attributes_copy(s->fd, &s->st, f->fd) < 0 ||
	    newfile_commit(f) < 0)
		task_trouble(t, name);
	else {
		task_print(t, name);
		if (!job.keep)
			task_remove(t, s);
	}
}

/*
 * Handle a result that exists already.  If one of the two files unpacks to the
 * other, a run was killed after it had made the result: do the rest of its
 * work.
 */
static void
complete(struct task *t, struct source *s, const char *name)
{
	struct source there;
	bool same = false;

	if (source_open(&there, name) == 0)
		same = job.mode == COMPRESS ? content_is(there.fd, s->fd) :
		    content_is(s->fd, there.fd);
	else if (errno == ENOENT)	/* then its temporary name is taken */
		errno = EPERM;
	if (there.fd < 0 && errno == EPERM) {
		task_trouble(t, name);
	} else if (!same) {
		warnx("%s: already exists", name);
		task_status(t, STATUS_NO);
	} else if (!source_unchanged(s)) {
		task_refuse(t, "changed while it was read");
	} else if (fsync(there.fd) < 0 || fsync(there.dir) < 0) {
		task_trouble(t, name);
	} else {
		task_print(t, name);
		if (!job.keep)
			task_remove(t, s);
	}
	source_close(&there);
}

/*
 * Open the file that the result of t goes to, in dir.  Returns 0, or -1 when
 * none is to be made.
 */
static int
open_result(struct task *t, struct source *s, int dir, struct newfile *f,
    const char *name)
{
	const char *base = strrchr(name, '/');

	base = base != NULL ? base + 1 : name;
	if (job.dry_run) {
		task_print(t, name);
		return -1;
	}
	if (newfile_openat(f, dir, base, 0600, false) == 0)
		return 0;
	if (errno == EEXIST)
		complete(t, s, name);
	else if (errno == EBUSY)
		task_refuse(t, "another logpack is at it");
	else
		task_trouble(t, name);
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
		task_refuse(t, "has the suffix of a compressed file already");
		return;
	}
	if (task_open(t, &s, true) < 0)
		return;
	if (asprintf(&name, "%s.%s", t->path, types[job.type]) < 0)
		die("out of memory");
	if (open_result(t, &s, s.dir, &f, name) < 0)
		goto close_source;
	stream.out = f.fd;
	stream.out_name = name;
	if ((fd = fcntl(s.fd, F_DUPFD_CLOEXEC, 3)) < 0 ||
	    (stream.in = input_new(fd)) == NULL) {
		task_trouble(t, t->path);
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

/*
 * Unpack in to fd, or to standard output for -1.  Returns 0, or -1 after a
 * message.
 */
static int
decompress(struct task *t, struct input *in, int fd, struct content *content)
{
	struct stream to = { .out = fd, .failed = t->path };
	char buf[CHUNK];
	ssize_t n;

	if (!input_is_compressed(in)) {
		task_refuse(t, "is not compressed");
		return -1;
	}
	*content = (struct content){ 0 };
	while ((n = input_read(in, buf, sizeof buf)) > 0) {
		if (stream_write(&to, buf, (size_t)n) < 0) {
			if (to.failed != NULL)
				warn("%s", to.failed);
			task_status(t, STATUS_TROUBLE);
			return -1;
		}
		content_add(content, buf, (size_t)n);
	}
	if (n < 0)
		task_refuse(t, input_error(in));
	return (int)n;
}

/*
 * Returns the name in the folder of -C, if there is one; name is freed or
 * returned.
 */
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
		task_refuse(t, "has no suffix of a compressed file");
		return;
	}
	name = name_in_dir(name);
	if (task_open(t, &s, true) < 0)
		goto free_name;
	if (job.dir != NULL &&
	    (dir = path_folder(job.dir)) < 0) {
		task_trouble(t, job.dir);
		goto close_source;
	}
	if (open_result(t, &s, dir >= 0 ? dir : s.dir, &f, name) < 0)
		goto close_source;
	if ((fd = fcntl(s.fd, F_DUPFD_CLOEXEC, 3)) < 0 ||
	    (in = input_new(fd)) == NULL)
		task_trouble(t, t->path);
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

/* Returns an input for t, or NULL after a message. */
static struct input *
open_input(struct task *t)
{
	struct input *in = input_open(t->path);

	if (in == NULL && errno == EISDIR)
		task_refuse(t, "is a directory");
	else if (in == NULL)
		task_trouble(t, t->path);
	return in;
}

/* Pack or unpack standard input, or a file with -c, to standard output. */
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
		task_refuse(t, "changed while it was read");
	input_close(in);
}

/* The size of the header and the trailer of a gzip file. */
static size_t
frame_of(const struct input *in)
{
	unsigned char head[GZ_INDEX_HEAD];
	size_t n = 0;

	if (pread(input_fd(in), head, sizeof head, 0) == sizeof head)
		n = gzip_index_header(head);
	return n > 0 ? n + GZ_TRAILER : FRAME;
}

/* Unpack t and drop the result.  Returns 0, or -1 after a message. */
static int
test_file(struct task *t)
{
	struct input *in;
	struct content content = { 0 };
	int r = -1;

	if ((in = open_input(t)) == NULL)
		return -1;
	if (!input_is_compressed(in))
		task_refuse(t, "is not compressed");
	else if (content_read(&content, in, false) < 0)
		task_refuse(t, input_error(in));
	else
		r = 0;
	t->unpacked = content.size;
	t->packed = (uint64_t)input_stat(in)->st_size;
	t->frame = frame_of(in);
	input_close(in);
	return r;
}

/*
 * Add a line of gzip -l, whose ratio leaves out the header and the trailer;
 * false for a name that cannot be in a list.
 */
static bool
add_list_line(struct buf *b, const char *name, uint64_t packed,
    uint64_t unpacked, size_t frame)
{
	double in = (double)unpacked, out = (double)packed - (double)frame;
	size_t start = b->len;

	buf_printf(b, "%19" PRIu64 " %19" PRIu64 " %5.1f%% ", packed, unpacked,
	    unpacked > 0 ? (in - out) * 100 / in : 0);
	if (name_list_add(b, name, job.end))
		return true;
	b->len = start;
	return false;
}

static void
list_file(struct task *t)
{
	char *name;

	if (test_file(t) < 0)
		return;
	name = unpacked_name(t->path);
	if (!add_list_line(&t->result, name != NULL ? name : t->path,
	    t->packed, t->unpacked, t->frame))
		task_refuse(t, NAME_LIST_NEWLINE);
	else if (t->result.failed)
		task_trouble(t, t->path);
	free(name);
}

static void
work(void *arg)
{
	struct task *t = arg;

	if (termination_asked() && strcmp(t->path, "-") != 0)
		task_status(t, STATUS_TROUBLE);
	else if (archive_type_of(t->path) != ARCHIVE_TYPE_NONE &&
	    !job.to_stdout && job.mode != COMPRESS)
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

/* Print the results; called for one task after the other, in their order. */
static void
report(void *arg)
{
	struct task *t = arg;

	if (t->result.failed)
		die("out of memory");
	progress_file();
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
work_through(struct operands *files)
{
	struct thread_pool *jobs = thread_pool_new(job.threads, work);
	const char *path;
	struct task *t;

	if (jobs == NULL)
		die("threads");
	thread_pool_report(jobs, report);
	/*
	 * When we are asked to finish, the data in the pipe of standard input
	 * is still taken.
	 */
	while (!out_failed() && (path = operands_next(files)) != NULL) {
		t = task_new(path);
		if (job.to_stdout || strcmp(path, "-") == 0) {
			thread_pool_wait(jobs, 0);
			work(t);
			report(t);
		} else if (thread_pool_put(jobs, t) < 0) {
			die("out of memory");
		}
		thread_pool_wait(jobs, 2 * job.threads);
		if (termination_asked())
			break;
	}
	thread_pool_free(jobs);
}

static void
check_use(bool from_stdin)
{
	bool to_stdout = from_stdin || job.to_stdout;

	if (job.archive != NULL) {
		if (job.mode != COMPRESS || job.to_stdout)
			opt_misuse(
			    &cmd, "-a goes with none of -c, -d, -l and -t");
		if (job.type != GZ || job.rsyncable)
			opt_misuse(&cmd, "-a goes with neither --type nor "
			    "--rsyncable");
		if (archive_type_of(job.archive) == ARCHIVE_TYPE_NONE ||
		    archive_type_of(job.archive) == ARCHIVE_TYPE_OLD)
			opt_misuse(&cmd, "%s: not the name of a .tar, .tar.gz, "
			    ".tar.zst, .tar.xz or .zip", job.archive);
	}
	if (job.rsyncable && job.type != GZ)
		opt_misuse(&cmd, "--rsyncable is for gz only");
	if (job.mode == COMPRESS && to_stdout && isatty(STDOUT_FILENO))
		opt_misuse(&cmd, "compressed data is not for a terminal");
	if (job.mode != COMPRESS && from_stdin && isatty(STDIN_FILENO))
		opt_misuse(
		    &cmd, "compressed data does not come from a terminal");
}

static void
set_option(int ch, const char **list)
{
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
	case 'T': *list = optarg; break;
	case '0': job.end = '\0'; break;
	case RM: job.rm = true; break;
	case RSYNCABLE: job.rsyncable = true; break;
	case TYPE: job.type = (unsigned)opt_word(&cmd, types); break;
	case WAIT: job.wait_ms = opt_duration_ms(&cmd); break;
	default: job.level = ch - '0'; break;
	}
}

/* Whether the command only reads files, and writes to standard output. */
static bool
writes_no_file(bool from_stdin, char *const *operands)
{
	if (job.archive != NULL)
		return false;
	return job.to_stdout || job.mode == TEST || job.mode == LIST ||
	    (from_stdin && (operands[0] == NULL || operands[1] == NULL));
}

static void
list_totals(void)
{
	struct buf line = { 0 };

	add_list_line(&line, "(totals)", total.packed, total.unpacked,
	    FRAME);
	out_span(buf_span(&line));
	buf_free(&line);
}

int
main(int argc, char *argv[])
{
	const char *list = NULL;
	struct operands *files;
	bool from_stdin;
	int ch;

	setlocale(LC_CTYPE, "C.UTF-8");	/* for names in archives */
	job.threads = thread_pool_cpus();
	while ((ch = opt_next(&cmd, argc, argv)) != -1)
		set_option(ch, &list);
	argv += optind;
	from_stdin = list == NULL && job.archive == NULL &&
	    (*argv == NULL || strcmp(*argv, "-") == 0);
	check_use(from_stdin);

	input_threads = job.threads;
	if (writes_no_file(from_stdin, argv))
		sandbox_enter(false);
	input_from_list = list != NULL;
	path_report_folders(job.verbose);
	if (termination_on_signals() < 0)
		die("signals");
	if ((files = operands_new(argv, list, job.end == '\0',
	    job.archive == NULL)) == NULL)
		die("out of memory");
	progress_on(true);
	if (job.mode == DECOMPRESS)
		input_idle = out_flush;
	if (job.archive != NULL)
		make_archive(files);
	else
		work_through(files);
	if ((errno = operands_error(files)) != 0) {
		warn("%s", list);
		total.status = STATUS_TROUBLE;
	}
	if (termination_asked() && !from_stdin)
		total.status = STATUS_TROUBLE;
	if (job.mode == LIST && total.files > 1)
		list_totals();
	operands_free(files);
	progress_end();
	return out_finish(total.status);
}
