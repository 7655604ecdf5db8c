#include "trigger/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/limits.h"
#include "file/path.h"
#include "file/process_id.h"

static const char mark[] =
    "logferry "; /* our text in a lock file begins so */

int
command_look(const char *command)
{
	const char *path = getenv("PATH"), *end;
	struct stat st;
	char file[4096];
	int saved = ENOENT;

	if (strchr(command, '/') != NULL) {
		if (stat(command, &st) == 0 && S_ISDIR(st.st_mode)) {
			errno = EISDIR;
			return -1;
		}
		return access(command, X_OK);
	}
	for (; path != NULL && *command != '\0'; path = *end ? end + 1 : NULL) {
		int len;

		end = path + strcspn(path, ":");
		len = (int)(end - path);
		if (snprintf(file, sizeof file, "%.*s%s%s", len, path,
		    len > 0 ? "/" : "", command) < (int)sizeof file &&
		    stat(file, &st) == 0 && S_ISREG(st.st_mode)) {
			if (access(file, X_OK) == 0)
				return 0;
			saved = errno;
		}
	}
	errno = saved;
	return -1;
}

/* Wait until the process has ended, without looking again and again. */
static void
wait_for(pid_t pid)
{
	struct pollfd p = { .events = POLLIN };

	if ((p.fd = (int)syscall(SYS_pidfd_open, pid, 0)) < 0) {
		if (errno != ESRCH)
			sleep(1);	/* for Linux before 5.3 */
		return;
	}
	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
	close(p.fd);
}

/*
 * In the child: get the lock, then wait for the command that the file names,
 * if it lives.
 */
static int
take_lock(int fd)
{
	char text[sizeof mark + PROCESS_ID_SIZE], id[PROCESS_ID_SIZE];
	size_t skip = sizeof mark - 1;
	ssize_t n;
	pid_t pid;

	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -1;
	for (;;) {
		if ((n = pread(fd, text, sizeof text - 1, 0)) < 0)
			return -1;
		text[n] = '\0';
		if (n > 0 && strncmp(text, mark, skip) != 0) {
			errno = EEXIST;
			return -1;
		}
		text[strcspn(text, "\n")] = '\0';
		if (n == 0 || (pid = process_of(text + skip,
		    strlen(text + skip))) <= 0)
			break;
		wait_for(pid);
	}
	if (process_id(getpid(), id) < 0)
		return -1;
	n = snprintf(text, sizeof text, "%s%s\n", mark, id);
	return pwrite(fd, text, (size_t)n, 0) == n &&
	    ftruncate(fd, n) == 0 ? 0 : -1;
}

/*
 * In the child: set signals as a new program expects them.  Signals that were
 * sent to our process group before the child had left it are not for the
 * command.
 */
static void
reset_signals(void)
{
	static const int sigs[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
	sigset_t none;

	for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++)
		if (signal(sigs[i], SIG_IGN) != SIG_IGN)
			signal(sigs[i], SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
child(const struct command *r, const struct run_how *how, int tell)
{
	int in = how->in, error;

	setsid();
	reset_signals();
	limits_restore();
	if (in < 0)
		in = open("/dev/null", O_RDONLY);
	if (in < 0 || dup2(in, STDIN_FILENO) < 0)
		goto fail;
	if (how->in < 0 && in != STDIN_FILENO)
		close(in);
	if (how->out_to_err && dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		goto fail;
	if (r->lock >= 0 && take_lock(r->lock) < 0)
		goto fail;
	execvp(how->argv[0], how->argv);
fail:
	error = errno;
	(void)!write(tell, &error, sizeof error);
	_exit(error == ENOENT ? 127 : 126);
}

int
command_lock_open(const char *path)
{
	char text[sizeof mark];
	struct stat st;
	ssize_t n;
	int fd;

	if ((fd = path_open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY,
	    0600)) < 0)
		return -1;
	n = pread(fd, text, sizeof mark - 1, 0);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (n == 0 || (n == sizeof mark - 1 &&
	    memcmp(text, mark, sizeof mark - 1) == 0)))
		return fd;
	close(fd);
	errno = EEXIST;
	return -1;
}

int
command_start(struct command *r, const struct run_how *how)
{
	int tell[2] = { -1, -1 }, saved;

	*r = (struct command){ .started = -1, .lock = -1 };
	if (how->lock != NULL && (r->lock = command_lock_open(how->lock)) < 0)
		return -1;
	if (pipe2(tell, O_CLOEXEC) < 0)
		goto fail;
	if ((r->pid = fork()) < 0)
		goto fail;
	if (r->pid == 0)
		child(r, how, tell[1]);
	close(tell[1]);
	r->started = tell[0];
	return 0;
fail:
	saved = errno;
	if (tell[0] >= 0) {
		close(tell[0]);
		close(tell[1]);
	}
	command_end(r);
	errno = saved;
	return -1;
}

int
command_started(struct command *r)
{
	int error = 0;

	if (read(r->started, &error, sizeof error) != (ssize_t)sizeof error)
		error = 0;
	close(r->started);
	r->started = -1;
	return error;
}

void
command_end(struct command *r)
{
	if (r->started >= 0)
		close(r->started);
	if (r->lock >= 0)
		close(r->lock);
	*r = (struct command){ .started = -1, .lock = -1 };
}
