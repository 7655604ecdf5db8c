/* newfile: a file appears whole or not at all, and replaces nothing */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "file/newfile.h"
#include "open_files.h"
#include "tap.h"

/* Calls in the place of the C library's, and what they fail with, or 0. */
static int sync_error, folder_error, syncfs_error, range_error;
/* f: a file was synced, d: a folder, s: a file system, r: a file's rest. */
static char synced[64];

#ifdef RENAME_NOREPLACE		/* else newfile.c has its own */
static int rename_error;

int
renameat2(int fromdir, const char *from, int todir, const char *to,
    unsigned flags)
{
	if (rename_error == 0)
		return (int)syscall(SYS_renameat2, fromdir, from, todir, to,
		    flags);
	errno = rename_error;
	return -1;
}
#endif

static int
note_sync(char what, int error)
{
	size_t n = strlen(synced);

	if (n < sizeof synced - 1) {
		synced[n] = what;
		synced[n + 1] = '\0';
	}
	errno = error;
	return error != 0 ? -1 : 0;
}

int
fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	return S_ISDIR(st.st_mode) ? note_sync('d', folder_error) :
	    note_sync('f', sync_error);
}

int
syncfs(int fd)
{
	(void)fd;
	return note_sync('s', syncfs_error);
}

int
sync_file_range(int fd, off_t from, off_t n, unsigned flags)
{
	(void)fd, (void)from, (void)n, (void)flags;
	return note_sync('r', range_error);
}

static bool
there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static void
appears(void)
{
	struct newfile f;

	ok(newfile_open(&f, "a", 0640) == 0, "a new file is opened");
	ok(write(f.fd, "x", 1) == 1 && !there("a"),
	    "a new file does not have its name while it is written");
	ok(newfile_commit(&f) == 0 && there("a"),
	    "a new file has its name once it is committed");
	ok(!there(".a.logferry"), "a committed file leaves no temporary name");
	ok(newfile_open(&f, "a", 0600) < 0 && errno == EEXIST,
	    "a name that is taken is refused");
	ok(newfile_open(&f, "b", 0600) == 0, "a second file is opened");
	newfile_abort(&f);
	ok(!there("b") && !there(".b.logferry"),
	    "a file that is given up leaves nothing");
	newfile_abort(&f);
	ok(newfile_open(&f, "c", 0600) == 0, "a third file is opened");
	put("c", "theirs");
	ok(newfile_commit(&f) < 0 && errno == EEXIST && !there(".c.logferry"),
	    "a name taken meanwhile is not replaced");
	ok(newfile_open(&f, "no/such/d", 0600) < 0 && errno == ENOENT,
	    "no folder, no file");
	ok(newfile_open(&f, "d/", 0600) < 0 && errno == EISDIR,
	    "a folder's name is none for a file");
}

static void
leftovers(void)
{
	struct newfile f, g;
	struct stat st;

	put(".e.logferry", "half");
	ok(newfile_open(&f, "e", 0600) == 0 && fstat(f.fd, &st) == 0 &&
	    st.st_size == 0, "a killed run's leftover is replaced");
	ok(newfile_open(&g, "e", 0600) < 0 && errno == EBUSY,
	    "a temporary file of a live run is not replaced");
	ok(there(".e.logferry"), "a temporary file of a live run stays");
	put(".a.logferry", "half");
	ok(newfile_open(&g, "a", 0600) < 0 && errno == EEXIST &&
	    !there(".a.logferry"),
	    "the leftover of a file that is there by now is removed");
	newfile_clean(AT_FDCWD, "e");
	ok(there(".e.logferry"), "a temporary file of a live run is not cleaned");
	newfile_abort(&f);
	put(".e.logferry", "half");
	newfile_clean(AT_FDCWD, "e");
	ok(!there(".e.logferry"), "a leftover is cleaned");
	put(".r.logferry", "half");
	if (chmod(".r.logferry", 0400) < 0)
		abort();
	ok(newfile_open(&f, "r", 0600) == 0,
	    "a leftover is replaced whatever its mode");
	newfile_abort(&f);
	put(".o.logferry", "half");
	if (geteuid() == 0 && chown(".o.logferry", 65534, (gid_t)-1) < 0)
		abort();
	ok(newfile_open(&f, "o", 0600) == 0,
	    "a leftover is replaced whatever its owner");
	newfile_abort(&f);
	put("target", "precious");
	if (symlink("target", ".h.logferry") < 0)
		abort();
	ok(newfile_open(&f, "h", 0600) < 0 && errno == ELOOP,
	    "a link in the place of a leftover is refused");
	ok(stat("target", &st) == 0 && st.st_size == 8,
	    "a link in the place of a leftover is not followed");
}

