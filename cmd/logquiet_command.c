/*
 * logquiet_command - the command that logquiet runs: starts, ends, repeats
 */
#include "logquiet.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>
#include <sys/wait.h>

#include "base/message.h"
#include "file/process_id.h"

static void
failed(struct quiet *q, const char *how, int number)
{
	int64_t now = now_ms(), wait = q->backoff_ms;

	if (!q->ended && q->gap_ms > 0 &&
	    q->last_start_ms + q->gap_ms > now + wait)
		wait = q->last_start_ms + q->gap_ms - now;
	if (q->left == 0) {
		warnx("%s: %s %d, given up", q->argv[0], how, number);
		q->held = false;
		free_burst_file(q, &q->done_feed, true);
		return;
	}
	warnx("%s: %s %d, again in %g s", q->argv[0], how, number,
	    (double)wait / 1000);
	q->left--;
	q->retry_ms = now + wait;
	q->backoff_ms = q->backoff_ms * 2 < RETRY_MAX_MS ? q->backoff_ms * 2 :
	    RETRY_MAX_MS;
}

/* Handle the end of the command, with this status of wait(2). */
static void
finished(struct quiet *q, int status)
{
	command_end(&q->run);
	q->kill_ms = NEVER;
	q->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
	    WEXITSTATUS(status);
	if (WIFSIGNALED(status)) {
		failed(q, "signal", WTERMSIG(status));
	} else if (q->status != 0) {
		failed(q, "exit status", q->status);
	} else {
		if (q->verbose)
			note("%s: done", q->argv[0]);
		q->held = false;
		free_burst_file(q, &q->done_feed, false);
		unmark_pending(q);
	}
}

void
start_command(struct quiet *q)
{
	struct run_how how = { q->argv, -1, q->confirms, q->lock };

	if (!q->held) {
		take_rests(q);
		q->done = q->burst;
		q->done_feed = q->feed;
		q->burst = (struct burst){ 0 };
		q->feed = (struct burst_file){ .fd = -1 };
		q->feeds_made++;
		q->fire = q->feed_lost = q->unkept = false;
		q->held = true;
		q->left = q->finishing && q->retries > 1 ? 1 : q->retries;
		q->backoff_ms = RETRY_MS;
	}
	q->last_start_ms = now_ms();
	if (q->done_feed.fd >= 0) {
		lseek(q->done_feed.fd, 0, SEEK_SET);
		how.in = q->done_feed.fd;
	}
	if (q->verbose)
		note("%s: for %" PRIu64 " lines, %" PRIu64 " bytes", q->argv[0],
		    q->done.lines + q->done.open_line, q->done.bytes);
	if (burst_setenv(&q->done) < 0 || command_start(&q->run, &how) < 0) {
		warn("%s", q->argv[0]);
		q->status = 126;
		failed(q, "exit status", q->status);
	}
}

void
stop_command(struct quiet *q, int64_t now)
{
	if (q->kill_signal == SIGTERM)
		warnx("%s: still running after %g s, ended", q->argv[0],
		    (double)q->timeout_ms / 1000);
	process_signal_session(q->run.pid, q->kill_signal);
	q->kill_ms = q->kill_signal == SIGTERM ? now + KILL_MS : NEVER;
	q->kill_signal = SIGKILL;
}

void
note_start(struct quiet *q)
{
	int error = command_started(&q->run);

	if (error != 0) {
		errno = error;
		warn("%s", q->argv[0]);
	} else if (q->timeout_ms > 0) {
		q->kill_ms = now_ms() + q->timeout_ms;
		q->kill_signal = SIGTERM;
	}
}

/*
 * As process 1 of a container, we are given the children of those that have
 * ended: whoever has ended is waited for.
 */
void
reap_children(struct quiet *q)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != q->run.pid)
			continue;
		if (q->run.started >= 0)
			note_start(q);
		finished(q, status);
	}
}
