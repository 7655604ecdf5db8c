/*
 * input - a file, or standard input, whatever it is compressed with
 *
 * gzip, zstd, xz, bzip2 and lz4 are known by their first bytes.  Reads from a
 * pipe give the bytes that it holds.  Before a read that would block input_idle
 * is called: a filter sets it to flush its output, and -1 from it ends the
 * input.  Once termination_asked(), a pipe gives the bytes that it holds or
 * gets within a moment, then ends; reading a regular file fails with EINTR.
 */
#ifndef INPUT_INPUT_H
#define INPUT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/stat.h>

#include "input/gzip_index.h"

struct input;

/* How many threads unpack a .gz that has an index; 2 by default. */
extern unsigned input_threads;
extern int (*input_idle)(void);	/* NULL when there is nothing to do */
/*
 * Names that are opened come from a list, in which anybody may have put them:
 * links are followed only if root or we ourselves own them.  The default is
 * false.
 */
extern bool input_from_list;

/*
 * Open path, or standard input for "-".  Returns NULL with errno; a directory
 * is EISDIR.
 */
struct input *input_open(const char *path);
struct input *input_new(int fd);	/* input_close closes fd, but not 0 */
/* Returns 0 at the end, -1. */
ssize_t input_read(struct input *in, void *p, size_t n);
/* Reads without unpacking. */
ssize_t input_read_raw(struct input *in, void *p, size_t n);
/*
 * Returns the next bytes of a plain file, *n of them, up to 1 MiB, as the file
 * is mapped in memory.  They last until the next call, and change when the file
 * does.  When it returns NULL, read instead.  input_skip says that n of them
 * were used: the next call goes on after them.
 */
const char *input_map(struct input *in, size_t *n);
void input_skip(struct input *in, size_t n);
/*
 * Whether the file was truncated meanwhile.  Then the bytes skipped last are
 * given again.
 */
bool input_unskip(struct input *in);
const char *input_error(const struct input *in); /* the reason, after -1 */
/* As the file was when it was opened. */
const struct stat *input_stat(const struct input *in);
/*
 * Whether it is a file that standard output is appended to: it would never end.
 */
bool input_is_output(const struct input *in);
/*
 * Say which lines are wanted.  Others may be left out, where an index tells
 * where they are.  Call it before the first read.
 */
void input_choose(struct input *in, const struct gzip_wanted *wanted);
/* Whether anything was left out. */
bool input_left_out(const struct input *in);
bool input_is_compressed(struct input *in);	/* may read the first bytes */
int input_fd(const struct input *in);
void input_close(struct input *in);

#endif
