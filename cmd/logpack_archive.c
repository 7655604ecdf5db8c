/*
 * logpack_archive - many files in one archive, and archives unpacked
 */
#include "logpack.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>

#include "base/message.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/stdout.h"
#include "base/termination.h"
#include "base/utf8.h"
#include "file/newfile.h"
#include "file/path.h"
#include "pack/archive_reader.h"
#include "pack/archive_writer.h"

enum { BATCH = 4096 };		/* how many members are synced at once */

/* A file that is, or is to be, in the archive. */
struct archived {
	/* Name is that in the archive, by which files are found. */
	char *path, *name;
	struct stat st;
	bool held;		/* an archive that existed already holds it */
	bool left;		/* not to be removed, which was said; or gone */
	struct archived *next;
};
static void *names;

/*
 * Members that are written but have no names yet, so that they are synced at
 * once.
 */
struct unpacking {
	int dir;		/* the folder beneath which they are unpacked */
	size_t n, max;
	struct newfile *files;
	char **names;
};

/* Print which member was not unpacked, and why. */
static void
member_trouble(struct task *t, const char *name, const char *why, int status)
{
	warnx("%s: %s: %s", t->path, name, why);
	task_status(t, status);
}

static void
print_member(struct task *t, const char *name)
{
	struct buf path = { 0 };

	if (job.dir != NULL)
		buf_printf(&path, "%s/", job.dir);
	buf_adds(&path, name + strspn(name, "/"));
	if (buf_str(&path) == NULL)
		die("out of memory");
	task_print(t, path.p);
	buf_free(&path);
}

/* Give the members unpacked so far their names. */
static void
commit_members(struct task *t, struct unpacking *p)
{
	newfile_commit_all(p->files, p->n);
	for (size_t i = 0; i < p->n; i++) {
		if (p->files[i].error == 0)
			print_member(t, p->names[i]);
		else
			member_trouble(t, p->names[i],
			    task_strerror(p->files[i].error), STATUS_TROUBLE);
		free(p->names[i]);
	}
	p->n = 0;
}

/*
 * Make room for as many members as files may be open, with those of other
 * threads.
 */
static void
begin_unpacking(struct unpacking *p)
{
	struct rlimit limit = { 1024, 1024 };

	getrlimit(RLIMIT_NOFILE, &limit);
	p->max = limit.rlim_cur / (4 * (job.threads + 1)) + 1;
	if (p->max > BATCH)
		p->max = BATCH;
	p->files = calloc(p->max, sizeof *p->files);
	p->names = calloc(p->max, sizeof *p->names);
	if (p->files == NULL || p->names == NULL)
		die("out of memory");
}

/* Write the member m.  Returns 0, or -1 with errno. */
static int
save_member(struct task *t, struct archive_reader *u, const struct member *m,
    struct unpacking *p)
{
	struct newfile f;
	int r = archive_reader_save(u, m, p->dir, &f);

	if (r < 0 && errno == EBUSY && p->n > 0) {
		/* The name may be that of a member that has none yet. */
		commit_members(t, p);
		r = archive_reader_save(u, m, p->dir, &f);
	}
	if (r < 0)
		return -1;
	if (f.fd < 0) {			/* the file exists already */
		commit_members(t, p);	/* names are printed in order */
		print_member(t, m->name);
		return 0;
	}
	if ((p->names[p->n] = strdup(m->name)) == NULL)
		die("out of memory");
	p->files[p->n++] = f;
	if (p->n == p->max)
		commit_members(t, p);
	return 0;
}

/* Unpack the member m.  Returns 0, or -1 when it is of no use to go on. */
static int
unpack_member(struct task *t, struct archive_reader *u, const struct member *m,
    struct unpacking *p)
{
	if (m->unfit != NULL) {
		member_trouble(t, m->name, m->unfit, STATUS_NO);
	} else if (S_ISDIR(m->mode)) {
		; /* the folder is made when a file is to be in it */
	} else if (job.dry_run) {
		print_member(t, m->name);
	} else if (save_member(t, u, m, p) < 0) {
		bool refused = errno == EEXIST || errno == EBUSY ||
		    errno == EINVAL || errno == EBADMSG;

		member_trouble(t, m->name, archive_reader_error(u),
		    refused ? STATUS_NO : STATUS_TROUBLE);
		return errno == EBADMSG || errno == EINTR ? -1 : 0;
	}
	return 0;
}

