/*
 * logquiet - what the parts of the command share
 */
#ifndef LOGQUIET_H
#define LOGQUIET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "input/watch.h"
#include "trigger/burst.h"
#include "trigger/burst_file.h"
#include "trigger/command.h"
#include "trigger/state_file.h"

enum {
	BUF_SIZE = 256 << 10,
	TEE_PIECE = 4096, /* a pipe that poll(2) calls writable takes as much */
	/* When asked to finish, a pipe idle so long is empty. */
	LINGER_MS = 250,
	LINGER_MAX_MS = 2000, /* and after so long even a busy pipe is left */
	/* Both are longer than in the filter before us. */
	KILL_MS = 10000, /* from SIGTERM to SIGKILL */
	RETRY_MS = 1000,
	RETRY_MAX_MS = 60000,
	NEVER = BURST_NEVER,
};


struct quiet {
	int64_t quiet_ms, max_ms, gap_ms, timeout_ms;
	unsigned long retries;
	bool feeds, tees, confirms, drops, verbose;
	const char *state_path, *lock;
	char *const *argv;

	int timer, signals;
	int64_t timer_ms;	/* what the timer is set to */

	struct watch *watch;	/* NULL when the input is standard input */
	bool more; /* there is more data, though no event will say so */
	bool ended;		/* no more input */
	bool finishing; /* SIGTERM came: only data on its way is still read */
	int64_t idle_ms, leave_ms;	/* when finishing ends the input */
	size_t owed;		/* bytes that were in the pipe at a signal */
	bool fire; /* SIGUSR1 or an adopted burst: start without waiting */
	struct burst burst;	/* the burst not yet given to the command */
	struct burst_file feed;
	bool feed_lost;		/* the disk was full: feed lacks data */
	bool unkept; /* lines can't be confirmed, as feed lacks data */
	unsigned feeds_made;
	struct buf tee;		/* data to be copied to standard output */
	size_t tee_at;		/* how much of it was copied */
	bool tee_open;		/* the copy has no LF at its end */

	struct state_file *state;
	bool marked;		/* our mark is in the state file */
	bool left_feed;		/* the mark stays for the next start */

	struct command run;
	struct burst done;	/* the burst that the command runs for */
	struct burst_file done_feed;
	bool held;		/* the command has to run (again) for done */
	unsigned long left;	/* how many retries are left */
	int64_t retry_ms, backoff_ms;
	int64_t last_start_ms;
	int64_t kill_ms;	/* when the command has run too long */
	int kill_signal;

	int status;		/* the exit status of the last command */
	bool trouble;
};

/* A suspended machine does not stop this clock. */
int64_t now_ms(void);
/* Print the reason in errno; the exit status will be STATUS_TROUBLE. */
void trouble(struct quiet *q, const char *what);

/* logquiet_input.c: what is read, kept, copied and confirmed */

/*
 * Mark on disk that a burst is pending.  With start, do so only if a process
 * that has ended left its mark.
 */
void mark_pending(struct quiet *q, bool start);
void unmark_pending(struct quiet *q);
/*
 * Free f; data that a command did not take, as it failed for good, is kept for
 * the next start.
 */
void free_burst_file(struct quiet *q, struct burst_file *f,
    bool failed_for_good);
bool is_regular(int fd);
bool is_copying(const struct quiet *q);
/*
 * Copy data that waits for standard output, as far as that goes without
 * waiting.
 */
void copy_on(struct quiet *q, bool regular);
/*
 * The burst is over: take the starts of lines that were held back as they are.
 */
void take_rests(struct quiet *q);
/* Confirm so many lines to rsyslog, if it asked for that. */
void confirm(struct quiet *q, uint64_t lines);
void end_input(struct quiet *q);
void take_input(struct quiet *q); /* reads what can be read without waiting */
/* Whether logquiet was asked to finish, and no more data can be on its way. */
bool is_drained(const struct quiet *q, int64_t now);

/* logquiet_command.c: the command, from its start to its last try */

void start_command(struct quiet *q); /* starts it for the burst, or once more */
/* Take note that the command runs now, or could not be executed. */
void note_start(struct quiet *q);
/* End a command that runs too long, with all processes of its session. */
void stop_command(struct quiet *q, int64_t now);
void reap_children(struct quiet *q);

#endif
