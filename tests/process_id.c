/* process_id: which process an id names, and that it names no later one */
#include "file/process_id.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "tap.h"

static pid_t
named(const char *id)
{
	return process_of(id, strlen(id));
}

/* Signals that do nothing to another process, should it get them. */
static sigset_t harmless;

/* Not for ever, where the signal does not come. */
static void
wait_for_signal(void)
{
	int sig;

	alarm(60);
	sigwait(&harmless, &sig);
	_exit(sig == SIGURG);
}

/*
 * A session of two processes in groups of their own, which hold to; the second
 * says that they are there.
 */
static void
begin_session(int to)
{
	setsid();
	if (fork() == 0) {
		setpgid(0, 0);
		(void)!write(to, "", 1);
	}
	wait_for_signal();
}

static void
test_session(void)
{
	pid_t first, outside;
	int ready[2], status;
	char c;

	sigemptyset(&harmless);
	sigaddset(&harmless, SIGURG);
	sigaddset(&harmless, SIGWINCH);
	sigprocmask(SIG_BLOCK, &harmless, NULL);
	if (pipe(ready) < 0 || (first = fork()) < 0)
		abort();
	if (first == 0)
		begin_session(ready[1]);
	close(ready[1]);
	if ((outside = fork()) < 0)
		abort();
	if (outside == 0)
		wait_for_signal();
	(void)!read(ready[0], &c, 1);
	process_signal_session(first, SIGURG);
	ok(waitpid(first, &status, 0) == first && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 1, "a signal reaches a session's leader");
	ok(read(ready[0], &c, 1) == 0,
	    "a signal reaches a session's other groups");
	kill(outside, SIGWINCH);
	ok(waitpid(outside, &status, 0) == outside && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0, "a signal for a session reaches no other");
}

int
main(void)
{
	static const char *const none[] = { "", "x", "-1 1 -", "1", "1x 1 -",
		"0 1 -", "2147483648 1 -", "99999999999999999999 1 -" };
	char own[PROCESS_ID_SIZE], other[PROCESS_ID_SIZE + 1], ended[32];
	pid_t child = fork();
	siginfo_t info;

	if (child == 0)
		_exit(0);
	ok(process_id(getpid(), own) == 0 && named(own) == getpid(),
	    "an id names its process");
	snprintf(other, sizeof other, "%s0", own);
	ok(named(other) == 0, "an id of another boot names no process");
	snprintf(other, sizeof other, "%s", own);
	other[strlen(other) - 1] ^= 1;
	ok(named(other) == 0, "an id that differs by a digit names no process");
	ok(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0 &&
	    process_id(child, other) == 0 && named(other) == 0,
	    "a process that has ended and was not waited for does not live");
	waitpid(child, NULL, 0);
	snprintf(ended, sizeof ended, "%ld 1 -", (long)child);
	ok(process_id(child, other) < 0 && named(ended) == 0,
	    "a process that is gone has no id");
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		ok(named(none[i]) == -1, "no id: '%s'", none[i]);
	test_session();
	return done_testing();
}
