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

#include "buf.h"
#include "files.h"
#include "hash.h"
#include "meta.h"
#include "newfile.h"
#include "opt.h"
#include "out.h"
#include "receipt.h"
#include "siblings.h"
#include "stamp.h"
#include "status.h"

enum { LOCAL = OPT_LONG, REOPEN, LINKS, KEEP, MAX_AGE, ONLY_PUSHED };

static const struct cmd cmd = {
	.name = "logstamp",
	.what = "rename rotated logs so that the name carries the time",
	.operands = "[-a base | -l base | -r file | file ...]",
	.opts = (const struct opt[]){
		{ 'a', "all", "base",
		    "stamp all rotated siblings of base, print all stamped" },
		{ 'l', "latest", "base",
		    "stamp the newest rotated sibling of base" },
		{ 'r', "rotate", "file", "rotate a live log" },
		{ 'f', "format", "format",
		    "the stamp, as strftime(3) and %N (default %s)" },
		{ LOCAL, "local", NULL, "local time, not UTC" },
		{ REOPEN, "reopen", "command",
		    "with -r: shell command that makes the writer reopen" },
		{ LINKS, "links", NULL,
		    "rename symbolic links and files of several names, too" },
		{ KEEP, "keep", "num",
		    "remove all but the newest stamped siblings" },
		{ MAX_AGE, "max-age", "time", "remove stamped siblings so old" },
		{ ONLY_PUSHED, "only-pushed", "receipts",
		    "remove only those that logpush has a receipt for" },
		OPT_FILES_FROM,
		OPT_NULL_LIST,
		{ 'n', "dry-run", NULL, "print what would be done, do nothing" },
		{ 'v', "verbose", NULL, "say what is renamed" },
		{ 0 },
	},
};

struct job {
	const char *format;	/* of the stamp */
	bool local, links, dry, verbose;
	char end;		/* of a printed name */
	const char *reopen;
	unsigned long keep;	/* 0: all */
	int64_t max_age_ms;	/* 0: for ever */
	FILE *receipts;		/* of what may be removed, or NULL for all */
	int status;
};

static void
worse(struct job *job, int status)
{
	if (status > job->status)
		job->status = status;
}

static void
print_name(const struct job *job, const char *folder, const char *name)
{
	out_add(folder, strlen(folder));
	out_add(name, strlen(name));
	out_addc(job->end);
	out_flush();
}

/* Why this file is not to be renamed, or NULL. */
static const char *
refusal(const struct job *job, const struct stat *st)
{
	if (S_ISREG(st->st_mode))
		return st->st_nlink > 1 && !job->links ?
		    "has other names, not renamed" : NULL;
	if (S_ISLNK(st->st_mode))
		return job->links ? NULL : "a symbolic link, not renamed";
	return "not a regular file";
}

