/*
 * run - a command in a session of its own, one at a time
 */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>
#include <sys/types.h>

struct run {
	pid_t pid;		/* 0: none */
	int started;		/* poll for POLLIN: see run_started; or -1 */
	int lock;		/* held until run_end, or -1 */
};

struct run_how {
	char *const *argv;
	int in;			/* its standard input; -1 is /dev/null */
	bool out_to_err;	/* its standard output is our standard error */
	const char *lock;	/* a file, or NULL */
};

/* Can argv[0] be found and executed?  0, or -1 with errno. */
int run_look(const char *command);

/*
 * Start it.  With a lock it waits, without holding us up, until nobody else
 * has that: neither by flock(2), nor as a command started by another process
 * of ours that has died and left it behind.  0, or -1 with errno.
 */
int run_start(struct run *r, const struct run_how *how);

/* Once: 0, it is executed now; or the errno why it cannot be. */
int run_started(struct run *r);

void run_end(struct run *r);	/* it was waited for */

#endif
