/*
 * drain_settings - what the file of a drain says
 *
 *	{"url":"logplex+https://logs.example.com/in",
 *	 "where":["app=shop","namespace=live"],"max":104857600,
 *	 "hostname":"{app}-{namespace}","appname":"{proc_type}.{instance}"}
 *
 * Only url must be there.  Other members are ignored, but one that is near to one
 * of these is a doubt.
 */
#ifndef DRAIN_DRAIN_SETTINGS_H
#define DRAIN_DRAIN_SETTINGS_H

#include "store/store.h"
#include "stream/receiver.h"

struct drain_settings {
	struct buf url;		/* a string */
	struct buf shown;	/* url without secrets; a string */
	char **where;		/* conditions; ends with NULL */
	size_t n_where;
	uint64_t max;		/* bytes that its spool may take */
	int64_t until;		/* seconds since 1970; 0: for ever */
	bool at_once;		/* lines do not wait for others */
	/* How many make a batch, and how long they wait; 0: as for all. */
	uint64_t batch_bytes, batch_lines, batch_s;
	struct receiver_options receiver;	/* points to what is here */
	struct buf doubt;	/* what may be mistyped, for a message, or "" */
	struct buf hostname, appname, cacert, auth, headers;
	struct store store;	/* for a URL of one */
};

/*
 * Read the settings from text; what they do not say is as in defaults, which
 * stay valid, and max; their store has the options of stores.  Returns NULL, with
 * the reason in error, and errno when a call failed.
 */
struct drain_settings *drain_settings_new(struct span text,
    const struct receiver_options *defaults, uint64_t max, struct buf *error);
void drain_settings_free(struct drain_settings *s);
bool drain_settings_expired(const struct drain_settings *s);

/*
 * Whether name can be that of a drain's file, which becomes the name of its
 * spool's folder: letters, digits, - and _, at most 128.
 */
bool drain_settings_is_id(const char *name);

#endif
