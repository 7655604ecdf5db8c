#include "creds_ways.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>

#include "awsconf.h"
#include "json.h"

enum { OUTPUT_MAX = 64 << 10 };

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

/* Start command with a pipe from its standard output; -1 with errno. */
static pid_t
start(char *command, int *from)
{
	posix_spawn_file_actions_t actions;
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
	r = posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	*from = ends[0];
	if (r == 0)
		return pid;
	close(ends[0]);
	errno = r;
	return -1;
}

/* What command prints, and its exit status; -1 with errno. */
static int
output_of(char *command, struct buf *out)
{
	int from, status = 0;
	pid_t pid = start(command, &from);
	ssize_t got = 1;

	if (pid < 0)
		return -1;
	while (got != 0 && out->len < OUTPUT_MAX &&
	    buf_reserve(out, 4096) == 0) {
		got = read(from, out->p + out->len, 4096);
		if (got < 0 && errno != EINTR)
			break;
		out->len += got > 0 ? (size_t)got : 0;
	}
	close(from);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
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
	if ((status = output_of(command, &b)) < 0)
		snprintf(error, 256, "credential_process: %s", strerror(errno));
	else if (status != 0)
		snprintf(error, 256, "credential_process failed");
	else
		r = creds_take_json(buf_span(&b), out, error);
	if (b.p != NULL)
		explicit_bzero(b.p, b.cap);
	buf_free(&b);
	free(command);
	return r;
}
