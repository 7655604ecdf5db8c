/*
 * logpack - what the parts of the command share
 */
#ifndef LOGPACK_H
#define LOGPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "file/operands.h"
#include "file/source.h"
#include "input/input.h"
#include "input/verify.h"

enum { CHUNK = 128 * 1024 };

/* What the options ask for. */
struct job {
	enum { COMPRESS, DECOMPRESS, TEST, LIST } mode;
	enum { GZ, ZST, XZ } type;
	bool rsyncable, to_stdout, keep, rm, dry_run, verbose;
	const char *archive, *dir;
	int level;
	unsigned threads;
	int64_t wait_ms;
	char end;		/* of a printed name */
};
extern struct job job;

/* The results of all files together. */
struct totals {
	int status;
	uint64_t files, packed, unpacked;
};
extern struct totals total;

/* One file: its status, and the lines for standard output. */
struct task {
	char *path;
	struct buf result;
	int status;
	uint64_t packed, unpacked;
	size_t frame;		/* how many bytes of packed are no data */
};

/* The status of the task is at least this one from now on. */
void task_status(struct task *t, int status);
/* Say why a file is left as it is. */
void task_refuse(struct task *t, const char *why);
/* The text of an errno after a new file could not be made. */
const char *task_strerror(int error);
/* Say what the error in errno is about. */
void task_trouble(struct task *t, const char *path);
/* A line for standard output. */
void task_print(struct task *t, const char *name);

/*
 * Open the file of t.  If something else is to take its place, wait for its
 * last writer.  Returns 0, or -1 after a message.
 */
int task_open(struct task *t, struct source *s, bool replaced);
/* Remove the file of t, now that its result is on disk. */
void task_remove(struct task *t, const struct source *s);

/* The path without its suffix, for free(); NULL when we know no such suffix. */
char *unpacked_name(const char *path);

/* Bytes on their way to a file, or to standard output. */
struct stream {
	struct input *in;
	int out;		/* -1 for standard output */
	/* Where it begins in standard output, if that is a file; or -1. */
	off_t start;
	/* What errno is about; NULL when out_finish says it. */
	const char *failed;
	const char *in_name, *out_name;
	struct content content;	/* the data that was read */
	/* The data that was written; its CRC-32 with gz only. */
	struct content written;
};

/* A sink for gzip_writer.h and archive_writer.h; arg is a struct stream. */
int stream_write(void *arg, const void *p, size_t n);
/* Compress s->in, as job says.  Returns 0, or -1 after a message. */
int compress_stream(struct task *t, struct stream *s);

/* Unpack, list or test the archive of t. */
void open_archive(struct task *t);
/* Put all files into the archive of -a; total gets the status. */
void make_archive(struct operands *files);

#endif
