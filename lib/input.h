/*
 * input - a file, or standard input, whatever it is compressed with
 *
 * gzip, zstd, xz, bzip2 and lz4 are known by their first bytes.  Reads from a
 * pipe give what is there.  Before a read that would block input_idle is
 * called: there a filter flushes its output, and -1 from it ends the input.
 * Once finish_asked(), a pipe gives what it holds, and what comes within a
 * moment more, then ends; reading a regular file fails with EINTR.
 */
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/stat.h>

struct input;

extern unsigned input_threads;	/* for a .gz with an index (pieces.h); 2 */
extern int (*input_idle)(void);	/* NULL: nothing to do */

/* path "-" is standard input.  NULL with errno; a directory is EISDIR. */
struct input *input_open(const char *path);
struct input *input_new(int fd);	/* fd is closed by input_close, not 0 */
ssize_t input_read(struct input *in, void *p, size_t n);	/* 0: end; -1 */
ssize_t input_read_raw(struct input *in, void *p, size_t n);	/* as it is */
/*
 * The next bytes of a plain file, up to *n (1 MiB), as it is in memory: until
 * the next call, and what changes the file changes them.  NULL: read instead.
 * input_skip: n of them have been made use of, what comes next is behind them.
 */
const char *input_map(struct input *in, size_t *n);
void input_skip(struct input *in, size_t n);
/* Was the file truncated meanwhile?  What was skipped last then comes again. */
bool input_unskip(struct input *in);
const char *input_error(const struct input *in);	/* after -1: the reason */
const struct stat *input_stat(const struct input *in);	/* as it was at open */
/* A file that standard output adds to: there would be no end to it. */
bool input_is_output(const struct input *in);
/*
 * Only lines of these times are wanted, in seconds since 1970, until excluded:
 * others may be left out, where an index tells of them.  Before the first read.
 */
void input_between(struct input *in, int64_t from, int64_t until);
bool input_is_compressed(struct input *in);	/* may read the first bytes */
int input_fd(const struct input *in);
void input_close(struct input *in);

#endif
