/*
 * logstamp - rename rotated logs so that the name carries the time
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/opt.h"
#include "base/status.h"
#include "base/stdout.h"
#include "file/attributes.h"
#include "file/name_list.h"
#include "file/newfile.h"
#include "file/path.h"
#include "file/open_writers.h"
#include "file/operands.h"
#include "rotate/rotated_files.h"
#include "rotate/stamp.h"

enum { LOCAL = OPT_LONG, REOPEN, LINKS, OLDDIR };

/* How long one run waits for files that may be live logs to be closed. */
enum { WAIT_MS = 2000 };

static const struct cmd cmd = {
	.name = "logstamp",
	.what = "rename rotated logs so that the name carries the time",
	.operands = "[-a base | -l base | -p base | -r file | file ...]",
	.opts =
	    (const struct opt[]){
		{ OPT_GROUP, NULL, NULL, "What is renamed" },
		{ 'a', "all", "base",
		    "stamp all rotated siblings of base, print all stamped" },
		{ 'l', "latest", "base",
		    "stamp the newest rotated sibling of base" },
		{ 'p', "packed", "base",
		    "print all stamped, compressed siblings of base" },
		{ 'r', "rotate", "file", "rotate a live log" },
		{ REOPEN, "reopen", "command",
		    "with -r: shell command that makes the writer reopen" },
		{ OLDDIR, "olddir", "dir",
		    "with -a, -l, -p: siblings are there, as logrotate says" },
		{ LINKS, "links", NULL,
		    "rename symbolic links and files of several names, too" },
		OPT_FILES_FROM,
		OPT_NULL_LIST,
		{ OPT_GROUP, NULL, NULL, "How" },
		{ 'f', "format", "format",
		    "the stamp, as strftime(3) and %N (default %s)" },
		{ LOCAL, "local", NULL, "local time, not UTC" },
		{ 'n', "dry-run", NULL,
		    "print what would be done, do nothing" },
		{ 'v', "verbose", NULL, "say what is renamed" },
		{ 0 },
	    },
};

struct job {
	struct rotation how;
	bool links, dry, verbose;
	int64_t wait_ms;	/* the rest of WAIT_MS */
	char end;		/* of a printed name */
	const char *reopen;
	int status;
};

static void
worse(struct job *job, int status)
{
	if (status > job->status)
		job->status = status;
}

static void
print_name(struct job *job, const char *folder, const char *name)
{
	struct buf path = { 0 }, list = { 0 };

	buf_adds(&path, folder);
	buf_adds(&path, name);
	if (buf_str(&path) == NULL)
		die("%s%s", folder, name);
	if (!name_list_add(&list, path.p, job->end)) {
		warnx("%s: %s", path.p, NAME_LIST_NEWLINE);
		worse(job, STATUS_NO);
	}
	if (list.failed)
		die("%s", path.p);
	out_span(buf_span(&list));
	out_flush();
	buf_free(&path);
	buf_free(&list);
}

/* Returns why a file of this type is not to be renamed, or NULL. */
static const char *
bad_type(const struct job *job, const struct stat *st)
{
	if (S_ISREG(st->st_mode))
		return st->st_nlink > 1 && !job->links ?
		    "has other names, not renamed" : NULL;
	if (S_ISLNK(st->st_mode))
		return job->links ? NULL : "a symbolic link, not renamed";
	return "not a regular file";
}

/*
 * Add the name that is tried as the n-th, "_01", "_02" ... to the stamp for all
 * but the first.  Returns 0, or -1 with errno; EEXIST when it is taken, packed
 * or not.
 */
