/*
 * logquiet - run a command when a burst of input is over
 */
#include "logquiet.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/opt.h"
#include "base/status.h"
#include "file/pipe.h"
#include "file/process_id.h"
#include "input/lines.h"
#include "input/watch.h"

enum { FEED = OPT_LONG, TEE, RETRIES, STATE, LOCK, AT_END, TIMEOUT, CONFIRM };

static const struct cmd cmd = {
	.name = "logquiet",
	.what = "run a command when a burst of input is over",
	.operands = "[--] command [arg ...]",
	.stops_at_operand = true,
	.opts =
	    (const struct opt[]){
		{ OPT_GROUP, NULL, NULL, "When the command runs" },
		{ 't', "quiet", "time", "how long no data comes (30)" },
		{ 'm', "max-wait", "time",
		    "run after this time at the latest (10 times quiet)" },
		{ 'g', "min-interval", "time",
		    "least time between two starts" },
		{ OPT_GROUP, NULL, NULL, "Input" },
		{ 'w', "watch", "file", "not stdin: what is appended to file" },
		{ FEED, "feed", NULL, "give the burst to the command's stdin" },
		{ TEE, "tee", NULL, "copy the input to standard output" },
		{ CONFIRM, "confirm", NULL,
		    "answer OK for each line, as rsyslog's omprog wants" },
		{ OPT_GROUP, NULL, NULL, "Failure, and several instances" },
		{ RETRIES, "retries", "num",
		    "how often a command that failed is run again (5)" },
		{ TIMEOUT, "timeout", "time",
		    "end a command that runs longer" },
		{ STATE, "state", "file",
		    "remember there that a burst is pending" },
		{ LOCK, "lock", "file",
		    "share this lock with other instances" },
		{ AT_END, "at-end", "what",
		    "with what is pending at the end: run, drop" },
		{ 'v', "verbose", NULL, "say when the command runs and ends" },
		{ 0 },
	    },
};

int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
trouble(struct quiet *q, const char *what)
{
	warn("%s", what);
	q->trouble = true;
}

/* Returns when a command is to be started, or NEVER. */
static int64_t
start_due(const struct quiet *q, int64_t now)
{
	int64_t due;

	if (q->run.pid > 0)
		return NEVER;
	if (q->held)
		due = q->retry_ms;
	else if (!q->burst.pending)
		return NEVER;
	else if (q->ended || (q->fire && q->owed == 0))
		return now;
	else
		due = burst_due_ms(&q->burst, q->quiet_ms, q->max_ms);
	if (!q->ended && q->gap_ms > 0 && q->last_start_ms != NEVER &&
	    q->last_start_ms + q->gap_ms > due)
		due = q->last_start_ms + q->gap_ms;
	return due;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a == NEVER || (b != NEVER && b < a) ? b : a;
}

/*
 * Set the timer.  A deadline that is put off is looked at again when the timer
 * rings.
 */
static void
set_timer(struct quiet *q, int64_t now, int64_t due)
{
	struct itimerspec t = { 0 };
	int64_t wait = due > now ? due - now : 0;

	if (due == NEVER ? q->timer_ms == NEVER :
	    q->timer_ms != NEVER && q->timer_ms <= due)
		return;
	q->timer_ms = due;
	if (due != NEVER) {
		t.it_value.tv_sec = wait / 1000;
		t.it_value.tv_nsec = wait % 1000 * 1000000;
		if (wait == 0)
			t.it_value.tv_nsec = 1; /* 0 would turn it off */
	}
	timerfd_settime(q->timer, 0, &t, NULL);
}

/* Do what is due, and set the timer for what will be. */
static void
act(struct quiet *q)
{
	int64_t now = now_ms(), due;

	if (!q->ended && is_drained(q, now))
		end_input(q);
	if (q->kill_ms != NEVER && now >= q->kill_ms)
		stop_command(q, now);
	due = start_due(q, now);
	if (due != NEVER && due <= now) {
		start_command(q);
		due = start_due(q, now);
	}
	due = sooner(due, q->kill_ms);
	if (q->finishing && !q->ended)
		due = sooner(due, q->idle_ms);
	set_timer(q, now, due);
}

/*
 * Begin to finish, after SIGTERM and the like: a command that has failed gets
 * one more try.
 */
static void
finish(struct quiet *q, int sig)
{
	if (q->finishing) {
		if (sig == SIGINT)
			exit(128 + sig);
		return;
	}
	q->finishing = true;
	q->idle_ms = now_ms() + LINGER_MS;
	q->leave_ms = now_ms() + LINGER_MAX_MS;
	if (q->held && q->run.pid == 0) {
		q->retry_ms = now_ms();
		q->left = 0;
	} else if (q->left > 1) {
		q->left = 1;
	}
}

static void
take_signal(struct quiet *q)
{
	struct signalfd_siginfo si;
	int n = 0;

	if (read(q->signals, &si, sizeof si) != (ssize_t)sizeof si)
		return;
	if (si.ssi_signo == SIGCHLD) {
		reap_children(q);
		return;
	}
	if (q->watch != NULL && !is_copying(q))
		take_input(q);
	else if (ioctl(STDIN_FILENO, FIONREAD, &n) == 0)
		q->owed = (size_t)n;
	if (si.ssi_signo == SIGUSR1)
		q->fire = q->burst.pending || q->owed > 0;
	else
		finish(q, (int)si.ssi_signo);
}

