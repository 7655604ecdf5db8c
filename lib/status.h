/*
 * status - what the commands' exit statuses mean
 */
#ifndef STATUS_H
#define STATUS_H

enum {
	STATUS_OK = 0,		/* did what was asked */
	STATUS_NO = 1,		/* the answer is no, or some input was refused */
	STATUS_TROUBLE = 2,	/* misuse; could not read, write or allocate */
	STATUS_RETRY = 75,	/* logpush: not delivered, still held (EX_TEMPFAIL) */
};

#endif
