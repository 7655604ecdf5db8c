/*
 * finish - SIGTERM, SIGINT and SIGHUP mean: take what is there, then end
 *
 * A signal that was ignored when the program started stays ignored (nohup).
 * Interrupted calls are not restarted: retry writes on EINTR.  A second SIGINT
 * kills; a second SIGTERM does not, as syslog-ng may well send two.
 */
#ifndef FINISH_H
#define FINISH_H

#include <stdbool.h>

int finish_on_signals(void);	/* call once, early; -1 with errno */
bool finish_asked(void);	/* safe in any thread */
void finish_ask(void);		/* as SIGTERM would */
int finish_signal(void);	/* which one, 0 for none */
int finish_fd(void);		/* poll for POLLIN: readable once asked */

#endif
