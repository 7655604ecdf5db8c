/* sandbox: what a filter can still do, and what not */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/sandbox.h"
#include "tap.h"

/* Nobody listens there: refused by the kernel, or by the sandbox before. */
static int
connect_errno(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), r, e;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r = connect(fd, (struct sockaddr *)&to, sizeof to);
	e = r < 0 ? errno : 0;
	close(fd);
	return e;
}

/* A child removes the file when we have ended: we can't any more. */
static void
remove_later(const char *path)
{
	int end[2];
	char c;

	if (pipe(end) < 0 || fork() != 0)
		return;			/* and keeps end[1] open */
	close(end[1]);
	close(STDOUT_FILENO);
	(void)!read(end[0], &c, 1);
	unlink(path);
	_exit(0);
}

int
main(void)
{
	char path[] = "/tmp/logferry-sandbox.XXXXXX", other[64];
	int fd = mkstemp(path), version = sandbox_version();

	if (fd < 0)
		return 1;
	snprintf(other, sizeof other, "%s.2", path);
	if (version == 0) {
		unlink(path);
		printf("1..0 # SKIP this kernel has no Landlock\n");
		return 0;
	}
	remove_later(path);
	sandbox_enter(false);
	ok(write(fd, "x", 1) == 1, "a file that is open can be written to");
	ok(open(path, O_RDONLY) >= 0, "a file can be opened for reading");
	ok(open(path, O_WRONLY) < 0 && errno == EACCES,
	    "no file can be opened for writing");
	ok(open(other, O_RDWR | O_CREAT, 0600) < 0 && errno == EACCES,
	    "no file can be made");
	ok(mkdir(other, 0700) < 0 && errno == EACCES, "no folder can be made");
	ok(rename(path, other) < 0 && errno == EACCES,
	    "no file can be renamed");
	ok(unlink(path) < 0 && errno == EACCES, "no file can be removed");
	ok(version < 4 || connect_errno() == EACCES,
	    "no TCP connection can be made");
	return done_testing();
}
