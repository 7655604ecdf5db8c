/*
 * progress - a bar on the terminal for work that takes longer than a second
 *
 * Off unless progress_on() found standard error to be a terminal and standard
 * output not.  Threads may call these.  Messages clear the bar first.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdint.h>

void progress_on(void);
void progress_expect(uint64_t bytes);	/* so much more there is to do */
void progress_add(uint64_t bytes);	/* so much more was done */
void progress_end(void);		/* clear it */

#endif
