/* path: names are followed part by part, and whose links are followed */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "file/path.h"
#include "tap.h"

enum { SOMEBODY = 65534 };

static const char *base;

/* Make a symbolic link that belongs to owner. */
static void
put_link(const char *target, const char *name, uid_t owner)
{
	if (symlink(target, name) < 0 ||
	    (owner != geteuid() && lchown(name, owner, (gid_t)-1) < 0))
		abort();
}

/* Is fd the folder that path leads to?  Closes it. */
static bool
is_folder(int fd, const char *path)
{
	struct stat a, b;
	bool same = fd >= 0 && fstat(fd, &a) == 0 && stat(path, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;

	if (fd >= 0)
		close(fd);
	return same;
}

static bool
opens(const char *path, int flags)
{
	int fd = path_open(path, O_RDONLY | flags, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void
parents(void)
{
	ok(is_folder(path_parent("file", &base), ".") &&
	    strcmp(base, "file") == 0, "a bare name lies in the current folder");
	ok(is_folder(path_parent("a/b/../b//./file", &base), "a/b") &&
	    strcmp(base, "file") == 0, "dots and double slashes are followed");
	ok(is_folder(path_parent("/file", &base), "/"),
	    "a name below the root lies in the root");
	ok(path_parent("a/b/", &base) < 0 && errno == EISDIR,
	    "a path that ends in a slash has no last part");
	ok(path_parent("", &base) < 0 && errno == ENOENT,
	    "an empty path is no name");
	ok(path_parent("a/none/file", &base) < 0 && errno == ENOENT,
	    "a folder that is missing is an error");
	ok(path_parent("a/file/x", &base) < 0 && errno == ENOTDIR,
	    "a file in the place of a folder is an error");
	ok(!opens("a/file/", 0) && errno == EISDIR,
	    "a file's name does not end in a slash");
	ok(path_sync_parent("a/b//") == 0 && path_sync_parent("none/b") < 0 &&
	    errno == ENOENT, "slashes at the end are no part of their own");
	ok(path_make_parent("/proc/none/x", &base) < 0,
	    "a folder that cannot be made is an error");
	ok(path_climbs("..") && path_climbs("../a") && path_climbs("a/..") &&
	    path_climbs("a/../b"), "a part of two dots climbs");
	ok(!path_climbs("a..") && !path_climbs("..a/b") &&
	    !path_climbs("a../b") && !path_climbs("a/...") &&
	    !path_climbs("a..b/c"), "two dots within a part do not climb");
}

static void
own_links(void)
{
	char path[4200];

	put_link("a/b", "relative", geteuid());
	put_link("loop", "loop", geteuid());
	if (realpath("a", path) == NULL)
		abort();
	put_link(path, "absolute", geteuid());
	ok(is_folder(path_parent("relative/x", &base), "a/b"),
	    "a relative link of our own is followed");
	ok(is_folder(path_parent("absolute/b/x", &base), "a/b"),
	    "an absolute link of our own is followed");
	ok(is_folder(path_parent("relative/../x", &base), "a"),
	    "two dots after a link lead up from where it leads to");
	ok(path_parent("loop/x", &base) < 0 && errno == ELOOP,
	    "links in a circle are an error");
	put_link("a/file", "filelink", geteuid());
	ok(opens("filelink", 0), "a link of our own to a file is followed");
	ok(!opens("filelink", O_NOFOLLOW) && errno == ELOOP,
	    "no link to a file is followed with O_NOFOLLOW");
	memset(path, 'x', sizeof path);
	path[sizeof path - 1] = '\0';
	ok(path_parent(path, &base) >= 0 && !opens(path, 0) &&
	    errno == ENAMETOOLONG, "a name that is too long is an error");
	memcpy(path + NAME_MAX + 1, "/x", 3);
	ok(path_parent(path, &base) < 0 && errno == ENAMETOOLONG,
	    "a folder's name that is too long is an error");
	for (size_t i = 0; i < 4000; i += 2)
		memcpy(path + i, "./", 2);
	path[4000] = '\0';
	put_link(path, "long", geteuid());
	ok(is_folder(path_parent("long/x", &base), "."),
	    "a link with a long text is followed");
	memcpy(path, "long/", 5);
	memset(path + 5, '/', 200);
	memcpy(path + 205, "x", 2);
	ok(path_parent(path, &base) < 0 && errno == ENAMETOOLONG,
	    "a link with a text too long for what follows is an error");
	put_link("/", "root", geteuid());
	ok(!opens("root", 0) && errno == EISDIR,
	    "a link to the root is no link to a file");
}

static void
others_links(void)
{
	put_link("a/b", "theirs", SOMEBODY);
	put_link("theirs", "to-theirs", geteuid());
	put_link("a/file", "theirfile", SOMEBODY);
	ok(path_parent("theirs/x", &base) < 0 && errno == ELOOP,
	    "a link of another user to a folder is not followed");
	ok(path_parent("to-theirs/x", &base) < 0 && errno == ELOOP,
	    "a link of another user behind one of ours is not followed");
	ok(path_folder("theirs") < 0 && errno == ELOOP,
	    "a folder is not opened through a link of another user");
	ok(!opens("theirfile", 0) && errno == ELOOP,
	    "a link of another user to a file is not followed");
	ok(path_make_parent("theirs/new/x", &base) < 0 &&
	    access("a/b/new", F_OK) < 0,
	    "no folder is made behind a link of another user");
}

static void
made(void)
{
	put_link("a", "link", geteuid());
	ok(is_folder(path_make_parent("m/n/file", &base), "m/n"),
	    "missing folders are made");
	ok(is_folder(path_make_beneath(AT_FDCWD, "/m/o/./file", &base),
	    "m/o"), "beneath a folder, a leading slash counts for nothing");
	ok(path_make_beneath(AT_FDCWD, "m/../../x", &base) < 0 &&
	    errno == EINVAL, "two dots do not lead out of a folder");
	ok(path_make_beneath(AT_FDCWD, "m/.", &base) < 0 && errno == EINVAL &&
	    path_make_beneath(AT_FDCWD, "m/", &base) < 0 && errno == EINVAL,
	    "a dot and nothing are no names beneath a folder");
	ok(path_make_beneath(AT_FDCWD, "m/..", &base) < 0 && errno == EINVAL,
	    "two dots are no name beneath a folder");
	ok(path_make_beneath(AT_FDCWD, "link/x", &base) < 0 && errno == ELOOP,
	    "beneath a folder, not even a link of our own is followed");
	ok(path_make_beneath(AT_FDCWD, "m/p/../x", &base) < 0 &&
	    access("m/p", F_OK) < 0, "a name that is refused makes no folder");
}

int
main(void)
{
	char dir[] = "/tmp/logferry-path.XXXXXX", cmd[64];

	if (mkdtemp(dir) == NULL || chdir(dir) < 0 || mkdir("a", 0700) < 0 ||
	    mkdir("a/b", 0700) < 0 ||
	    close(open("a/file", O_WRONLY | O_CREAT, 0600)) < 0)
		return 1;
	parents();
	own_links();
	made();
	if (geteuid() == 0)
		others_links();
	snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	return done_testing() | (system(cmd) != 0);
}