static int
add_stamped_name(const struct job *job, int dir, const struct rotated_file *f,
    unsigned n, struct buf *b)
{
	const char *packer = f->name + f->split.whole;
	size_t more = *packer != '\0' ? strlen(packer) : strlen(".gz");

	buf_clear(b);
	buf_adds(b, f->base);
	buf_addc(b, '-');
	if (stamp_print(b, job->how.format, f->st.st_mtim, job->how.local) < 0)
		return -1;
	if (n > 0)
		buf_printf(b, "_%02u", n);
	if (b->len + more > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (rotated_files_taken(dir, b->p, b->len)) {
		errno = EEXIST;
		return -1;
	}
	buf_adds(b, packer);
	return buf_str(b) != NULL ? 0 : -1;
}

static bool
is_taken(const struct job *job, int dir, const struct rotated_file *f,
    unsigned n, struct buf *b)
{
	return add_stamped_name(job, dir, f, n, b) < 0 && errno == EEXIST;
}

/*
 * The name without a number is taken.  Returns the first number that is free,
 * found by halves: the owner of a log can make thousands of one second.
 */
static unsigned
free_number(const struct job *job, int dir, const struct rotated_file *f,
    struct buf *b)
{
	unsigned taken = 0, step = 1, mid;

	for (; is_taken(job, dir, f, taken + step, b); step *= 2)
		taken += step;
	for (; step > 1; step -= mid) {
		mid = step / 2;
		if (is_taken(job, dir, f, taken + mid, b))
			taken += mid;
		else
			mid = step - mid;
	}
	return taken + 1;
}

/*
 * Rename f to a name with a stamp; b gets it.  The old name may have been given
 * to another file since f was looked at: then that file gets it back.  Returns
 * 0, or -1 with errno.
 */
static int
rename_stamped(const struct job *job, int dir, const struct rotated_file *f,
    struct buf *b)
{
	struct stat now;
	unsigned n = 0;

	while (add_stamped_name(job, dir, f, n, b) < 0 || (!job->dry &&
	    rename_noreplace(dir, f->name, dir, b->p) < 0)) {
		if (errno != EEXIST)
			return -1;
		n = n == 0 ? free_number(job, dir, f, b) : n + 1;
	}
	if (!job->dry && fstatat(dir, b->p, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (now.st_ino != f->st.st_ino || now.st_dev != f->st.st_dev)) {
		rename_noreplace(dir, b->p, dir, f->name);
		errno = EBUSY;
		return -1;
	}
	return 0;
}

/*
 * A name with its number or date before an extension, as app.1.log, may be that
 * of another live log.  A live log is open for writing; a rotated log was
 * closed, or will be in a moment.  After one wait in vain there is none for
 * other files.
 */
static bool
may_be_live(struct job *job, int dir, const struct rotated_file *f)
{
	bool live = false;
	int fd;

	if (f->split.cut == f->split.whole || f->split.packed ||
	    !S_ISREG(f->st.st_mode))
		return false;
	fd = openat(dir, f->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	if (fd >= 0) {
		live = open_writers_wait(fd, job->wait_ms) < 0 &&
		    errno == EBUSY;
		close(fd);
	}
	if (live)
		job->wait_ms = 0;
	return live;
}

/* Returns why this file is not to be renamed, or NULL. */
static const char *
refusal(struct job *job, int dir, const struct rotated_file *f)
{
	if (f->split.kind == LOG_NAME_UNSURE)
		return "may be rotated, but its name does not say when: "
		    "not renamed";
	if (may_be_live(job, dir, f))
		return "is still open for writing, perhaps a log of its own: "
		    "not renamed";
	return bad_type(job, &f->st);
}

/*
 * Stamp f; b gets its name.  Returns 0, or -1 after a message.  If gone is not
 * NULL it is set, without a message, when the file no longer exists.  The new
 * name is on disk before anything relies on it, as a file that is named after
 * it, or another one that gets the old name.
 */
static int
stamp_one(struct job *job, const char *folder, int dir,
    const struct rotated_file *f, struct buf *b, bool *gone)
{
	const char *why = refusal(job, dir, f);

	if (why != NULL) {
		warnx("%s%s: %s", folder, f->name, why);
		worse(job, STATUS_NO);
		return -1;
	}
	if (f->split.kind == LOG_NAME_STAMPED) {
		buf_clear(b);
		buf_adds(b, f->name);
		return buf_str(b) != NULL ? 0 : -1;
	}
	if (rename_stamped(job, dir, f, b) == 0 &&
	    (job->dry || path_sync_folder(dir) == 0)) {
		if (job->verbose)
			note("%s%s: now %s", folder, f->name, b->p);
		return 0;
	}
	if (errno == ENOENT && gone != NULL) {
		*gone = true;
	} else if (errno == ENAMETOOLONG) {
		warnx("%s%s: no room in the name for the stamp and .gz: "
		    "not renamed", folder, f->name);
		worse(job, STATUS_NO);
	} else {
		warn("%s%s", folder, f->name);
		worse(job, STATUS_TROUBLE);
	}
	return -1;
}

/* Open the folder of path; *folder is its name, to be freed. */
static int
enter(struct job *job, const char *path, char **folder, const char **name)
{
	int dir = path_parent(path, name);

	*folder = NULL;
	if (dir >= 0 &&
	    (*folder = strndup(path, (size_t)(*name - path))) != NULL)
		return dir;
	warn("%s", path);
	worse(job, STATUS_TROUBLE);
	if (dir >= 0)
		close(dir);
	return -1;
}

static void
stamp_file(struct job *job, const char *path)
{
	struct rotated_file f = { 0 };
	struct buf b = { 0 };
	const char *name;
	struct stat st;
	char *folder;
	int dir;

	if ((dir = enter(job, path, &folder, &name)) < 0)
		return;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    rotated_file_set(&f, name, &st, &job->how, NULL) < 0) {
		warn("%s", path);
		worse(job, STATUS_TROUBLE);
	} else if (stamp_one(job, folder, dir, &f, &b, NULL) == 0) {
		print_name(job, folder, b.p);
	}
	rotated_file_free(&f);
	buf_free(&b);
	free(folder);
	close(dir);
}

static void
stamp_files(struct job *job, char *const *operands, const char *list)
{
	struct operands *files;
	const char *path;

	files = operands_new(operands, list, job->end == '\0', false);
	if (files == NULL)
		die("%s", list != NULL ? list : "files");
	while (!out_failed() && (path = operands_next(files)) != NULL)
		stamp_file(job, path);
	if ((errno = operands_error(files)) != 0) {
		warn("%s", list);
		worse(job, STATUS_TROUBLE);
	}
	operands_free(files);
}

static void
find_siblings(const struct job *job, const char *base,
    struct rotated_files **all, size_t *n)
{
	const char *path;

	if (base[strspn(base, " \t\n")] == '\0')
		opt_misuse(&cmd, "no base given");
	if (rotated_files_find(all, n, base, &job->how, &path) < 0)
		die("%s", path);
}

/* Stamp the files that are not stamped yet; then s is as the folder is. */
static void
stamp_siblings(struct job *job, struct rotated_files *s)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		struct rotated_file *f = &s->list[i];
		bool gone = false;
		char *name;

		if (f->split.kind == LOG_NAME_STAMPED)
			continue;
		if (stamp_one(job, s->folder, s->dir, f, &b, &gone) < 0)
			/* It is gone: another instance has renamed it. */
			continue;
		if ((name = strdup(b.p)) == NULL)
			die("%s", s->folder);
		free(f->name);
		f->name = name;
		f->split.kind = LOG_NAME_STAMPED;
		f->split.number = -1;
	}
	rotated_files_sort(s);
	buf_free(&b);
}