/* Unpack (with p), list or test the members of the archive of t. */
static void
go_through(struct task *t, struct archive_reader *u, struct unpacking *p)
{
	struct content content;
	struct member m;
	int r;

	while ((r = archive_reader_next(u, &m)) > 0 && !termination_asked()) {
		if (job.mode == LIST)
			task_print(t, m.name);
		else if (p != NULL)
			r = unpack_member(t, u, &m, p);
		else if ((r = archive_reader_content(u, &content)) < 0)
			task_refuse(t, archive_reader_error(u));
		if (r < 0)
			return;
	}
	if (termination_asked())
		task_status(t, STATUS_TROUBLE);
	else if (r < 0)
		task_refuse(t, archive_reader_error(u));
}

static void
unpack(struct task *t, struct archive_reader *u)
{
	struct unpacking p = { .dir = AT_FDCWD };

	if (job.dir != NULL && (p.dir = path_folder(job.dir)) < 0) {
		task_trouble(t, job.dir);
		return;
	}
	begin_unpacking(&p);
	go_through(t, u, &p);
	commit_members(t, &p);
	free(p.files);
	free(p.names);
	if (p.dir >= 0)
		close(p.dir);
}

/* Unpack, list or test an archive. */
void
open_archive(struct task *t)
{
	struct archive_reader *u;
	struct source s;

	if (task_open(t, &s, job.rm && job.mode == DECOMPRESS) < 0)
		return;
	u = archive_reader_new(s.fd, archive_type_of(t->path));
	if (u == NULL)
		task_trouble(t, t->path);
	else if (job.mode == DECOMPRESS)
		unpack(t, u);
	else
		go_through(t, u, NULL);
	archive_reader_free(u);
	if (job.mode == DECOMPRESS && job.rm && !job.dry_run && t->status == 0)
		task_remove(t, &s);
	source_close(&s);
}

/*
 * Returns the name that a path has in an archive: not absolute, not above; for
 * free().
 */
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
 * Take t to the next file, *last.  Returns 1, 0 when there is none, or -1 after
 * a message if another file has its name in the archive: one would be lost.
 */
static int
next_archived(struct task *t, struct operands *files, struct archived **last)
{
	const char *path = operands_next(files);
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
	task_refuse(t, "another file has its name in the archive");
	return -1;
}

/* Print what b could not do.  Always returns -1. */
static int
writer_trouble(struct task *t, const struct archive_writer *b)
{
	warnx("%s: %s", job.archive, archive_writer_error(b));
	task_status(t, STATUS_TROUBLE);
	return -1;
}

/*
 * Copy the data that s had when it was opened into b.  Returns 0, or -1 after a
 * message.
 */
static int
add_data(struct task *t, struct archive_writer *b, const struct source *s)
{
	char buf[CHUNK];
	off_t left = s->st.st_size;
	ssize_t n;

	for (; left > 0; left -= n) {
		n = read(s->fd, buf, left < CHUNK ? (size_t)left : CHUNK);
		if (termination_asked()) {
			n = -1;
			errno = EINTR;
		}
		if (n <= 0) {
			warnx("%s: %s", t->path, n < 0 ? strerror(errno) :
			    "became shorter while it was read");
			task_status(t, STATUS_TROUBLE);
			return -1;
		}
		if (archive_writer_add(b, buf, (size_t)n) < 0)
			return writer_trouble(t, b);
		progress_add((uint64_t)n);
	}
	return 0;
}

/*
 * Whether a name can be in a zip archive: readers take names for UTF-8, and '\'
 * for '/'.
 */
static bool
fits_zip(const char *name)
{
	const char *end = name + strlen(name);
	bool good = true;

	for (const char *p = name; good && p < end;)
		p += utf8_next(p, end, &good);
	return good && strchr(name, '\\') == NULL;
}

/*
 * Add the file a to b.  Returns 0, or -1 after a message: then there will be no
 * archive.
 */
