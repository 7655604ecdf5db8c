/*
 * logquiet - run a command when a burst of input is over
 */
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

#include "buf.h"
#include "burst.h"
#include "feed.h"
#include "line.h"
#include "opt.h"
#include "pending.h"
#include "pipe.h"
#include "process.h"
#include "run.h"
#include "status.h"
#include "watch.h"

enum {
	BUF_SIZE = 256 << 10,
	TEE_PIECE = 4096,	/* a pipe that poll calls writable takes as much */
	LINGER_MS = 250,	/* asked to finish: a pipe idle so long is empty */
	LINGER_MAX_MS = 2000,	/* and so long after, even a busy one is left; */
				/* both above those of the filter before us */
	KILL_MS = 10000,	/* from SIGTERM to SIGKILL */
	RETRY_MS = 1000,
	RETRY_MAX_MS = 60000,
	NEVER = BURST_NEVER,
};

enum { FEED = OPT_LONG, TEE, RETRIES, STATE, LOCK, AT_END, TIMEOUT, CONFIRM };

static const struct cmd cmd = {
	.name = "logquiet",
	.what = "run a command when a burst of input is over",
	.operands = "[--] command [arg ...]",
	.stops_at_operand = true,
	.opts = (const struct opt[]){
		{ 't', "quiet", "time", "how long no data comes (30)" },
		{ 'm', "max-wait", "time",
		    "run after this time at the latest (10 times quiet)" },
		{ 'g', "min-interval", "time", "least time between two starts" },
		{ 'w', "watch", "file", "not stdin: what is appended to file" },
		{ FEED, "feed", NULL, "give the burst to the command's stdin" },
		{ TEE, "tee", NULL, "copy the input to standard output" },
		{ CONFIRM, "confirm", NULL,
		    "answer OK for each line, as rsyslog's omprog wants" },
		{ RETRIES, "retries", "num",
		    "how often a command that failed is run again (5)" },
		{ TIMEOUT, "timeout", "time", "end a command that runs longer" },
		{ STATE, "state", "file", "remember there that a burst is pending" },
		{ LOCK, "lock", "file", "share this lock with other instances" },
		{ AT_END, "at-end", "what",
		    "run or drop what is pending at the end (run)" },
		{ 'v', "verbose", NULL, "say when the command runs and ends" },
		{ 0 },
	},
};

struct quiet {
	int64_t quiet_ms, max_ms, gap_ms, timeout_ms;
	unsigned long retries;
	bool feeds, tees, confirms, drops, verbose;
	const char *state_path, *lock;
	char *const *argv;

	int timer, signals;
	int64_t timer_ms;	/* what the timer is set to */

	struct watch *watch;	/* NULL: input is standard input */
	bool more;		/* there is data, though nobody rings */
	bool ended;		/* no more input */
	bool finishing;		/* SIGTERM: only what is on its way */
	int64_t idle_ms, leave_ms;	/* when finishing ends the input */
	size_t owed;		/* bytes that were in the pipe at a signal */
	bool fire;		/* SIGUSR1 or an adopted burst: do not wait */
	struct burst burst;	/* not yet given to the command */
	struct feed feed;
	bool feed_lost;		/* the disk is full: it lacks data */
	unsigned feeds_made;
	struct buf tee;		/* to be copied, */
	size_t tee_at;		/* what is already */
	bool tee_open;		/* the copy has no LF at its end */

	struct pending *state;
	bool marked;		/* our mark is in the state file */

	struct run run;
	struct burst done;	/* what the command runs for */
	struct feed done_feed;
	bool held;		/* the command has to run (again) for it */
	unsigned long left;	/* retries */
	int64_t retry_ms, backoff_ms;
	int64_t last_start_ms;
	int64_t kill_ms;	/* when the command has run too long */
	int kill_signal;

	int status;		/* of the last command */
	bool trouble;
};

static char buffer[BUF_SIZE];

/* A suspended machine does not stop this clock. */
static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
trouble(struct quiet *q, const char *what)
{
	warn("%s", what);
	q->trouble = true;
}

static void
adopt_feed(void *arg, long pid)
{
	struct quiet *q = arg;

	if (q->feeds && pid > 0 && feed_adopt(&q->feed, q->state_path,
	    q->feeds_made, pid) < 0)
		trouble(q, "--feed");
}

static void
keep_feed(struct quiet *q, struct span s)
{
	const char *base = q->state != NULL ? q->state_path : NULL;

	if (!q->feeds || q->feed_lost ||
	    feed_add(&q->feed, base, q->feeds_made, s.p, s.len) == 0)
		return;
	trouble(q, "--feed");
	q->feed_lost = true;
}

/*
 * Have it on disk that a burst is pending; start: only if a process that is no
 * more left its own.
 */