/* Somebody puts another file in the place of the temporary one. */
static void
exchanged(void)
{
	struct newfile f, many[20];
	bool good = true;
	char name[16];

	ok(newfile_open(&f, "x", 0600) == 0 && write(f.fd, "good", 4) == 4 &&
	    unlink(f.temp) == 0, "a temporary file is there to be exchanged");
	put(".x.logferry", "evil");
	ok(newfile_commit(&f) < 0 && errno == ESTALE,
	    "a temporary file that was exchanged is an error");
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "m%d", i);
		good = newfile_open(&many[i], name, 0600) == 0 && good;
	}
	unlink(".m7.logferry");
	newfile_commit_all(many, 20);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "m%d", i);
		good = good && (i == 7 ? many[i].error == ENOENT :
		    many[i].error == 0 && there(name));
	}
	ok(good, "of many files, each that is whole gets its name");
	ok(newfile_is_temp(".x.logferry") && !newfile_is_temp("x.logferry") &&
	    !newfile_is_temp(".logferry"), "temporary names are known");
}

/* Commit n files; returns how many have their names, and are not in error. */
static int
commits(int n, const char *kind)
{
	struct newfile many[20];
	char name[16];
	int done = 0;

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof name, "%s%d", kind, i);
		if (newfile_open(&many[i], name, 0600) < 0)
			abort();
	}
	*synced = '\0';
	newfile_commit_all(many, (size_t)n);
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof name, "%s%d", kind, i);
		done += many[i].error == 0 && there(name);
	}
	return done;
}

static void
syncs(void)
{
	ok(commits(1, "one") == 1 && strcmp(synced, "fd") == 0,
	    "a file is synced, then its name");
	ok(commits(15, "few") == 15 &&
	    strcmp(synced, "fffffffffffffffddddddddddddddd") == 0,
	    "few files are synced one by one");
	ok(commits(16, "many") == 16 &&
	    strcmp(synced, "srrrrrrrrrrrrrrrrs") == 0,
	    "many files are synced at once, and then their names");
	syncfs_error = EIO;
	ok(commits(16, "alone") == 16 &&
	    strcmp(synced, "sffffffffffffffffsdddddddddddddddd") == 0,
	    "many files are synced one by one where that fails");
	syncfs_error = 0;
	range_error = EIO;
	ok(commits(16, "lost") == 0 && !there("lost0"),
	    "a file that was not written with the others has no name");
	range_error = 0;
	sync_error = EIO;
	ok(commits(1, "bad") == 0 && !there("bad0") && !there(".bad0.logferry"),
	    "a file that cannot be synced has no name");
	sync_error = 0;
	folder_error = EIO;
	ok(commits(1, "name") == 0 && there("name0"),
	    "a name that cannot be synced is an error");
	folder_error = EINVAL;
	ok(commits(1, "other") == 1,
	    "a folder whose file system cannot sync it is none");
	folder_error = 0;
}

static void
names(void)
{
	char name[256];
	struct newfile f;

	memset(name, 'n', 255);
	name[255] = '\0';
	ok(newfile_open(&f, name, 0600) == 0 && newfile_commit(&f) == 0 &&
	    there(name), "the longest name that a file can have");
	put("from", "1");
	put("to", "2");
	ok(rename_noreplace(AT_FDCWD, "from", AT_FDCWD, "to") < 0 &&
	    errno == EEXIST && there("from"), "rename replaces nothing");
	ok(rename_noreplace(AT_FDCWD, "from", AT_FDCWD, "to2") == 0 &&
	    !there("from") && there("to2"), "rename gives a file its new name");
}

#ifdef RENAME_NOREPLACE
/* On a file system that cannot rename without replacing. */
static void
links(void)
{
	static const int errors[] = { EINVAL, ENOSYS, EOPNOTSUPP };
	int dir = open(".", O_RDONLY | O_DIRECTORY);
	bool renames = true, replaces = false;

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		rename_error = errors[i];
		put("old", "1");
		unlink("new");
		renames &= rename_noreplace(dir, "old", dir,
		    "new") == 0 && !there("old") && there("new");
		put("old", "1");
		replaces |= rename_noreplace(dir, "old", dir,
		    "new") == 0 || errno != EEXIST || !there("old");
	}
	ok(renames, "a file gets its new name by a link where that is needed");
	ok(!replaces, "a link replaces nothing");
	unlink("new");
	folder_error = EIO;
	ok(rename_noreplace(dir, "old", dir, "new") < 0 &&
	    errno == EIO && there("old") && !there("new"),
	    "a file keeps its old name when the new one cannot be synced");
	folder_error = 0;
	rename_error = EPERM;
	ok(rename_noreplace(dir, "old", dir, "new") < 0 &&
	    errno == EPERM && there("old") && !there("new"),
	    "a rename that is not allowed is not tried by a link");
	rename_error = 0;
	close(dir);
}
#endif

int
main(void)
{
	char dir[] = "/tmp/logferry-newfile.XXXXXX", cmd[64];
	int before = open_files();

	if (mkdtemp(dir) == NULL || chdir(dir) < 0)
		return 1;
	appears();
	leftovers();
	exchanged();
	names();
	syncs();
#ifdef RENAME_NOREPLACE
	links();
#endif
	ok(open_files() == before, "no file is left open");
	snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	return done_testing() | (system(cmd) != 0);
}
