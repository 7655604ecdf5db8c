/*
 * creds - AWS credentials: found, kept, and renewed before they expire
 */
#ifndef CREDS_H
#define CREDS_H

#include <stdbool.h>
#include <stdint.h>

#include "http.h"

struct creds {			/* one set, owned by whoever has it */
	char *id, *secret;
	char *token;		/* or NULL */
	int64_t expires;	/* seconds since 1970, 0: never */
	bool fixed;		/* there will be no others */
};

/* Where they come from; safe in several threads. */
struct creds_source;

/*
 * They are looked for, in this order: in the environment (not when the user
 * asked for a profile), by web identity, in the files of ~/.aws, from the
 * profile's credential_process, from the container's agent, from EC2.
 * profile: as the user asked, or NULL; http: the caller's, and stays.
 * NULL: ENOMEM.
 */
struct creds_source *creds_new(const char *profile,
    const struct http_options *http);

/*
 * A copy of the credentials in force; those that end within minutes are renewed
 * first.  0, or -1 with the reason in error (no secrets), and *hopeless: trying
 * again will not help.
 */
int creds_get(struct creds_source *s, struct creds *out, char error[256],
    bool *hopeless);

/* The server says these have expired: get others.  False: there are none. */
bool creds_expired(struct creds_source *s, const struct creds *old);

void creds_clear(struct creds *c);	/* wipes and frees what is in it */
void creds_free(struct creds_source *s);

#endif
