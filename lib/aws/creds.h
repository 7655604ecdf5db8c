/*
 * creds - one set of AWS credentials, and what all ways to come by one share
 */
#ifndef AWS_CREDS_H
#define AWS_CREDS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/http.h"

struct creds { /* one set of credentials, owned by whoever has it */
	char *id, *secret;
	char *token;		/* the session token, or NULL */
	int64_t expires;	/* seconds since 1970, 0 for never */
	bool fixed;		/* they cannot be renewed */
};

void creds_clear(struct creds *c);	/* wipes and frees the strings */

/* The text of a key in JSON, for free(), or NULL; wipe secrets before that. */
char *creds_text(struct span json, const char *key);

/*
 * Take credentials from JSON as metadata services and processes print it.
 * Returns 1, or -1 with the reason in error.
 */
int creds_take_json(struct span json, struct creds *out, char error[256]);

/* Seconds since 1970 of a time such as 2030-01-01T00:00:00Z, 0 for none. */
int64_t creds_time(const char *text);

struct creds_where {		/* where credentials are looked for */
	const char *profile;
	bool profile_asked;	/* then those of the environment do not count */
	const char *region;	/* that the user asked for, or NULL */
	const struct http_options *http;
	int64_t end_ms; /* units_now_ms when to give up, 0 for never */
	unsigned depth;	/* how many profiles take their credentials from it */
};

/* How much of most milliseconds is left; at least 1. */
int64_t creds_left_ms(const struct creds_where *w, int64_t most);

/*
 * A way to find credentials.  Returns 1 when it found some; 0 when this way is
 * not set up; -1 with the reason in error, and *hopeless when trying again will
 * not help.
 */
typedef int creds_way(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless);

/* Try one of n ways after the other, until one does not return 0. */
int creds_try(creds_way *const *ways, size_t n, const struct creds_where *w,
    struct creds *out, char error[256], bool *hopeless);

#endif
