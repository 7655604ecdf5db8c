#include "base/termination.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdnoreturn.h>
#include <string.h>
#include <unistd.h>
#include <sys/time.h>

#include "base/status.h"

enum { WORK_MAX_US = 900000 };	/* processor time that a signal leaves */

static atomic_int asked;
static int bell[2] = { -1, -1 };	/* a pipe: read end, write end */
static const char *overdue;	/* the message of termination_limit_work */

static void
on_signal(int sig)
{
	static const struct itimerval limit = {
		.it_value.tv_usec = WORK_MAX_US,
	};
	int saved = errno;

	/* setitimer(2) is one system call, which a handler may make. */
	if (overdue != NULL && asked == 0)
		setitimer(ITIMER_PROF, &limit, NULL);
	asked = sig;
	if (sig == SIGINT)
		signal(SIGINT, SIG_DFL);
	/* When the pipe is full, it was written already. */
	(void)!write(bell[1], "", 1);
	errno = saved;
}

static noreturn void
on_overdue(int sig)
{
	(void)sig;
	(void)!write(STDERR_FILENO, overdue, strlen(overdue));
	_exit(STATUS_TROUBLE);
}

int
termination_on_signals(void)
{
	static const int sigs[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal }, old;

	if (pipe2(bell, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++) {
		if (sigaction(sigs[i], NULL, &old) < 0)
			return -1;
		if (old.sa_handler != SIG_IGN &&
		    sigaction(sigs[i], &sa, NULL) < 0)
			return -1;
	}
	return 0;
}

int
termination_limit_work(const char *message)
{
	struct sigaction sa = { .sa_handler = on_overdue };

	overdue = message;
	sigemptyset(&sa.sa_mask);
	return sigaction(SIGPROF, &sa, NULL);
}

void
termination_ask(void)
{
	on_signal(SIGTERM);
}

bool
termination_asked(void)
{
	return asked != 0;
}

int
termination_fd(void)
{
	return bell[0];
}