/* Print the stamped siblings that are compressed, or those that are not. */
static void
print_stamped(struct job *job, const struct rotated_files *s, bool packed)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct rotated_file *f = &s->list[i];

		if (f->split.kind != LOG_NAME_STAMPED ||
		    f->split.packed != packed)
			continue;
		if (S_ISREG(f->st.st_mode) || job->links) {
			print_name(job, s->folder, f->name);
		} else {
			warnx("%s%s: not a regular file, not printed",
			    s->folder, f->name);
			worse(job, STATUS_NO);
		}
	}
}

static void
print_packed(struct job *job, const char *base)
{
	struct rotated_files *all;
	size_t n;

	find_siblings(job, base, &all, &n);
	for (size_t k = 0; k < n; k++)
		print_stamped(job, &all[k], true);
	rotated_files_free(all, n);
}

static void
stamp_all(struct job *job, const char *base)
{
	struct rotated_files *all;
	size_t n;

	find_siblings(job, base, &all, &n);
	for (size_t k = 0; k < n; k++) {
		struct rotated_files *s = &all[k];

		stamp_siblings(job, s);
		print_stamped(job, s, false);
	}
	rotated_files_free(all, n);
}

/* Stamp the newest of the files in s that are of one log and end before i. */
static bool
stamp_newest(struct job *job, const struct rotated_files *s, size_t i)
{
	const char *base = s->list[i - 1].base;
	struct buf b = { 0 };
	bool stamped = false, gone = true;

	for (; gone && i > 0 && strcmp(s->list[i - 1].base, base) == 0; i--) {
		const struct rotated_file *f = &s->list[i - 1];

		if (f->split.kind == LOG_NAME_STAMPED || f->split.packed)
			continue;
		/* A file that may not be rotated at all is skipped. */
		gone = f->split.kind == LOG_NAME_UNSURE ||
		    f->split.cut < f->split.whole;
		if (stamp_one(job, s->folder, s->dir, f, &b, &gone) == 0) {
			print_name(job, s->folder, b.p);
			stamped = true;
			gone = false;
		}
	}
	buf_free(&b);
	return stamped;
}