static bool
is_done(const struct quiet *q)
{
	return q->ended && q->run.pid == 0 && !q->held && !q->burst.pending &&
	    !is_copying(q);
}

static void
loop(struct quiet *q)
{
	int in = q->watch != NULL ? watch_fd(q->watch) : STDIN_FILENO;
	bool regular_out = is_regular(STDOUT_FILENO);
	uint64_t rings;

	while (act(q), !is_done(q)) {
		bool copying = is_copying(q);
		struct pollfd p[] = {
			{ q->ended || copying ? -1 : in, POLLIN, 0 },
			{ q->timer, POLLIN, 0 },
			{ q->run.started, POLLIN, 0 },
			{ q->signals, POLLIN, 0 },
			{ copying ? STDOUT_FILENO : -1, POLLOUT, 0 },
		};

		bool more = q->more && !q->ended && !copying;

		if (poll(p, sizeof p / sizeof *p, more ? 0 : -1) < 0) {
			if (errno == EINTR)
				continue;
			die("poll");
		}
		if (p[4].revents != 0)
			copy_on(q, regular_out);
		if (p[0].revents != 0 || more)
			take_input(q);
		if (p[1].revents != 0 &&
		    read(q->timer, &rings, sizeof rings) > 0)
			q->timer_ms = NEVER;
		if (p[2].revents != 0)
			note_start(q);
		if (p[3].revents != 0)
			take_signal(q);
	}
}

/*
 * Have signals come as reads; a signal that was ignored from the start stays
 * so.
 */
static int
open_signals(void)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction old;
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (sigaction(ends[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaddset(&set, ends[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/*
 * Exit as a file that is to be written to cannot be opened; errno has the
 * reason.
 */
static noreturn void
refuse_file(const char *path)
{
	if (errno == EEXIST)
		diex("%s: holds something that is not ours", path);
	die("%s", path);
}

static void
prepare(struct quiet *q)
{
	/* syslog-ng's inherit-environment(no) gives us none. */
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
	    "/sbin:/bin", 0);
	if (command_look(q->argv[0]) < 0)
		die("%s", q->argv[0]);
	if ((q->signals = open_signals()) < 0)
		die("signals");
	q->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (q->timer < 0)
		die("timer");
	if (q->watch == NULL)
		pipe_own(STDIN_FILENO);
	if (q->lock != NULL) {
		int fd = command_lock_open(q->lock);

		if (fd < 0)
			refuse_file(q->lock);
		close(fd);
	}
	/* A trigger that may forget is better than none. */
	if (q->state_path != NULL &&
	    (q->state = state_file_open(q->state_path)) == NULL) {
		if (errno == EEXIST)
			refuse_file(q->state_path);
		trouble(q, q->state_path);
	}
	mark_pending(q, true);
	confirm(q, 1);
}

static void
add_watch(struct quiet *q, const char *path)
{
	if (q->watch == NULL &&
	    (q->watch = watch_new(LINE_MAX_DEFAULT)) == NULL)
		die("--watch");
	if (watch_add(q->watch, path) < 0)
		die("%s", path);
}

static void
options(struct quiet *q, int argc, char *argv[])
{
	static const char *const ends[] = { "run", "drop", NULL };
	bool has_max = false;
	int ch;

	while ((ch = opt_next(&cmd, argc, argv)) != -1)
		switch (ch) {
		case 't': q->quiet_ms = opt_duration_ms(&cmd); break;
		case 'm': q->max_ms = opt_duration_ms(&cmd);
			has_max = true; break;
		case 'g': q->gap_ms = opt_duration_ms(&cmd); break;
		case 'w': add_watch(q, optarg); break;
		case FEED: q->feeds = true; break;
		case TEE: q->tees = true; break;
		case CONFIRM: q->confirms = true; break;
		case RETRIES: q->retries = opt_number(&cmd, 0, 1000000); break;
		case TIMEOUT: q->timeout_ms = opt_duration_ms(&cmd); break;
		case STATE: q->state_path = optarg; break;
		case LOCK: q->lock = optarg; break;
		case AT_END: q->drops = opt_word(&cmd, ends) == 1; break;
		case 'v': q->verbose = true; break;
		}
	if (!has_max)
		q->max_ms = 10 * q->quiet_ms;
	if (q->tees && q->confirms)
		opt_misuse(
		    &cmd, "--tee and --confirm both need standard output");
	q->argv = argv + optind;
	if (*q->argv == NULL)
		opt_misuse(&cmd, "no command given");
}

int
main(int argc, char *argv[])
{
	struct quiet q = {
		.quiet_ms = 30000, .retries = 5, .timer_ms = NEVER,
		.feed = { .fd = -1 }, .done_feed = { .fd = -1 },
		.run = { .started = -1, .lock = -1 },
		.last_start_ms = NEVER, .kill_ms = NEVER,
	};

	options(&q, argc, argv);
	prepare(&q);
	loop(&q);
	watch_free(q.watch);
	buf_free(&q.tee);
	state_file_free(q.state);
	return q.status == STATUS_OK && q.trouble ? STATUS_TROUBLE : q.status;
}