static void
mark(struct quiet *q, bool start)
{
	struct timespec since;
	int r;

	if (q->state == NULL || q->marked)
		return;
	clock_gettime(CLOCK_REALTIME, &since);
	r = (start ? pending_adopt : pending_mark)(q->state, &since,
	    adopt_feed, q);
	q->marked = r > 0 || !start;
	if (r < 0)
		trouble(q, q->state_path);
	if (r <= 0)
		return;
	burst_begin(&q->burst, &since, now_ms());
	q->fire = true;
	if (q->verbose)
		note("an earlier burst is pending");
}

static void
unmark(struct quiet *q)
{
	if (!q->marked || q->burst.pending || q->held)
		return;
	if (pending_clear(q->state) < 0)
		trouble(q, q->state_path);
	q->marked = false;
}

static void
stop_tee(struct quiet *q)
{
	if (errno != EPIPE)
		trouble(q, "standard output");
	q->tees = false;
	buf_free(&q->tee);
	q->tee_at = 0;
}

static bool
is_copying(const struct quiet *q)
{
	return q->tee_at < q->tee.len;
}

/* Copy what is left, as far as it goes without waiting. */
static void
copy_on(struct quiet *q, bool regular)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
	size_t n;
	ssize_t put;

	while (is_copying(q) &&
	    (regular || (poll(&p, 1, 0) > 0 && p.revents != 0))) {
		n = q->tee.len - q->tee_at;
		if (!regular && n > TEE_PIECE)
			n = TEE_PIECE;
		put = write(STDOUT_FILENO, q->tee.p + q->tee_at, n);
		if (put >= 0)
			q->tee_at += (size_t)put;
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			stop_tee(q);
	}
	if (!is_copying(q)) {
		buf_clear(&q->tee);
		q->tee_at = 0;
	}
}

static void
add_copy(struct quiet *q, struct span s)
{
	q->tee_open = s.p[s.len - 1] != '\n';
	if (buf_addspan(&q->tee, s) < 0)
		stop_tee(q);
}

static void
confirm(struct quiet *q, uint64_t lines)
{
	static const char ok[] = "OK\n";

	for (; q->confirms && lines > 0; lines--)
		if (write(STDOUT_FILENO, ok, sizeof ok - 1) < 0) {
			if (errno != EPIPE)
				trouble(q, "standard output");
			q->confirms = false;
		}
}

static bool
is_regular(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* Data of the burst; other: what came before it was another file's. */
static void
take(struct quiet *q, struct span s, bool other)
{
	uint64_t lines = q->burst.lines;

	if (s.len == 0)
		return;
	if (other && q->burst.open_line) {
		burst_end_line(&q->burst);
		keep_feed(q, span_str("\n"));
	}
	burst_count(&q->burst, s.p, s.len);
	keep_feed(q, s);
	if (q->tees) {
		if (other && q->tee_open)
			add_copy(q, span_str("\n"));
		add_copy(q, s);
		copy_on(q, is_regular(STDOUT_FILENO));
	}
	confirm(q, q->burst.lines - lines);
}

/* The burst is over: what is held back of a line is all there is of it. */
static void
take_rests(struct quiet *q)
{
	struct watch_data d;

	while (q->watch != NULL && watch_rest(q->watch, &d) > 0)
		take(q, d.bytes, d.other);
}

static void
end_input(struct quiet *q)
{
	q->ended = true;
	take_rests(q);
	if (q->drops && q->burst.pending) {
		q->burst = (struct burst){ 0 };
		feed_free(&q->feed);
	}
	unmark(q);
}

static int
read_watch(struct quiet *q, struct watch_data *d)
{
	int r = watch_ready(q->watch);

	q->more = r > 0;
	if (r > 0) {
		mark(q, false);
		r = watch_read(q->watch, d);
	}
	if (r == 0) {
		errno = EAGAIN;
		r = -1;
	}
	return r;
}

/* Read, when there is something; the mark comes first, or a crash forgets it. */
static int
read_stdin(struct quiet *q, struct watch_data *d)
{
	int waiting = 1;
	ssize_t n;

	if (ioctl(STDIN_FILENO, FIONREAD, &waiting) < 0 || waiting > 0)
		mark(q, false);
	if ((n = read(STDIN_FILENO, buffer, sizeof buffer)) <= 0)
		return (int)n;
	d->bytes = span_of(buffer, (size_t)n);
	q->owed -= d->bytes.len < q->owed ? d->bytes.len : q->owed;
	return 1;
}

static void
take_input(struct quiet *q)
{
	struct watch_data d = { 0 };
	int r = q->watch != NULL ? read_watch(q, &d) : read_stdin(q, &d);

	if (r < 0 && (errno == EINTR || errno == EAGAIN)) {
		unmark(q);
		return;
	}
	if (r < 0)
		trouble(q, q->watch != NULL ? "--watch" : "standard input");
	if (r <= 0) {
		end_input(q);
		return;
	}
	burst_came(&q->burst, now_ms());
	take(q, d.bytes, d.other);
	q->idle_ms = q->burst.last_ms + LINGER_MS;
}

/* Asked to finish, and nothing more can be on its way. */
static bool
is_drained(const struct quiet *q, int64_t now)
{
	return q->finishing && q->owed == 0 &&
	    (now >= q->idle_ms || now >= q->leave_ms);
}

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
		return;
	}
	warnx("%s: %s %d, again in %g s", q->argv[0], how, number,
	    (double)wait / 1000);
	q->left--;
	q->retry_ms = now + wait;
	q->backoff_ms = q->backoff_ms * 2 < RETRY_MAX_MS ? q->backoff_ms * 2 :
	    RETRY_MAX_MS;
}