static int
add_file(struct task *t, struct archive_writer *b, struct archived *a)
{
	struct source s;
	int r = -1;

	if (archive_type_of(job.archive) == ARCHIVE_TYPE_ZIP &&
	    !fits_zip(a->name)) {
		task_refuse(t, "a zip cannot hold a name that is not UTF-8 or "
		    "has a backslash");
		return -1;
	}
	if (task_open(t, &s, job.rm) < 0)
		return -1;
	progress_expect((uint64_t)s.st.st_size);
	if (archive_writer_begin(b, a->name, s.fd, &s.st) < 0) {
		writer_trouble(t, b);
	} else if (add_data(t, b, &s) == 0) {
		a->left = !source_unchanged(&s);
		if (a->left)
			task_refuse(t, "changed; archived up to the size it had");
		a->st = s.st;
		r = 0;
	}
	source_close(&s);
	return r;
}

/*
 * Put all files into b, which is written to fd.  Returns 0, or -1 after a
 * message.
 */
static int
add_files(struct task *t, struct archive_writer *b, int fd,
    struct operands *files, struct archived **last)
{
	int r;

	for (; (r = next_archived(t, files, last)) > 0; last = &(*last)->next)
		if (add_file(t, b, *last) < 0)
			return -1;
	if (r < 0 || operands_error(files) != 0 || termination_asked())
		return -1;		/* the caller prints the reason */
	return archive_writer_end(b) < 0 || archive_writer_verify(b, fd) < 0 ?
	    writer_trouble(t, b) : 0;
}

/*
 * The archive is on disk: print its name.  With --rm, remove the files that are
 * still as in the archive.
 */
static void
archive_made(struct task *t, const struct archived *a)
{
	struct source s;

	t->path = (char *)(uintptr_t)job.archive;
	task_print(t, job.archive);
	out_span(buf_span(&t->result));
	buf_free(&t->result);
	for (; job.rm && !job.dry_run && a != NULL; a = a->next) {
		t->path = a->path;
		if (a->left)
			continue;
		if (source_open(&s, t->path) < 0) {
			task_trouble(t, t->path);
			continue;
		}
		s.st = a->st;
		task_remove(t, &s);
		source_close(&s);
	}
}

/*
 * Whether a is the member that is next in u and, if it is to be removed, may be
 * gone.
 */
static bool
is_held(struct archive_reader *u, struct archived *a)
{
	struct source s;
	bool held;

	if (source_open(&s, a->path) < 0) {
		a->left = errno == ENOENT;
		return a->left && job.rm;
	}
	a->st = s.st;
	held = archive_reader_is(u, s.fd) && source_unchanged(&s);
	source_close(&s);
	return held;
}

/* Whether all files are in u as they are now. */
static bool
holds_all(struct archive_reader *u, const struct archived *a)
{
	struct archived key, **found;
	struct member m;
	int r;

	while ((r = archive_reader_next(u, &m)) > 0 && !termination_asked()) {
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
 * Handle an archive that exists already.  If it holds all files, a run was
 * killed after it had made it: do the rest of its work.
 */
static void
complete_archive(
    struct task *t, struct operands *files, struct archived **first)
{
	struct archived **last = first;
	struct archive_reader *u = NULL;
	struct source s;
	int r;

	while ((r = next_archived(t, files, last)) > 0)
		last = &(*last)->next;
	if (r < 0 || *first == NULL)
		return;
	if (source_open(&s, job.archive) == 0)
		u = archive_reader_new(s.fd, archive_type_of(job.archive));
	if (u != NULL && holds_all(u, *first) && fsync(s.fd) == 0 &&
	    fsync(s.dir) == 0) {
		archive_made(t, *first);
	} else {
		warnx("%s: already exists", job.archive);
		task_status(t, STATUS_NO);
	}
	archive_reader_free(u);
	source_close(&s);
}

/* Put all files into f; *first is a list of them. */
static void
fill_archive(struct task *t, struct operands *files, struct newfile *f,
    struct archived **first)
{
	struct stream stream = { .out = f->fd, .out_name = job.archive };
	struct archive_writer *b = archive_writer_create(stream_write, &stream,
	    archive_type_of(job.archive), job.level, job.threads);
	int r;

	if (b == NULL)
		die("%s", job.archive);
	r = add_files(t, b, f->fd, files, first);
	archive_writer_free(b);
	if (r < 0 || *first == NULL)
		return;
	if (!job.dry_run && newfile_commit(f) < 0)
		task_trouble(t, job.archive);
	else
		archive_made(t, *first);
}

void
make_archive(struct operands *files)
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
		task_refuse(&t, "another logpack is at it");
	} else {
		task_trouble(&t, job.archive);
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
