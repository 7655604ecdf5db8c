/*
 * termination - SIGTERM, SIGINT and SIGHUP mean: finish the input at hand, then
 * end
 *
 * A signal that was ignored when the program started stays ignored (nohup).
 * Interrupted calls are not restarted: retry writes on EINTR.  A second SIGINT
 * kills; a second SIGTERM does not, as syslog-ng may well send two.
 */
#ifndef BASE_TERMINATION_H
#define BASE_TERMINATION_H

#include <stdbool.h>

int termination_on_signals(void);	/* call once, early; -1 with errno */
/*
 * From the first of these signals on, let the process work for less than a
 * second of processor time; then it prints the message, which is kept, and
 * exits with STATUS_TROUBLE.  For work whose steps cannot be interrupted, such
 * as a match of PCRE2.  Call before termination_on_signals.  -1 with errno.
 */
int termination_limit_work(const char *message);
bool termination_asked(void);	/* safe in any thread */
void termination_ask(void);		/* has the effect of SIGTERM */
int termination_fd(void); /* poll it for POLLIN: it is readable once asked */

#endif
