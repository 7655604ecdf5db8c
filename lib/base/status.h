/*
 * status - what the commands' exit statuses mean
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

enum {
	STATUS_OK = 0, /* did what was asked */
	STATUS_NO = 1, /* the answer is no, or some input was refused */
	STATUS_TROUBLE = 2, /* misuse; could not read, write or allocate */
	STATUS_RETRY =
	    75, /* logpush: not delivered, still held (EX_TEMPFAIL) */
};

/*
 * Returns the exit status of two pieces of work together.  75 goes before 1, as
 * it says that something is still held.
 */
static inline int
status_worse(int a, int b)
{
	static const int order[] = {
		STATUS_TROUBLE, STATUS_RETRY, STATUS_NO,
	};

	for (unsigned i = 0; i < sizeof order / sizeof *order; i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return STATUS_OK;
}

#endif
