#include "base/limits.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

static struct rlimit before;
static bool raised;

void
limits_raise(void)
{
	struct rlimit now;

	signal(SIGXFSZ, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &before) < 0)
		return;
	now = before;
	now.rlim_cur = now.rlim_max;
	raised = setrlimit(RLIMIT_NOFILE, &now) == 0;
}

void
limits_restore(void)
{
	signal(SIGXFSZ, SIG_DFL);
	if (raised)
		setrlimit(RLIMIT_NOFILE, &before);
}

bool
limits_reached(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}