/* The command has ended, with this status of wait(2). */
static void
finished(struct quiet *q, int status)
{
	run_end(&q->run);
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
		unmark(q);
	}
	if (!q->held)
		feed_free(&q->done_feed);
}

static void
start(struct quiet *q)
{
	struct run_how how = { q->argv, -1, q->confirms, q->lock };

	if (!q->held) {
		take_rests(q);
		q->done = q->burst;
		q->done_feed = q->feed;
		q->burst = (struct burst){ 0 };
		q->feed = (struct feed){ .fd = -1 };
		q->feeds_made++;
		q->fire = q->feed_lost = false;
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
	if (burst_setenv(&q->done) < 0 || run_start(&q->run, &how) < 0) {
		warn("%s", q->argv[0]);
		q->status = 126;
		failed(q, "exit status", q->status);
	}
}

/* When there is something to start, or NEVER. */
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

/* A deadline that moves on is looked at again when the timer rings. */
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
			t.it_value.tv_nsec = 1;		/* 0 is never */
	}
	timerfd_settime(q->timer, 0, &t, NULL);
}

/* End a command that runs too long, and all of its session. */
static void
stop_command(struct quiet *q, int64_t now)
{
	if (q->kill_signal == SIGTERM)
		warnx("%s: still running after %g s, ended", q->argv[0],
		    (double)q->timeout_ms / 1000);
	process_signal_session(q->run.pid, q->kill_signal);
	q->kill_ms = q->kill_signal == SIGTERM ? now + KILL_MS : NEVER;
	q->kill_signal = SIGKILL;
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
		start(q);
		due = start_due(q, now);
	}
	due = sooner(due, q->kill_ms);
	if (q->finishing && !q->ended)
		due = sooner(due, q->idle_ms);
	set_timer(q, now, due);
}

static void
command_started(struct quiet *q)
{
	int error = run_started(&q->run);

	if (error != 0) {
		errno = error;
		warn("%s", q->argv[0]);
	} else if (q->timeout_ms > 0) {
		q->kill_ms = now_ms() + q->timeout_ms;
		q->kill_signal = SIGTERM;
	}
}

/* SIGTERM and the like: no more than one more try for what has failed. */
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
	int status, n = 0;

	if (read(q->signals, &si, sizeof si) != (ssize_t)sizeof si)
		return;
	if (si.ssi_signo == SIGCHLD) {
		if (q->run.pid > 0 &&
		    waitpid(q->run.pid, &status, WNOHANG) == q->run.pid) {
			if (q->run.started >= 0)
				command_started(q);
			finished(q, status);
		}
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
			command_started(q);
		if (p[3].revents != 0)
			take_signal(q);
	}
}

/* Signals come as reads; one that was ignored from the start stays so. */
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

static void
prepare(struct quiet *q)
{
	/* syslog-ng's inherit-environment(no) gives us none. */
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
	    "/sbin:/bin", 0);
	if (run_look(q->argv[0]) < 0)
		die("%s", q->argv[0]);
	if ((q->signals = open_signals()) < 0)
		die("signals");
	q->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (q->timer < 0)
		die("timer");
	if (q->watch == NULL)
		pipe_own(STDIN_FILENO);
	if (q->lock != NULL) {
		int fd = open(q->lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		    0600);

		if (fd < 0)
			die("%s", q->lock);
		close(fd);
	}
	/* Better a trigger that may forget than none. */
	if (q->state_path != NULL &&
	    (q->state = pending_open(q->state_path)) == NULL)
		trouble(q, q->state_path);
	mark(q, true);
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
		opt_misuse(&cmd, "--tee and --confirm both need standard output");
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
	pending_free(q.state);
	return q.status == STATUS_OK && q.trouble ? STATUS_TROUBLE : q.status;
}