/* Stamp the newest file of each log.  When all are stamped the answer is no. */
static void
stamp_latest(struct job *job, const char *base)
{
	struct rotated_files *all;
	bool any = false;
	size_t n;

	find_siblings(job, base, &all, &n);
	for (size_t k = 0; k < n; k++)
		for (size_t i = 1; i <= all[k].n; i++)
			if (i == all[k].n || strcmp(all[k].list[i].base,
			    all[k].list[i - 1].base) != 0)
				any |= stamp_newest(job, &all[k], i);
	if (!any)
		worse(job, STATUS_NO);
	rotated_files_free(all, n);
}

/*
 * Give the open file the owner, mode, ACL and label of the name.  Its writer
 * must be able to go on, so every one of them has to be set.
 */
static int
copy_access(int dir, const char *name, const struct stat *st, int to)
{
	struct stat got;
	int from, r;

	from =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (from < 0)
		return -1;
	r = attributes_copy(from, st, to);
	close(from);
	if (r < 0 || futimens(to, NULL) < 0 || fstat(to, &got) < 0)
		return -1;
	if (got.st_uid != st->st_uid || got.st_gid != st->st_gid ||
	    got.st_mode != st->st_mode) {
		errno = EPERM;
		return -1;
	}
	return 0;
}

/* Run the shell command; what it prints is no file name. */
static int
run_reopen(const char *command)
{
	int status;
	pid_t pid;

	if ((pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status == 0 ? 0 : -1;
}

/*
 * Rename the live log to b, and put an empty file in its place.  That file is
 * made first, so that nothing was changed when this fails.  The folder is the
 * one we work in.
 */
static int
swap_live(struct job *job, const char *path, const char *folder,
    const char *name, struct buf *b)
{
	struct rotated_file f = { 0 };
	struct newfile live;
	struct stat st;
	int dir, r = -1;

	if (newfile_open_over(&live, path, 0600) < 0) {
		warn("%s", path);
		return -1;
	}
	live.over = false;
	dir = live.dir;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    rotated_file_set(&f, name, &st, &job->how, NULL) < 0)
		warn("%s", path);
	else if (copy_access(dir, name, &st, live.fd) < 0)
		warn("%s: access rights", path);
	else if (stamp_one(job, folder, dir, &f, b, NULL) == 0)
		r = 0;
	rotated_file_free(&f);
	if (r < 0 || job->dry) {
		newfile_abort(&live);
		return r;
	}
	/* EEXIST: the writer was faster, which is as good. */
	if (newfile_commit(&live) < 0 && errno != EEXIST) {
		warn("%s", path);
		worse(job, STATUS_TROUBLE);
	}
	return 0;
}

/* Rotate a log.  Its name is printed once the writer has closed the file. */
static void
rotate(struct job *job, const char *path)
{
	struct buf b = { 0 };
	const char *name, *why = NULL;
	struct stat st;
	char *folder;
	int dir;

	if ((dir = enter(job, path, &folder, &name)) < 0)
		return;
	/* A regular file is looked at once no run holds its other name. */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISREG(st.st_mode))
		why = S_ISLNK(st.st_mode) ? "a symbolic link, not rotated: "
		    "name what it points to" : bad_type(job, &st);
	if (why != NULL) {
		warnx("%s: %s", path, why);
		worse(job, STATUS_NO);
	} else if (swap_live(job, path, folder, name, &b) < 0) {
		if (job->status == STATUS_OK)
			worse(job, STATUS_TROUBLE);
	} else {
		if (job->reopen != NULL && !job->dry &&
		    run_reopen(job->reopen) < 0) {
			warnx("--reopen: %s: failed", job->reopen);
			worse(job, STATUS_TROUBLE);
		}
		print_name(job, folder, b.p);
	}
	buf_free(&b);
	free(folder);
	close(dir);
}

