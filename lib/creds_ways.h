/*
 * creds_ways - the ways to come by AWS credentials, for creds.c
 */
#ifndef CREDS_WAYS_H
#define CREDS_WAYS_H

#include "creds.h"
#include "http.h"

struct creds_where {
	const char *profile;
	bool profile_asked;	/* then the environment's do not count */
	const struct http_options *http;
};

/*
 * Each: 1 found; 0 this way is not set up; -1 with the reason in error, and
 * *hopeless when it will stay.
 */
typedef int creds_way(const struct creds_where *w, struct creds *out,
    char error[256], bool *hopeless);

creds_way creds_from_environment, creds_from_web_identity, creds_from_files,
    creds_from_process, creds_from_container, creds_from_ec2;
/* Never 1; -1: the profile is none, or has its credentials by a way not known. */
creds_way creds_check_profile;

/* Take them from JSON as metadata services and processes print it. */
int creds_take_json(struct span json, struct creds *out, char error[256]);

#endif
