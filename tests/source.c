/* source: a file is removed only while it is the one that was marked */
#include "file/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "open_files.h"
#include "tap.h"

static const char *const kept = "kept";

static void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static void
set_time(const char *path, long sec, long nsec)
{
	const struct timespec t[2] = { { sec, nsec }, { sec, nsec } };

	if (utimensat(AT_FDCWD, path, t, 0) < 0)
		abort();
}

/* A file of these contents and time, marked. */
static void
mark(struct source *s)
{
	put("f", kept);
	set_time("f", 1624961103, 5);
	if (source_open(s, "f") < 0)
		abort();
}

static void
stays(struct source *s, const char *when)
{
	ok(!source_unchanged(s), "it is seen that a file %s", when);
	errno = 0;
	ok(source_remove(s) < 0 && errno == ESTALE && access("f", F_OK) == 0,
	    "a file that %s is not removed", when);
	source_close(s);
}

static void
changes(void)
{
	struct source s;

	mark(&s);
	put("f", "more");	/* as many bytes */
	set_time("f", 1624961103, 6);
	stays(&s, "has another mtime by a nanosecond");
	mark(&s);
	set_time("f", 1624961104, 5);
	stays(&s, "has another mtime by a second");
	mark(&s);
	put("f", "longer");
	set_time("f", 1624961103, 5);
	stays(&s, "has another size");
	mark(&s);
	put("g", kept);
	set_time("g", 1624961103, 5);
	if (rename("g", "f") < 0)
		abort();
	stays(&s, "is another one of that name, size and mtime");
	mark(&s);
	put("f", "longer");
	ok(source_mark(&s) == 0 && source_unchanged(&s),
	    "a file that changed may be marked again");
	source_close(&s);
}

static void
refuses(void)
{
	struct source s;

	if (symlink("f", "link") < 0)
		abort();
	ok(source_open(&s, "link") < 0 && errno == ELOOP, "refuses a link");
	ok(source_open(&s, ".") < 0 && errno == EISDIR, "refuses a folder");
	ok(source_open(&s, "/dev/null") < 0 && errno == ENOTSUP,
	    "refuses a device");
	ok(source_open(&s, "absent") < 0 && errno == ENOENT,
	    "refuses what is not there");
}

int
main(void)
{
	char dir[] = "/tmp/logferry-source.XXXXXX";
	struct source s;
	int before = open_files();

	if (mkdtemp(dir) == NULL || chdir(dir) < 0)
		return 1;
	mark(&s);
	ok(source_unchanged(&s), "a file that nobody touched is unchanged");
	ok(source_remove(&s) == 0 && access("f", F_OK) < 0,
	    "a file that nobody touched is removed");
	source_close(&s);
	changes();
	refuses();
	ok(open_files() == before, "no file is left open");
	unlink("f");
	unlink("link");
	ok(chdir("/") == 0 && rmdir(dir) == 0, "no other file is left");
	return done_testing();
}
