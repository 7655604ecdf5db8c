/*
 * logpack_task - one file of those to be packed, unpacked, tested or listed
 */
#include "logpack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "base/status.h"
#include "base/termination.h"
#include "file/name_list.h"
#include "file/open_writers.h"

/* Suffixes of compressed files, and the suffix without compression. */
static const struct {
	const char *with, *without;
} suffixes[] = {
	{ ".gz", "" }, { ".tgz", ".tar" }, { ".zst", "" }, { ".xz", "" },
	{ ".bz2", "" }, { ".lz4", "" },
};

void
task_status(struct task *t, int status)
{
	if (status > t->status)
		t->status = status;
}

/* Say why a file is left as it is. */
void
task_refuse(struct task *t, const char *why)
{
	warnx("%s: %s", t->path, why);
	task_status(t, STATUS_NO);
}

const char *
task_strerror(int error)
{
	if (error == ESTALE)
		return "was exchanged for another file while it was written";
	if (error == ELOOP)
		return "a symbolic link of another user is in its way";
	return strerror(error);
}

void
task_trouble(struct task *t, const char *path)
{
	warnx("%s: %s", path, task_strerror(errno));
	task_status(t, STATUS_TROUBLE);
}

void
task_print(struct task *t, const char *name)
{
	if (!name_list_add(&t->result, name, job.end))
		task_refuse(t, NAME_LIST_NEWLINE);
	else if (t->result.failed)
		task_trouble(t, name);
}

/*
 * Returns the path without its suffix, or NULL when it has none that we know.
 */
char *
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
 * writer.  Returns 0, or -1 after a message.
 */
int
task_open(struct task *t, struct source *s, bool replaced)
{
	if (source_open(s, t->path) < 0) {
		if (errno == EISDIR)
			task_refuse(t, "is a directory");
		else if (errno == ELOOP)
			task_refuse(t, "is a symbolic link, or another user's "
			    "is in its way");
		else if (errno == ENOTSUP)
			task_refuse(t, "is not a regular file");
		else
			task_trouble(t, t->path);
		return -1;
	}
	if (!replaced || job.dry_run)
		return 0;
	if (s->st.st_nlink > 1 && !job.keep)
		task_refuse(t, "has other links");
	else if (s->st.st_mode & (S_ISUID | S_ISGID))
		task_refuse(t, "is set-user-ID or set-group-ID on execution");
	else if (open_writers_wait(s->fd, job.wait_ms) < 0 && errno == EBUSY)
		task_refuse(t, "is still open for writing");
	else if (termination_asked() || source_mark(s) < 0)
		task_trouble(t, t->path);
	else
		return 0;
	source_close(s);
	return -1;
}

/* Remove the file of t, now that its result is on disk. */
void
task_remove(struct task *t, const struct source *s)
{
	if (open_writers_there(s->fd) != 0)
		task_refuse(t, "was opened for writing again, and is kept");
	else if (source_remove(s) == 0)
		;
	else if (errno == ESTALE)
		task_refuse(t, "changed, and is kept");
	else
		task_trouble(t, t->path);
}