/* The request of the command line: how, and with which files. */
struct request {
	int mode;		/* 'a', 'l', 'p', 'r', or 0: the operands */
	const char *base;	/* the argument of the mode */
	const char *list;	/* the argument of -T */
};

/* One way of naming the work; two are misuse. */
static void
choose(struct request *rq, int mode)
{
	if (rq->mode != 0)
		opt_misuse(&cmd, "only one of -a, -l, -p and -r");
	rq->mode = mode;
	rq->base = optarg;
}

static void
check_request(const struct job *job, const struct request *rq, bool operands)
{
	const char *wrong = stamp_check(job->how.format);

	if (wrong != NULL)
		opt_misuse(&cmd, "-f: %s: %s", job->how.format, wrong);
	if (rq->mode != 0 && (operands || rq->list != NULL))
		opt_misuse(&cmd, "-%c takes no other files", rq->mode);
	if (rq->mode == 0 && !operands && rq->list == NULL)
		opt_misuse(&cmd, "no file given");
	if (job->reopen != NULL && rq->mode != 'r')
		opt_misuse(&cmd, "--reopen needs -r");
	if (job->how.olddir != NULL && (rq->mode == 0 || rq->mode == 'r'))
		opt_misuse(&cmd, "--olddir needs -a, -l or -p");
}

int
main(int argc, char *argv[])
{
	struct job job = { .how = { .format = "%s" }, .end = '\n',
	    .wait_ms = WAIT_MS };
	struct request rq = { 0 };
	int ch;

	while ((ch = opt_next(&cmd, argc, argv)) != -1)
		switch (ch) {
		case 'a': case 'l': case 'p': case 'r': choose(&rq, ch); break;
		case 'f': job.how.format = optarg; break;
		case LOCAL: job.how.local = true; break;
		case OLDDIR: job.how.olddir = optarg; break;
		case REOPEN: job.reopen = optarg; break;
		case LINKS: job.links = true; break;
		case 'T': rq.list = optarg; break;
		case '0': job.end = '\0'; break;
		case 'n': job.dry = true; break;
		case 'v': job.verbose = true; break;
		}
	argv += optind;
	check_request(&job, &rq, *argv != NULL);
	path_report_folders(job.verbose);
	switch (rq.mode) {
	case 'a': stamp_all(&job, rq.base); break;
	case 'p': print_packed(&job, rq.base); break;
	case 'l': stamp_latest(&job, rq.base); break;
	case 'r': rotate(&job, rq.base); break;
	default: stamp_files(&job, argv, rq.list); break;
	}
	return out_finish(job.status);
}
