/* files of lines that are appended to: whose they are, and what a crash left */
#include "store/append_log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tap.h"

static const char *const ours[] = { "{\"sent\":", "{\"kept\":", NULL };
static char folder[] = "/tmp/logferry-append.XXXXXX";
static char path[64];

static void
put(const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (write(fd, text, strlen(text)) < 0)
		printf("# %s: not written\n", path);
	close(fd);
}

static bool
holds(const char *want)
{
	char *got = calloc(1, 32768);
	int fd = open(path, O_RDONLY);
	bool same = read(fd, got, 32767) == (ssize_t)strlen(want) &&
	    strcmp(got, want) == 0;

	if (!same)
		printf("# %.200s\n", got);
	close(fd);
	free(got);
	return same;
}

static void
takes(const char *text, bool good, const char *name)
{
	int fd;

	put(text);
	errno = 0;
	fd = append_log_open(path, 0600, ours);
	ok(good ? fd >= 0 : fd < 0 && errno == EEXIST, "%s is %s", name,
	    good ? "taken" : "not ours");
	if (fd >= 0)
		close(fd);
	ok(holds(text), "%s is left as it is", name);
}

static void
adds(const char *text, const char *want, const char *name)
{
	int fd;

	put(text);
	fd = append_log_open(path, 0600, ours);
	ok(append_log_add(fd, span_str("{\"sent\":2}\n")) == 0 &&
	    append_log_sync(fd) == 0 && holds(want), "%s", name);
	close(fd);
}

static void
lines(void)
{
	static char far[12000], rest[12000];

	memset(far, 'x', sizeof far - 1);
	takes("", true, "an empty file");
	takes("{\"sent\":1}\n", true, "a line of ours");
	takes("other\n{\"kept\":1}\n", true, "a file whose last line is ours");
	takes("{\"kept\":1}\nother\n", false, "a file whose last line is not");
	takes("other\n", false, "a line of somebody else");
	takes("\n", false, "an empty line");
	takes("{\"sent\":1}\n{\"se", true, "a line of ours, and half of one");
	takes("other\n{\"se", false, "half a line of ours after another");
	takes("{\"se", true, "half a line of ours");
	takes("{\"so", false, "half a line of somebody else");
	memcpy(far, ours[0], strlen(ours[0]));
	takes(far, true, "a long line of ours that was cut off");
	far[sizeof far - 2] = '\n';
	takes(far, true, "a long line of ours");
	far[2] = 'S';
	takes(far, false, "a long line of somebody else");
	adds("", "{\"sent\":2}\n", "a line is added to an empty file");
	adds("{\"sent\":1}\n", "{\"sent\":1}\n{\"sent\":2}\n",
	    "a line is added after the last");
	adds("{\"sent\":1}\n{\"se", "{\"sent\":1}\n{\"sent\":2}\n",
	    "what was cut off is dropped");
	adds("{\"se", "{\"sent\":2}\n", "even if there is nothing else");
	memset(rest, 'y', sizeof rest - 1);
	memcpy(rest, "{\"sent\":1}\n", 11);
	adds(rest, "{\"sent\":1}\n{\"sent\":2}\n", "however long it is");
}

static void
other_files(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = append_log_open("/dev/null", 0600, ours), s;

	ok(fd >= 0 && append_log_add(fd, span_str("x\n")) == 0 &&
	    append_log_sync(fd) == 0, "what is no file takes lines, too");
	close(fd);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	unlink(path);
	memcpy(a.sun_path, path, sizeof path);
	ok(bind(s, (struct sockaddr *)&a, sizeof a) == 0 &&
	    append_log_open(path, 0600, ours) < 0 && errno == ENXIO,
	    "a socket takes none");
	close(s);
	ok(append_log_open(folder, 0600, ours) < 0 && errno == EISDIR,
	    "a folder takes none");
	unlink(path);
}

static void
full(void)
{
	struct rlimit most = { 15, RLIM_INFINITY }, before;
	int fd;

	put("{\"sent\":1}\n");
	fd = append_log_open(path, 0600, ours);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &most);
	errno = 0;
	ok(append_log_add(fd, span_str("{\"sent\":2}\n")) < 0 &&
	    errno == EFBIG, "a line that does not fit is told");
	setrlimit(RLIMIT_FSIZE, &before);
	ok(holds("{\"sent\":1}\n"), "and no part of it is left");
	close(fd);
	unlink(path);
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/log", folder);
	lines();
	other_files();
	full();
	return rmdir(folder) != 0 || done_testing();
}
