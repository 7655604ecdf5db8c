/*
 * custom - formats of the user's own: a server's format string, a pattern, or a
 * file of them.  Once all are added they may be shared by threads.
 */
#ifndef CUSTOM_H
#define CUSTOM_H

#include "buf.h"

struct custom;

struct custom *custom_new(void);	/* NULL: ENOMEM */
void custom_free(struct custom *c);

/* Each adds formats; 0, or -1 with *why the reason, "" for ENOMEM. */
/* nginx's log_format or Apache's LogFormat. */
int custom_log_format(struct custom *c, const char *text, struct buf *why);
/* file[:name]: the log_format called so, or all that the file has. */
int custom_nginx_conf(struct custom *c, const char *where, struct buf *why);
/* A PCRE2 pattern with named groups. */
int custom_regex(struct custom *c, const char *pattern, struct buf *why);
/*
 * A file of named formats:
 *	[name]
 *	regex = pattern, or log_format = text
 *	time = format of strptime(3), for the group timestamp
 */
int custom_file(struct custom *c, const char *path, struct buf *why);

/* How many there are; those of a file only count for -f NAME and auto. */
unsigned custom_count(const struct custom *c);

#endif