/* Was a file of this name packed?  Then this one could not be. */
static bool
is_taken(int dir, const char *name)
{
	static const char *const ends[] = {
		"", ".gz", ".zst", ".xz", ".bz2", ".lz4",
	};
	char path[NAME_MAX + 1];
	struct stat st;

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if ((size_t)snprintf(path, sizeof path, "%s%s", name,
		    ends[i]) < sizeof path &&
		    fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	return false;
}

/*
 * Rename to the free name that is tried next, ".1", ".2" ... if need be; b gets
 * it.  The name may have been given to another file since st was read: then it
 * is given back.  0, or -1 with errno.
 */
static int
rename_stamped(const struct job *job, int dir, const char *name,
    const struct stat *st, struct log_name split, struct buf *b)
{
	struct stat now;

	for (unsigned n = 0;; n++) {
		buf_clear(b);
		buf_add(b, name, split.stem);
		buf_addc(b, '-');
		if (stamp_print(b, job->format, st->st_mtim, job->local) < 0)
			return -1;
		if (n > 0)
			buf_printf(b, ".%u", n);
		if (buf_str(b) == NULL)
			return -1;
		if (is_taken(dir, b->p))	/* packed or not */
			continue;
		if (buf_adds(b, name + split.whole) < 0 || buf_str(b) == NULL)
			return -1;
		if (job->dry || rename_noreplace(dir, name, dir, b->p) == 0)
			break;
		if (errno != EEXIST)
			return -1;
	}
	if (!job->dry && fstatat(dir, b->p, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (now.st_ino != st->st_ino || now.st_dev != st->st_dev)) {
		rename_noreplace(dir, b->p, dir, name);
		errno = EBUSY;
		return -1;
	}
	return 0;
}

/* Stamp and print; 0, or -1 when told.  gone: ENOENT is left to the caller. */
static int
stamp_one(struct job *job, const char *folder, int dir, const char *name,
    const struct stat *st, struct buf *b, bool *gone)
{
	struct log_name split = siblings_split(name, st, job->format,
	    job->local);
	const char *why = refusal(job, st);

	if (why != NULL) {
		warnx("%s%s: %s", folder, name, why);
		worse(job, STATUS_NO);
		return -1;
	}
	if (split.stamped) {
		buf_clear(b);
		buf_adds(b, name);
		return buf_str(b) != NULL ? 0 : -1;
	}
	if (rename_stamped(job, dir, name, st, split, b) < 0) {
		if (errno == ENOENT && gone != NULL) {
			*gone = true;
			return -1;
		}
		warn("%s%s", folder, name);
		worse(job, STATUS_TROUBLE);
		return -1;
	}
	if (job->verbose)
		note("%s%s: now %s", folder, name, b->p);
	return 0;
}

/* Open the folder of path; *folder is its name, to be freed. */
static int
enter(struct job *job, const char *path, char **folder, const char **name)
{
	int dir = open_parent(path, name);

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
	struct buf b = { 0 };
	const char *name;
	struct stat st;
	char *folder;
	int dir;

	if ((dir = enter(job, path, &folder, &name)) < 0)
		return;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		warn("%s", path);
		worse(job, STATUS_TROUBLE);
	} else if (stamp_one(job, folder, dir, name, &st, &b, NULL) == 0) {
		print_name(job, folder, b.p);
	}
	buf_free(&b);
	free(folder);
	close(dir);
}

static void
stamp_files(struct job *job, char *const *operands, const char *list)
{
	struct files *files;
	const char *path;

	files = files_new(operands, list, job->end == '\0', false);
	if (files == NULL)
		die("%s", list != NULL ? list : "files");
	while (!out_failed() && (path = files_next(files)) != NULL)
		stamp_file(job, path);
	if ((errno = files_error(files)) != 0) {
		warn("%s", list);
		worse(job, STATUS_TROUBLE);
	}
	files_free(files);
}

static void
find_siblings(const struct job *job, const char *base, struct siblings **all,
    size_t *n)
{
	const char *path;

	if (*base == '\0')
		opt_misuse(&cmd, "no base given");
	if (siblings_find(all, n, base, job->format, job->local, &path) < 0)
		die("%s", path);
}

/* Stamp what is not stamped yet; s is then as the folder is. */
static void
stamp_siblings(struct job *job, struct siblings *s)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		struct sibling *f = &s->list[i];
		bool gone = false;
		char *name;

		if (f->split.stamped || f->split.packed)
			continue;
		if (stamp_one(job, s->folder, s->dir, f->name, &f->st, &b,
		    &gone) < 0)
			continue;	/* gone: another instance has it */
		if ((name = strdup(b.p)) == NULL)
			die("%s", s->folder);
		free(f->name);
		f->name = name;
		f->split = siblings_split(b.p, &f->st, job->format,
		    job->local);
	}
	siblings_sort(s);
	buf_free(&b);
}

