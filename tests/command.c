/* command: what one that cannot be started leaves behind */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "open_files.h"
#include "tap.h"
#include "trigger/command.h"

/* In the place of the C library's: there are too many processes. */
pid_t
fork(void)
{
	errno = EAGAIN;
	return -1;
}

int
main(void)
{
	char lock[] = "/tmp/logferry-command.XXXXXX", name[] = "true";
	char *argv[] = { name, NULL };
	struct run_how how = { .argv = argv, .in = -1, .lock = lock };
	struct command run;
	int before;

	close(mkstemp(lock));
	before = open_files();
	ok(command_start(&run, &how) < 0 && errno == EAGAIN,
	    "why there is no process for a command is told");
	ok(run.started < 0 && run.pid <= 0 && run.lock < 0,
	    "a command without a process has not begun");
	ok(open_files() == before,
	    "a command without a process leaves no file open");
	how.lock = "/nowhere/lock";
	ok(command_start(&run, &how) < 0 && errno == ENOENT,
	    "why a lock cannot be made is told");
	how.lock = "/dev/null";
	ok(command_start(&run, &how) < 0 && errno == EEXIST &&
	    open_files() == before,
	    "a lock that is no file of ours is refused, and not left open");
	unlink(lock);
	return done_testing();
}
