#include "finish.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t asked;
static int bell[2] = { -1, -1 };	/* read end, write end */

static void
on_signal(int sig)
{
	int saved = errno;

	asked = sig;
	if (sig == SIGINT)
		signal(SIGINT, SIG_DFL);
	(void)!write(bell[1], "", 1);	/* full: it rang already */
	errno = saved;
}

int
finish_on_signals(void)
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

void
finish_ask(void)
{
	on_signal(SIGTERM);
}

bool
finish_asked(void)
{
	return asked != 0;
}

int
finish_signal(void)
{
	return asked;
}

int
finish_fd(void)
{
	return bell[0];
}
