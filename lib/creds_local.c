#include "creds_ways.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>

#include "awsconf.h"
#include "finish.h"
#include "json.h"
#include "units.h"

enum { OUTPUT_MAX = 64 << 10, PROCESS_MS = 60 * 1000 };

extern char **environ;

static char *
copy(const char *s)
{
	return s != NULL ? strdup(s) : NULL;
}

int
creds_from_environment(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	const char *id = awsconf_env("AWS_ACCESS_KEY_ID");
	const char *secret = awsconf_env("AWS_SECRET_ACCESS_KEY");

	(void)w, (void)error, (void)hopeless;
	if (id == NULL || secret == NULL)
		return 0;
	out->id = copy(id);
	out->secret = copy(secret);
	out->token = copy(awsconf_env("AWS_SESSION_TOKEN"));
	out->fixed = true;
	return 1;
}

/* Credentials of somebody else, such as the machine's, must not do instead. */
int
creds_check_profile(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	static const char *const unknown[] = {
		"role_arn", "sso_session", "sso_start_url", "sso_account_id",
	};
	char *v;

	(void)out;
	*hopeless = true;
	if (strcmp(w->profile, "default") != 0 && !awsconf_has(w->profile)) {
		snprintf(error, 256, "no profile %.100s", w->profile);
		return -1;
	}
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		v = awsconf_get(w->profile, unknown[i]);
		free(v);
		if (v == NULL)
			continue;
		snprintf(error, 256, "profile %.100s: %s is not supported, "
		    "credential_process is", w->profile, unknown[i]);
		return -1;
	}
	*hopeless = false;
	return 0;
}

int
creds_from_files(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	(void)error, (void)hopeless;
	out->id = awsconf_get(w->profile, "aws_access_key_id");
	out->secret = awsconf_get(w->profile, "aws_secret_access_key");
	out->token = awsconf_get(w->profile, "aws_session_token");
	out->fixed = true;
	return out->id != NULL && out->secret != NULL;
}

static char *
text_of(struct span json, const char *key)
{
	struct json_value v;
	struct buf b = { 0 };

	if (!json_get(json, key, &v) || v.type != JSON_STRING)
		return NULL;
	if (json_decode(&b, &v) < 0 || buf_str(&b) == NULL)
		buf_free(&b);
	return b.p;
}

int
creds_take_json(struct span json, struct creds *out, char error[256])
{
	char *when = text_of(json, "Expiration");
	struct tm tm = { 0 };

	out->id = text_of(json, "AccessKeyId");
	out->secret = text_of(json, "SecretAccessKey");
	out->token = text_of(json, "SessionToken");
	if (out->token == NULL)
		out->token = text_of(json, "Token");
	if (when != NULL && strptime(when, "%Y-%m-%dT%H:%M:%S", &tm) != NULL)
		out->expires = (int64_t)timegm(&tm);
	free(when);
	if (out->id != NULL && out->secret != NULL)
		return 1;
	snprintf(error, 256, "no credentials in the answer");
	return -1;
}

/*
 * Start command with a pipe from its standard output; -1 with errno.  Signals
 * are as usual to it: we ignore SIGPIPE, and block all in most threads.
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
	    POSIX_SPAWN_SETSIGDEF);
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

/* Until there is more from a process; -1 with errno ETIMEDOUT, or EINTR. */
static int
wait_for(int fd, int64_t end_ms, bool until_done)
{
	struct pollfd p[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = until_done ? -1 : finish_fd(), .events = POLLIN },
	};
	int64_t left = end_ms - units_now_ms();

	if (!until_done && finish_asked())
		errno = EINTR;
	else if (left <= 0)
		errno = ETIMEDOUT;
	else if (poll(p, 2, (int)left) >= 0 || errno == EINTR)
		return p[0].revents != 0 ? 1 : 0;
	return -1;
}

/*
 * What command prints, and its exit status; -1 with errno, and there is no such
 * process any more.
 */
static int
output_of(char *command, struct buf *out, bool until_done)
{
	int64_t end_ms = units_now_ms() + PROCESS_MS;
	int from, status = 0, failed = 0, r;
	pid_t pid = start(command, &from);
	ssize_t got = 1;

	if (pid < 0)
		return -1;
	while (got != 0 && out->len < OUTPUT_MAX &&
	    buf_reserve(out, 4096) == 0) {
		if ((r = wait_for(from, end_ms, until_done)) < 0) {
			failed = errno;
			kill(pid, SIGKILL);
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
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	errno = failed;
	return failed != 0 ? -1 : status;
}

int
creds_from_process(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless)
{
	char *command = awsconf_get(w->profile, "credential_process");
	struct buf b = { 0 };
	int status, r = -1;

	if (command == NULL)
		return 0;
	*hopeless = true;
	if ((status = output_of(command, &b, w->http->until_done)) < 0) {
		*hopeless = errno != ETIMEDOUT && errno != EINTR;
		snprintf(error, 256, "credential_process: %s", strerror(errno));
	} else if (status != 0)
		snprintf(error, 256, "credential_process failed");
	else
		r = creds_take_json(buf_span(&b), out, error);
	if (b.p != NULL)
		explicit_bzero(b.p, b.cap);
	buf_free(&b);
	free(command);
	return r;
}
