/*
 * user_formats - formats of the user's own: a server's format string, a
 * pattern, or a file of them.  Once all are added they may be shared by
 * threads.
 */
#ifndef FORMAT_USER_FORMATS_H
#define FORMAT_USER_FORMATS_H

#include "base/buf.h"

struct user_formats;

struct user_formats *user_formats_new(void);	/* NULL with errno ENOMEM */
void user_formats_free(struct user_formats *c);

/* Each adds formats.  Returns 0, or -1 with *why the reason, "" for ENOMEM. */
/* Add nginx's log_format or Apache's LogFormat. */
int user_formats_log_format(
    struct user_formats *c, const char *text, struct buf *why);
/*
 * From file[:name], add the log_format of that name, or all that the file has.
 */
int user_formats_nginx_conf(
    struct user_formats *c, const char *where, struct buf *why);
/* Add a PCRE2 pattern with named groups. */
int user_formats_regex(
    struct user_formats *c, const char *pattern, struct buf *why);
/*
 * A file of named formats:
 *	[name]
 *	regex = pattern, or log_format = text
 *	time = format of strptime(3), for the group timestamp
 */
int user_formats_file(
    struct user_formats *c, const char *path, struct buf *why);

/*
 * Returns how many there are; those of a file count only for -f NAME and auto.
 */
unsigned user_formats_count(const struct user_formats *c);

/*
 * Returns the i-th of all, or NULL after the last; *of_file says that it is of
 * a file.
 */
struct format;
const struct format *user_formats_at(const struct user_formats *c, unsigned i,
    bool *of_file);

#endif