/* Was the file delivered?  Only its contents can tell. */
static bool
was_pushed(struct job *job, const char *folder, int dir,
    const struct sibling *f)
{
	char hex[SHA256_HEX];
	struct digests d;
	int fd, r = -1;

	fd = openat(dir, f->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	if (fd >= 0 && hash_range(HASH_SHA256, fd, 0, (uint64_t)f->st.st_size,
	    NULL, &d) == 0) {
		hash_hex(d.sha256, sizeof d.sha256, hex);
		r = receipt_find(job->receipts, f->name,
		    (uint64_t)f->st.st_size, hex);
	}
	if (r < 0) {
		warn("%s%s", folder, f->name);
		worse(job, STATUS_TROUBLE);
	}
	if (fd >= 0)
		close(fd);
	return r > 0;
}

static void
remove_sibling(struct job *job, const struct siblings *s, struct sibling *f)
{
	struct stat now;

	if (job->receipts != NULL && !was_pushed(job, s->folder, s->dir, f)) {
		if (job->verbose)
			note("%s%s: old, but not pushed", s->folder, f->name);
		return;
	}
	if (fstatat(s->dir, f->name, &now, AT_SYMLINK_NOFOLLOW) < 0 ||
	    now.st_ino != f->st.st_ino || now.st_size != f->st.st_size)
		return;
	if (!job->dry && unlinkat(s->dir, f->name, 0) < 0) {
		warn("%s%s", s->folder, f->name);
		worse(job, STATUS_TROUBLE);
		return;
	}
	f->split.stamped = false;	/* nothing to stamp or print */
	f->split.packed = true;
	if (job->verbose)
		note("%s%s: removed", s->folder, f->name);
}

/*
 * Remove stamped siblings that are too many or too old, the oldest first.  It
 * is done before anything is stamped, so that nothing goes which was not printed
 * by an earlier run; coming: how many more are not to be seen yet.
 */
static void
prune(struct job *job, struct siblings *s, size_t coming)
{
	for (size_t i = 0; i < s->n; i++) {
		struct sibling *f = &s->list[i];
		int64_t age = time(NULL) - f->st.st_mtime;

		if (f->split.stamped && refusal(job, &f->st) == NULL &&
		    ((job->keep > 0 &&
		    siblings_newer(s, i) + coming >= job->keep) ||
		    (job->max_age_ms > 0 && age > job->max_age_ms / 1000)))
			remove_sibling(job, s, f);
	}
}

static void
prune_base(struct job *job, const char *base, size_t coming)
{
	struct siblings *all;
	size_t n;

	if (job->keep == 0 && job->max_age_ms == 0)
		return;
	find_siblings(job, base, &all, &n);
	for (size_t k = 0; k < n; k++)
		prune(job, &all[k], coming);
	siblings_free(all, n);
}

static void
stamp_all(struct job *job, const char *base)
{
	struct siblings *all;
	size_t n;

	find_siblings(job, base, &all, &n);
	for (size_t k = 0; k < n; k++) {
		struct siblings *s = &all[k];

		prune(job, s, 0);
		stamp_siblings(job, s);
		for (size_t i = 0; i < s->n; i++)
			if (s->list[i].split.stamped &&
			    !s->list[i].split.packed)
				print_name(job, s->folder, s->list[i].name);
	}
	siblings_free(all, n);
}

/* The newest of each folder; when all are stamped the answer is no. */
static void
stamp_latest(struct job *job, const char *base)
{
	struct siblings *all;
	struct buf b = { 0 };
	bool any = false;
	size_t n;

	find_siblings(job, base, &all, &n);
	for (size_t k = 0; k < n; k++)
		for (size_t i = all[k].n; i-- > 0;) {
			struct sibling *f = &all[k].list[i];
			bool gone = false;

			if (f->split.stamped || f->split.packed)
				continue;
			if (stamp_one(job, all[k].folder, all[k].dir, f->name,
			    &f->st, &b, &gone) == 0) {
				print_name(job, all[k].folder, b.p);
				any = true;
			}
			if (!gone)
				break;
		}
	if (!any)
		worse(job, STATUS_NO);
	buf_free(&b);
	siblings_free(all, n);
}

/*
 * The open file gets owner, mode, ACL and label of the name.  Its writer must be
 * able to go on, so nothing less will do.
 */
static int
copy_access(int dir, const char *name, const struct stat *st, int to)
{
	struct stat got;
	int from, r;

	from = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (from < 0)
		return -1;
	r = meta_copy(from, st, to);
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
 * Rename the live log to b, an empty one in its place.  That is made first, so
 * that nothing was done when it fails; its folder is the one we work in.
 */
static int
swap_live(struct job *job, const char *path, const char *folder,
    const char *name, struct buf *b)
{
	struct newfile live;
	struct stat st;
	int dir, r = -1;

	if (newfile_open_over(&live, path, 0600) < 0) {
		warn("%s", path);
		return -1;
	}
	live.over = false;
	dir = live.dir;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		warn("%s", path);
	else if (copy_access(dir, name, &st, live.fd) < 0)
		warn("%s: access rights", path);
	else if (stamp_one(job, folder, dir, name, &st, b, NULL) == 0)
		r = 0;
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

/* The name is printed once the writer has let go of the file. */
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
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		why = S_ISLNK(st.st_mode) ? "a symbolic link, not rotated: "
		    "name what it points to" : refusal(job, &st);
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

/* One way of naming the work; two are misuse. */
static void
choose(int *mode, const char **base, int ch)
{
	if (*mode != 0)
		opt_misuse(&cmd, "only one of -a, -l and -r");
	*mode = ch;
	*base = optarg;
}

int
main(int argc, char *argv[])
{
	struct job job = { .format = "%s", .end = '\n' };
	const char *list = NULL, *base = NULL, *receipts = NULL, *wrong;
	int ch, mode = 0;

	while ((ch = opt_next(&cmd, argc, argv)) != -1)
		switch (ch) {
		case 'a': case 'l': case 'r': choose(&mode, &base, ch); break;
		case 'f': job.format = optarg; break;
		case LOCAL: job.local = true; break;
		case REOPEN: job.reopen = optarg; break;
		case LINKS: job.links = true; break;
		case KEEP: job.keep = opt_number(&cmd, 1, ULONG_MAX); break;
		case MAX_AGE: job.max_age_ms = opt_duration_ms(&cmd); break;
		case ONLY_PUSHED: receipts = optarg; break;
		case 'T': list = optarg; break;
		case '0': job.end = '\0'; break;
		case 'n': job.dry = true; break;
		case 'v': job.verbose = true; break;
		}
	argv += optind;
	if ((wrong = stamp_check(job.format)) != NULL)
		opt_misuse(&cmd, "-f: %s: %s", job.format, wrong);
	if (mode != 0 && (*argv != NULL || list != NULL))
		opt_misuse(&cmd, "-%c takes no other files", mode);
	if (mode == 0 && *argv == NULL && list == NULL)
		opt_misuse(&cmd, "no file given");
	if (job.reopen != NULL && mode != 'r')
		opt_misuse(&cmd, "--reopen needs -r");
	if (mode == 0 && (job.keep > 0 || job.max_age_ms > 0))
		opt_misuse(&cmd, "--keep and --max-age need -a, -l or -r");
	if (receipts != NULL && (job.receipts = fopen(receipts, "re")) == NULL)
		die("%s", receipts);

	switch (mode) {
	case 'a': stamp_all(&job, base); break;
	case 'l': prune_base(&job, base, 0); stamp_latest(&job, base); break;
	case 'r': prune_base(&job, base, 1); rotate(&job, base); break;
	default: stamp_files(&job, argv, list); break;
	}
	return out_finish(job.status);
}
