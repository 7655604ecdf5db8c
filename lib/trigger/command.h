/*
 * command - a command in a session of its own, one at a time
 */
#ifndef TRIGGER_COMMAND_H
#define TRIGGER_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct command {
	pid_t pid;		/* 0 when there is none */
	int started; /* poll it for POLLIN, then call command_started; or -1 */
	int lock;		/* held until command_end, or -1 */
};

struct run_how {
	char *const *argv;
	int in;			/* its standard input; -1 is /dev/null */
	bool out_to_err;	/* its standard output is our standard error */
	const char *lock;	/* a file, or NULL */
};

/* Whether command can be found and executed.  Returns 0, or -1 with errno. */
int command_look(const char *command);

/*
 * Open a lock file, which is made when it is missing.  Returns a descriptor, or
 * -1 with errno: EEXIST for a file that we did not write.
 */
int command_lock_open(const char *path);

/*
 * Start the command.  With a lock the command, but not the caller, waits until
 * nobody else has that: neither by flock(2), nor as a command that still runs
 * although the process of ours that started it has ended.  Returns 0, or -1
 * with errno.
 */
int command_start(struct command *r, const struct run_how *how);

/*
 * Call it once.  Returns 0 when the command is executed now, or the errno why
 * it cannot be.
 */
int command_started(struct command *r);

void command_end(struct command *r);	/* after the command was waited for */

#endif
