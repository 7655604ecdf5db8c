/*
 * logpush - what the parts of the command share
 */
#ifndef CMD_LOGPUSH_H
#define CMD_LOGPUSH_H

#include "base/opt.h"
#include "store/store.h"
#include "stream/stream.h"

extern const struct cmd logpush_cmd;

struct destination;		/* a kind of store, see logpush_files.c */

struct push {
	struct store store;
	const struct destination *to;
	struct stream stream;
	struct receiver_options receiver; /* where the stream goes */
	const char **also;	/* more servers that take the stream */
	const char *auth_file, *dead_letter;
	const char *drains, *drains_status, *formats;
	bool print_status, status_json, respool;
	bool print_list;
	const char *since, *until;	/* of what is listed */
	const char *list, *move_to, *receipts;
	bool nul, rm, dry_run, quiet, verbose, dcopylogs;
	int64_t stale_ms; /* abort uploads older than this; 0 for none */
	int receipts_fd;
	struct buf tags;
	int status;
	uint64_t files, bytes;		/* delivered */
};

/* logpush_headers.c: headers that options ask for; misuse ends the command. */
void add_own(struct push *push, const char *option, const char *name,
    const char *value);
void add_header(struct push *push, char *line);
void add_sse(struct push *push, const char *how);
void add_tag(struct push *push, const char *tag);
void add_metadata(struct push *push, char *data);

/* logpush_files.c: deliver files, and set up the store of a stream. */
void set_up_store(struct push *push);
void push_files(struct push *push, char *const *operands);

/* logpush_list.c: list what the store has. */
void list_objects(struct push *push, char *const *operands);

/* logpush_stream.c: deliver lines. */
bool is_stream(const struct push *push, char *const *operands);
/* Those among the operands; misuse ends the command. */
void check_topics(const struct push *push, char *const *operands);
void add_also(struct push *push, const char *url);
/* What the options say for a receiver of any kind, but not its URL. */
void set_receiver_options(struct push *push);
void push_stream(struct push *push, char *const *operands);
void print_spool_status(const char *dir, bool json);

/* logpush_drains.c: deliver lines to many receivers. */
void push_to_drains(struct push *push, char *const *operands);
void print_drains_status(const char *dir);

/*
 * Open a file that grows by whole lines, see append_log.h; -1 for the path
 * NULL.
 */
int open_append(const char *path, mode_t mode, const char *const *ours);

/*
 * Returns the share of one connection in a rate that is for all of them
 * together.
 */
uint64_t share_of_rate(uint64_t rate, unsigned connections);

#endif
