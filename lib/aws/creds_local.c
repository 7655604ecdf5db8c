#include "aws/creds_local.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "aws/aws_config.h"
#include "base/termination.h"
#include "base/units.h"
#include "net/grace.h"
#include "record/json.h"

enum { OUTPUT_MAX = 64 << 10, PROCESS_MS = 60 * 1000, POLL_MS = 1000 };

extern char **environ;

/* Whoever sets the variable from a file may have left its last newline. */
static char *
copy_line(const char *s)
{
	return s != NULL ? strndup(s, strcspn(s, "\r\n")) : NULL;
}

int
creds_from_environment(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	const char *id = aws_config_env("AWS_ACCESS_KEY_ID");
	const char *secret = aws_config_env("AWS_SECRET_ACCESS_KEY");

	(void)w;
	if (id == NULL)
		return 0;
	if (secret == NULL) {
		*hopeless = true;
		snprintf(error, 256,
		    "AWS_ACCESS_KEY_ID without AWS_SECRET_ACCESS_KEY");
		return -1;
	}
	out->id = copy_line(id);
	out->secret = copy_line(secret);
	out->token = copy_line(aws_config_env("AWS_SESSION_TOKEN"));
	out->fixed = true;
	return 1;
}

/*
 * Checks that the profile asked for has credentials: those of somebody else,
 * such as the machine's, must not be used instead.
 */
int
creds_check_profile(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	char *role;

	(void)out;
	*hopeless = true;
	if (strcmp(w->profile, "default") != 0 && !aws_config_has(w->profile)) {
		snprintf(error, 256, "no profile %.100s", w->profile);
		return -1;
	}
	if ((role = aws_config_get(w->profile, "role_arn")) != NULL) {
		free(role);
		snprintf(error, 256, "profile %.100s: role_arn without "
		    "source_profile or credential_source", w->profile);
		return -1;
	}
	*hopeless = false;
	return 0;
}

/* The keys of a profile are those of one file. */
int
creds_from_files(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	static const enum aws_file files[] = { AWS_CREDENTIALS, AWS_CONFIG };
	enum aws_file f;

	for (size_t i = 0; i < 2 && out->id == NULL; i++) {
		f = files[i];
		out->id = aws_config_of(f, w->profile, "aws_access_key_id");
		if (out->id == NULL)
			continue;
		out->secret =
		    aws_config_of(f, w->profile, "aws_secret_access_key");
		out->token = aws_config_of(f, w->profile, "aws_session_token");
	}
	out->fixed = true;
	if (out->id == NULL || out->secret != NULL)
		return out->id != NULL;
	*hopeless = true;
	snprintf(error, 256, "profile %.100s: aws_access_key_id without "
	    "aws_secret_access_key", w->profile);
	return -1;
}

/*
 * Start command with a pipe from its standard output; -1 with errno.  Its
 * signals are set to the defaults, as we ignore SIGPIPE, and block all signals
 * in most threads.
 */
static pid_t
start(char *command, int *from)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, usual;
	static char sh[] = "sh", dash_c[] = "-c";
	char *argv[] = { sh, dash_c, command, NULL };
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
	    O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &usual);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	r = posix_spawn(&pid, "/bin/sh", &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	*from = ends[0];
	if (r == 0)
		return pid;
	close(ends[0]);
	errno = r;
	return -1;
}

/*
 * Wait until there is more from a process.  Returns -1 with errno ETIMEDOUT, or
 * EINTR.
 */
static int
wait_for(int fd, int64_t end_ms, bool until_done)
{
	struct pollfd p[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = until_done ? -1 : termination_fd(), .events = POLLIN },
	};
	int64_t left = end_ms - units_now_ms(), grace = grace_left_ms();

	if (until_done && grace < left)
		left = grace;
	if (left > POLL_MS && until_done)
		left = POLL_MS;
	if (!until_done && termination_asked())
		errno = EINTR;
	else if (left <= 0)
		errno = ETIMEDOUT;
	else if (poll(p, 2, (int)left) >= 0 || errno == EINTR)
		return p[0].revents != 0 ? 1 : 0;
	return -1;
}

/*
 * Wait for the end of a process until end_ms, and then kill its whole session.
 * Returns 0, or the errno of wait_for.
 */
static int
reap(pid_t pid, int64_t end_ms, bool until_done, int *status)
{
	enum { LOOK_MS = 20 };
	int failed = 0, r;
	int64_t next;

	while ((r = waitpid(pid, status, failed == 0 ? WNOHANG : 0)) == 0 ||
	    (r < 0 && errno == EINTR)) {
		next = units_now_ms() + LOOK_MS;
		if (r == 0 && wait_for(-1, next < end_ms ? next : end_ms,
		    until_done) < 0 && (errno != ETIMEDOUT || next >= end_ms)) {
			failed = errno;
			kill(-pid, SIGKILL);
		}
	}
	return failed;
}

/*
 * Run command until end_ms, add its output to out and return its exit status.
 * Returns -1 with errno on failure; then the process has ended, too.
 */
static int
output_of(char *command, struct buf *out, int64_t end_ms, bool until_done)
{
	int from, status = 0, failed = 0, late, r;
	pid_t pid = start(command, &from);
	ssize_t got = 1;

	if (pid < 0)
		return -1;
	while (got != 0 && out->len < OUTPUT_MAX &&
	    buf_reserve(out, 4096) == 0) {
		if ((r = wait_for(from, end_ms, until_done)) < 0) {
			failed = errno;
			kill(-pid, SIGKILL);	/* its whole session */
			break;
		}
		if (r == 0)
			continue;
		got = read(from, out->p + out->len, 4096);
		if (got < 0 && errno != EINTR)
			break;
		out->len += got > 0 ? (size_t)got : 0;
	}
	close(from);
	late = reap(pid, end_ms, until_done, &status);
	errno = failed = failed != 0 ? failed : late;
	return failed != 0 ? -1 : status;
}

int
creds_from_process(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	char *command = aws_config_get(w->profile, "credential_process");
	struct buf b = { 0 };
	int64_t end_ms = units_now_ms() + creds_left_ms(w, PROCESS_MS);
	int status, r = -1;

	if (command == NULL)
		return 0;
	*hopeless = true;
	if ((status = output_of(command, &b, end_ms,
	    w->http->until_done)) < 0) {
		*hopeless = errno != ETIMEDOUT && errno != EINTR;
		snprintf(error, 256, "credential_process: %s", strerror(errno));
	} else if (status != 0)
		snprintf(error, 256, "credential_process failed");
	else
		r = creds_take_json(buf_span(&b), out, error);
	buf_wipe(&b);
	free(command);
	return r;
}
