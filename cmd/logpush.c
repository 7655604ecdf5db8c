/*
 * logpush - deliver files and streams to where they are kept
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <sys/prctl.h>

#include "ec2.h"
#include "files.h"
#include "finish.h"
#include "headers.h"
#include "http.h"
#include "jobs.h"
#include "json.h"
#include "line.h"
#include "opt.h"
#include "out.h"
#include "progress.h"
#include "receipt.h"
#include "send.h"
#include "sender.h"
#include "sender_s3.h"
#include "spool.h"
#include "status.h"
#include "stream.h"
#include "units.h"

enum { JOBS = 4, DEADLINE_MS = 5 * 60 * 1000 };
enum {
	BATCH_LINES = 1000, BATCH_BYTES = 1 << 20, BATCH_MS = 1000,
	BATCH_BYTES_MAX = 64 << 20, LINE_MAX_MAX = 32 << 20,
	SPOOL_MIN = 64 << 10, SPOOL_MAX = 1 << 30, AUTH_MAX = 16 << 10,
};
enum {
	OPT_ABORT_STALE = OPT_LONG, OPT_ACL, OPT_ADDRESSING_STYLE,
	OPT_AUTH_FILE, OPT_BATCH_BYTES, OPT_BATCH_LINES, OPT_BATCH_TIME,
	OPT_CACERT, OPT_CERT, OPT_CONFIRM, OPT_CONNECT_TIMEOUT,
	OPT_CONTENT_TYPE, OPT_DCOPYLOGS, OPT_DEADLINE, OPT_DEAD_LETTER,
	OPT_ENDPOINT_URL, OPT_FRAMING, OPT_GZIP, OPT_GZIP_AS, OPT_IF_EXISTS,
	OPT_INSECURE_HTTP, OPT_INSTANCE, OPT_KEY, OPT_LIMIT_RATE,
	OPT_MAX_LINE, OPT_METADATA, OPT_MOVE_TO, OPT_PROFILE, OPT_RECEIPTS,
	OPT_REGION, OPT_RM, OPT_SPOOL, OPT_SPOOL_FULL, OPT_SPOOL_MAX, OPT_SSE,
	OPT_STALL_TIMEOUT, OPT_STATUS, OPT_STORAGE_CLASS, OPT_TAG,
	OPT_UNSIGNED_PAYLOAD,
};

static const struct cmd cmd = {
	.name = "logpush", .what = "deliver files and streams to where they are kept",
	.operands = "URL [file ...]",
	.opts = (const struct opt[]){
		OPT_FILES_FROM,
		OPT_NULL_LIST,
		{ OPT_RM, "rm", NULL, "remove each file once it is delivered" },
		{ OPT_MOVE_TO, "move-to", "dir", "move each delivered file there" },
		{ OPT_IF_EXISTS, "if-exists", "what", "when other contents are "
		    "there: suffix, refuse, overwrite" },
		{ OPT_INSTANCE, "instance", "id", "what {instance} stands for" },
		{ OPT_RECEIPTS, "receipts", "file", "append a JSON line for each "
		    "delivery" },
		{ OPT_DEADLINE, "deadline", "time", "give a file up after it "
		    "(5m)" },
		{ OPT_ENDPOINT_URL, "endpoint-url", "url", "the S3 store to talk "
		    "to" },
		{ OPT_REGION, "region", "name", "its region" },
		{ OPT_PROFILE, "profile", "name", "the profile in ~/.aws" },
		{ OPT_ADDRESSING_STYLE, "addressing-style", "style", "of S3 URLs: "
		    "auto, path, virtual" },
		{ OPT_DCOPYLOGS, "dcopylogs", NULL, "name and type S3 objects as "
		    "dcopylogs does" },
		{ OPT_ABORT_STALE, "abort-stale", "age", "abort S3 uploads that "
		    "were begun before" },
		{ OPT_STORAGE_CLASS, "storage-class", "class", "of S3 objects" },
		{ OPT_SSE, "sse", "how", "S3 encrypts: AES256, aws:kms, "
		    "aws:kms:key-id" },
		{ OPT_ACL, "acl", "name", "of S3 objects, such as private" },
		{ OPT_TAG, "tag", "key=value", "of S3 objects" },
		{ OPT_METADATA, "metadata", "key=value", "of S3 objects" },
		{ OPT_UNSIGNED_PAYLOAD, "unsigned-payload", NULL, "do not sign what "
		    "S3 objects hold" },
		{ 'H', "header", "line", "add a header; @file: those in file" },
		{ OPT_CONTENT_TYPE, "content-type", "type", "of all files" },
		{ OPT_GZIP_AS, "gzip-as", "what", "a .gz is a file, or an encoding "
		    "of text" },
		{ OPT_CACERT, "cacert", "file", "the certificates to trust" },
		{ OPT_CERT, "cert", "file", "our own certificate" },
		{ OPT_KEY, "key", "file", "its key" },
		{ OPT_LIMIT_RATE, "limit-rate", "size", "send at most so much in a "
		    "second" },
		{ OPT_CONNECT_TIMEOUT, "connect-timeout", "time", "for a connection "
		    "(10)" },
		{ OPT_STALL_TIMEOUT, "stall-timeout", "time", "without a byte "
		    "moving (30)" },
		{ OPT_INSECURE_HTTP, "insecure-http", NULL, "credentials may go "
		    "over http://" },
		{ OPT_BATCH_LINES, "batch-lines", "n", "lines of a stream in "
		    "one delivery (1000)" },
		{ OPT_BATCH_BYTES, "batch-bytes", "size", "bytes in one "
		    "delivery (1M)" },
		{ OPT_BATCH_TIME, "batch-time", "time", "a line waits for "
		    "others so long (1s)" },
		{ OPT_SPOOL, "spool", "dir", "keep a stream there until it is "
		    "delivered" },
		{ OPT_SPOOL_MAX, "spool-max", "size", "what the spool may take "
		    "(1G)" },
		{ OPT_SPOOL_FULL, "spool-full", "what", "then: block, drop "
		    "(the oldest)" },
		{ OPT_STATUS, "status", NULL, "print what the spool holds" },
		{ OPT_DEAD_LETTER, "dead-letter", "file", "append what the "
		    "receiver refuses" },
		{ OPT_CONFIRM, "confirm", NULL, "answer each line, for "
		    "rsyslog's omprog" },
		{ OPT_AUTH_FILE, "auth-file", "file", "it holds user:password, "
		    "ApiKey key or Bearer token" },
		{ OPT_GZIP, "gzip", NULL, "compress the bodies of requests" },
		{ OPT_FRAMING, "framing", "kind", "of syslog over TCP and TLS: "
		    "octet, lf" },
		{ OPT_MAX_LINE, "max-line", "size", "cut longer lines (1M)" },
		{ 'j', "jobs", "n", "deliver n files at a time (4); connections "
		    "of a stream (1)" },
		{ 'n', "dry-run", NULL, "print the URLs that there would be" },
		{ 'q', "quiet", NULL, "no summary" },
		{ 'v', "verbose", NULL, "say what went where" },
		{ 0 },
	},
};

static const struct destination {
	const char *scheme;
	const char *(*prepare)(struct send *s);
	int (*send)(struct send *s, struct parcel *p);
} destinations[] = {
	{ "file://", send_file_prepare, send_file },
	{ "http://", send_http_prepare, send_http },
	{ "https://", send_http_prepare, send_http },
	{ "s3://", send_s3_prepare, send_s3 },
};

struct push {
	struct send send;
	const struct destination *to;
	struct stream stream;
	struct sender_options drain;	/* where the stream goes */
	const char *auth_file, *dead_letter;
	bool print_status;
	const char *list, *move_to, *receipts;
	bool nul, rm, dry_run, quiet, verbose, dcopylogs;
	int64_t stale_ms;		/* abort older uploads, 0: none */
	int receipts_fd;
	struct buf tags;
	int status;
	uint64_t files, bytes;		/* delivered */
};

struct job {
	struct push *push;
	struct parcel parcel;
	char *path;
	int status;
};

/* In a thread of its own. */
static void
deliver(void *arg)
{
	struct job *job = arg;
	struct push *push = job->push;
	struct parcel *p = &job->parcel;

	job->status = parcel_open(p, job->path);
	if (job->status != STATUS_OK)
		return;
	if (push->dry_run) {
		buf_adds(&p->url, push->send.origin);
		if ((job->status = parcel_begin(p)) == STATUS_OK)
			job->status = send_place(&push->send, p, &p->url);
		return;
	}
	if (finish_asked()) {
		job->status = parcel_fail(p, STATUS_RETRY, "interrupted");
		return;
	}
	progress_expect((uint64_t)p->st.st_size);
	job->status = push->to->send(&push->send, p);
}

/* The receipt is on disk before the source goes. */
static int
take_receipt(struct push *push, struct parcel *p)
{
	struct receipt r = {
		.file = p->path, .url = buf_span(&p->url),
		.etag = buf_span(&p->etag), .size = (uint64_t)p->st.st_size,
		.sha256 = p->sha256,
	};

	if (push->receipts_fd < 0 || receipt_write(push->receipts_fd, &r) == 0)
		return STATUS_OK;
	return parcel_fail_errno(p, STATUS_TROUBLE, push->receipts);
}

static int
put_away(struct push *push, struct parcel *p)
{
	char *moved;
	int status;

	if (push->rm)
		return parcel_remove(p);
	if (push->move_to == NULL)
		return STATUS_OK;
	status = parcel_move(p, push->move_to, &moved);
	if (status == STATUS_OK) {
		out_add(moved, strlen(moved));
		out_addc(push->nul ? '\0' : '\n');
	}
	free(moved);
	return status;
}

/* What is left to do once job was tried. */
static void
settle(struct push *push, struct job *job)
{
	struct parcel *p = &job->parcel;
	int status = job->status;

	if (status == STATUS_OK && push->dry_run) {
		out_span(buf_span(&p->url));
		out_addc(push->nul ? '\0' : '\n');
		return;
	}
	if (status == STATUS_OK) {
		push->files++;
		push->bytes += (uint64_t)p->st.st_size;
		if (push->verbose)
			note("%s: %s %.*s", p->path, p->was_there ?
			    "is already at" : "delivered to",
			    (int)p->url.len, p->url.p);
		if ((status = take_receipt(push, p)) == STATUS_OK)
			status = put_away(push, p);
	}
	if (status != STATUS_OK)
		warnx("%s: %s", p->path, p->error);
	push->status = status_worse(push->status, status);
}

static void
take_one(struct push *push, struct jobs *jobs)
{
	struct job *job = jobs_take(jobs);

	settle(push, job);
	parcel_close(&job->parcel);
	free(job->path);
	free(job);
}

static void
put_one(struct push *push, struct jobs *jobs, const char *path)
{
	struct job *job;

	if ((job = calloc(1, sizeof *job)) == NULL ||
	    (job->path = strdup(path)) == NULL)
		die("%s", path);
	job->push = push;
	if (jobs_put(jobs, job) < 0)
		die("%s", path);
}

static void
put_all(struct push *push, struct jobs *jobs, struct files *files)
{
	const char *path;

	while (!finish_asked() && (path = files_next(files)) != NULL) {
		while (jobs_count(jobs) >= 2 * push->send.jobs)
			take_one(push, jobs);
		put_one(push, jobs, path);
		if (push->send.pool != NULL)
			http_load();	/* while the file is digested */
	}
}

/* There is a place for one file only: more are a slip, such as a lost "/". */
static void
put_lone(struct push *push, struct jobs *jobs, struct files *files)
{
	const char *path = files_next(files);
	char *lone;

	if (path == NULL)
		return;
	if ((lone = strdup(path)) == NULL)
		die("%s", path);
	if (files_next(files) != NULL)
		opt_misuse(&cmd, "several files, but one place: end the URL "
		    "in / or {name}");
	if (!finish_asked())
		put_one(push, jobs, lone);
	free(lone);
}

/* Put and take until there is none left. */
static void
push_each(struct push *push, char *const *operands)
{
	struct files *files;
	struct jobs *jobs;

	files = files_new(operands, push->list, push->nul, false);
	jobs = jobs_new(push->send.jobs, deliver);
	if (files == NULL || jobs == NULL)
		die("cannot start");
	if (place_varies(push->send.place.p))
		put_all(push, jobs, files);
	else
		put_lone(push, jobs, files);
	if (finish_asked())
		push->status = status_worse(push->status, STATUS_RETRY);
	while (jobs_count(jobs) > 0)
		take_one(push, jobs);
	if ((errno = files_error(files)) != 0) {
		warn("%s", push->list);
		push->status = STATUS_TROUBLE;
	}
	jobs_free(jobs);
	files_free(files);
}

static void
find_destination(struct push *push)
{
	const char *url = push->send.url;

	for (size_t i = 0; i < sizeof destinations / sizeof *destinations; i++)
		if (strncmp(url, destinations[i].scheme,
		    strlen(destinations[i].scheme)) == 0)
			push->to = &destinations[i];
	if (push->to == NULL)
		opt_misuse(&cmd, "%.*s: no such kind of destination",
		    (int)strcspn(url, ":"), url);
}

static void
choose_destination(struct push *push)
{
	const char *why;

	find_destination(push);
	if ((why = place_check(push->send.url)) == NULL)
		why = push->to->prepare(&push->send);
	if (why != NULL)
		opt_misuse(&cmd, "%s", why);
}

/* A file that grows by whole lines; -1 for none. */
static int
open_append(const char *path, mode_t mode)
{
	int fd;

	if (path == NULL)
		return -1;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
	    mode);
	if (fd < 0)
		die("%s", path);
	return fd;
}

static void
summary(const struct push *push, int64_t start_ms)
{
	if (push->quiet || push->dry_run || push->files == 0 ||
	    isatty(STDERR_FILENO))
		return;
	note("%llu %s, %.1f MB delivered in %.1f s",
	    (unsigned long long)push->files,
	    push->files == 1 ? "file" : "files", (double)push->bytes / 1e6,
	    (double)(units_now_ms() - start_ms) / 1e3);
}

/* A header that option asks for. */
static void
add_own(struct push *push, const char *option, const char *name,
    const char *value)
{
	if (headers_add(&push->send.headers, name, "%s", value) < 0)
		opt_misuse(&cmd, "--%s: not fit for a header", option);
}

/* "Name: value", which may end with a newline. */
static void
add_header_line(struct push *push, char *line)
{
	char *colon;

	line[strcspn(line, "\r\n")] = '\0';
	if (*line == '\0')
		return;
	colon = strchr(line, ':');
	if (colon == NULL || colon == line)
		opt_misuse(&cmd, "a header is \"Name: value\"");
	*colon = '\0';
	add_own(push, "header", line, colon + 1 + strspn(colon + 1, " \t"));
}

/* A header, or @file with one to a line: what is secret belongs in a file. */
static void
add_header(struct push *push, char *line)
{
	char *text = NULL;
	size_t cap = 0;
	FILE *f;

	if (*line != '@') {
		add_header_line(push, line);
		return;
	}
	if ((f = fopen(line + 1, "re")) == NULL)
		die("%s", line + 1);
	while (getline(&text, &cap, f) > 0)
		add_header_line(push, text);
	if (text != NULL)
		explicit_bzero(text, cap);
	free(text);
	fclose(f);
}

/* aws:kms:id names a key, too. */
static void
add_sse(struct push *push, const char *how)
{
	static const char name[] = "x-amz-server-side-encryption";
	static const char id[] = "x-amz-server-side-encryption-aws-kms-key-id";
	static const char kms[] = "aws:kms:";

	if (strncmp(how, kms, strlen(kms)) == 0) {
		add_own(push, "sse", name, "aws:kms");
		add_own(push, "sse", id, how + strlen(kms));
	} else {
		add_own(push, "sse", name, how);
	}
}

/* Tags are one header, in the form of a query. */
static void
add_tag(struct push *push, const char *tag)
{
	const char *equals = strchr(tag, '=');

	if (equals == NULL)
		opt_misuse(&cmd, "--tag: %s: not key=value", tag);
	if (push->tags.len > 0)
		buf_addc(&push->tags, '&');
	place_escape(&push->tags, span_of(tag, (size_t)(equals - tag)));
	buf_addc(&push->tags, '=');
	place_escape(&push->tags, span_str(equals + 1));
}

static void
add_metadata(struct push *push, char *data)
{
	static const char *const own[] = { "mtime", "sha256", "host" };
	char *equals = strchr(data, '='), name[256];

	if (equals == NULL || equals == data)
		opt_misuse(&cmd, "--metadata: %s: not key=value", data);
	if (snprintf(name, sizeof name, "x-amz-meta-%.*s",
	    (int)(equals - data), data) >= (int)sizeof name)
		opt_misuse(&cmd, "--metadata: %s: too long a key", data);
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strcasecmp(name + strlen("x-amz-meta-"), own[i]) == 0)
			opt_misuse(&cmd, "--metadata: %s is there already",
			    own[i]);
	add_own(push, "metadata", name, equals + 1);
}

/* The options of stores that speak HTTP; false: ch is none of them. */
static bool
http_option(struct push *push, int ch)
{
	static const char *const styles[] = {
		"auto", "path", "virtual", NULL,
	};
	static const char *const gzip[] = { "file", "encoding", NULL };
	struct send *s = &push->send;

	switch (ch) {
	case 'H': add_header(push, optarg); break;
	case OPT_ACL: add_own(push, "acl", "x-amz-acl", optarg); break;
	case OPT_ADDRESSING_STYLE:
		s->s3_options.style = (enum s3_style)opt_word(&cmd, styles);
		break;
	case OPT_CACERT: s->http.cacert = optarg; break;
	case OPT_CERT: s->http.cert = optarg; break;
	case OPT_CONNECT_TIMEOUT:
		s->http.connect_ms = opt_duration_ms(&cmd);
		break;
	case OPT_CONTENT_TYPE: s->content_type = optarg; break;
	case OPT_ENDPOINT_URL: s->s3_options.endpoint = optarg; break;
	case OPT_GZIP_AS: s->gzip_encoding = opt_word(&cmd, gzip) == 1; break;
	case OPT_INSECURE_HTTP: s->http.insecure = true; break;
	case OPT_KEY: s->http.key = optarg; break;
	case OPT_LIMIT_RATE:
		s->http.max_rate = opt_size(&cmd, 1, INT64_MAX);
		break;
	case OPT_METADATA: add_metadata(push, optarg); break;
	case OPT_PROFILE: s->s3_options.profile = optarg; break;
	case OPT_REGION: s->s3_options.region = optarg; break;
	case OPT_SSE: add_sse(push, optarg); break;
	case OPT_STALL_TIMEOUT: s->http.stall_ms = opt_duration_ms(&cmd); break;
	case OPT_STORAGE_CLASS:
		add_own(push, "storage-class", "x-amz-storage-class", optarg);
		break;
	case OPT_TAG: add_tag(push, optarg); break;
	case OPT_UNSIGNED_PAYLOAD: s->s3_options.unsigned_payload = true; break;
	default: return false;
	}
	return true;
}

/* The options of streams; false: ch is none of them. */
static bool
stream_option(struct push *push, int ch)
{
	static const char *const framings[] = { "octet", "lf", NULL };
	static const char *const when_full[] = { "block", "drop", NULL };
	struct stream *st = &push->stream;

	switch (ch) {
	case OPT_AUTH_FILE: push->auth_file = optarg; break;
	case OPT_BATCH_BYTES:
		st->batch_bytes = opt_size(&cmd, 1, BATCH_BYTES_MAX);
		break;
	case OPT_BATCH_LINES:
		st->batch_lines = opt_number(&cmd, 1, INT32_MAX);
		break;
	case OPT_BATCH_TIME: st->batch_ms = opt_duration_ms(&cmd); break;
	case OPT_CONFIRM: st->confirm = true; break;
	case OPT_DEAD_LETTER: push->dead_letter = optarg; break;
	case OPT_FRAMING:
		push->drain.framing = (enum framing)opt_word(&cmd, framings);
		break;
	case OPT_GZIP: push->drain.gzip = true; break;
	case OPT_MAX_LINE:
		st->max_line = opt_size(&cmd, 1, LINE_MAX_MAX);
		break;
	case OPT_SPOOL: st->spool = optarg; break;
	case OPT_SPOOL_FULL: st->drop = opt_word(&cmd, when_full) == 1; break;
	case OPT_SPOOL_MAX:
		st->spool_max = opt_size(&cmd, SPOOL_MIN, INT64_MAX);
		break;
	case OPT_STATUS: push->print_status = true; break;
	default: return false;
	}
	return true;
}

static void
option(struct push *push, int ch)
{
	static const char *const exists[] = {
		"suffix", "refuse", "overwrite", NULL,
	};
	struct send *s = &push->send;

	if (http_option(push, ch) || stream_option(push, ch))
		return;
	switch (ch) {
	case '0': push->nul = true; break;
	case 'T': push->list = optarg; break;
	case 'j': s->jobs = (unsigned)opt_number(&cmd, 1, 256); break;
	case 'n': push->dry_run = true; break;
	case 'q': push->quiet = true; break;
	case 'v': push->verbose = true; break;
	case OPT_ABORT_STALE: push->stale_ms = opt_duration_ms(&cmd); break;
	case OPT_DCOPYLOGS: push->dcopylogs = s->gzip_encoding = true; break;
	case OPT_DEADLINE: s->deadline_ms = opt_duration_ms(&cmd); break;
	case OPT_IF_EXISTS:
		s->if_exists = (enum if_exists)opt_word(&cmd, exists);
		break;
	case OPT_INSTANCE: s->common.instance = optarg; break;
	case OPT_MOVE_TO: push->move_to = optarg; break;
	case OPT_RECEIPTS: push->receipts = optarg; break;
	case OPT_RM: push->rm = true; break;
	}
}

/* The URL's key is a prefix then. */
static void
add_dcopylogs(struct send *s)
{
	const char *slash = s->url[strlen(s->url) - 1] == '/' ? "" : "/";
	char *url;

	if (asprintf(&url, "%s%s{dcopylogs}", s->url, slash) < 0)
		die("URL");
	free(s->url);
	s->url = url;
}

/* {instance} is what EC2 says, unless the user does. */
static void
find_instance(struct send *s)
{
	static struct buf id;
	char why[256];
	int r;

	if (s->common.instance != NULL || (!place_uses(s->url, "instance") &&
	    !place_uses(s->url, "dcopylogs")))
		return;
	r = ec2_metadata("instance-id", &id, why);
	if (r < 0)
		diex("instance: %s", why);
	if (r == 0)
		opt_misuse(&cmd, "no EC2 instance: name one with --instance");
	s->common.instance = buf_str(&id);
}

static void
sweep(struct push *push)
{
	int64_t before = (int64_t)time(NULL) - push->stale_ms / 1000;
	char why[320];
	unsigned count;
	int status;

	status = send_s3_sweep(&push->send, before, &count, why);
	if (count > 0 || push->verbose)
		note("%u stale %s aborted", count,
		    count == 1 ? "upload" : "uploads");
	if (status != STATUS_OK)
		warnx("%s: %s", push->send.url, why);
	push->status = status_worse(push->status, status);
}

/* A rate is for all connections together. */
static uint64_t
share(uint64_t rate, unsigned connections)
{
	return (rate + connections - 1) / connections;
}

/* Delivered files have to go somewhere: better learnt before. */
static void
check_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
		die("%s", dir);
	close(fd);
}

/* What the options mean together. */
static void
set_up(struct push *push)
{
	struct send *s = &push->send;

	if (push->rm && push->move_to != NULL)
		opt_misuse(&cmd, "--rm and --move-to exclude each other");
	if (push->move_to != NULL)
		check_folder(push->move_to);
	if (push->tags.len > 0)
		headers_add(&s->headers, "x-amz-tagging", "%s",
		    buf_str(&push->tags));
	if (s->jobs == 0)
		s->jobs = s->http.max_rate > 0 ? 1 : JOBS;
	s->http.max_rate = share(s->http.max_rate, s->jobs);
	if (push->dcopylogs)
		add_dcopylogs(s);
	choose_destination(push);
	if (push->stale_ms > 0 && s->s3 == NULL)
		opt_misuse(&cmd, "--abort-stale is for s3:// only");
	find_instance(s);
}

/* A copy of the URL; a password in it is hidden from ps(1) then. */
static char *
take_url(char *arg)
{
	char *url = strdup(arg), *host = strstr(arg, "://"), *at;

	if (url == NULL)
		die("URL");
	if (host != NULL && (at = strchr(host, '@')) != NULL &&
	    at < host + 3 + strcspn(host + 3, "/?#"))
		memset(host + 3, 'x', (size_t)(at - host - 3));
	return url;
}

static bool
is_s3(const char *url)
{
	return strncmp(url, "s3://", 5) == 0;
}

/* The first line of --auth-file, or the environment's. */
static const char *
read_auth(const char *path)
{
	static char auth[AUTH_MAX];
	ssize_t n;
	int fd;

	if (path == NULL)
		return getenv("LOGPUSH_AUTH");
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0 ||
	    (n = read(fd, auth, sizeof auth - 1)) < 0)
		die("%s", path);
	close(fd);
	auth[n] = '\0';
	auth[strcspn(auth, "\r\n")] = '\0';
	return auth;
}

/* http:// and s3:// take files as well; without any it is a stream, too. */
static bool
is_stream(const struct push *push, char *const *operands)
{
	bool files = push->list != NULL ||
	    (*operands != NULL && strcmp(*operands, "-") != 0);

	return push->stale_ms == 0 && (sender_takes(push->send.url, files) ||
	    (!files && is_s3(push->send.url)));
}

/* What a stream that is not for S3 goes to. */
static void
open_drain(struct push *push, struct stream *st)
{
	struct sender_options *o = &push->drain;
	const char *why;

	st->n_senders = push->send.jobs > 0 ? push->send.jobs : 1;

	o->host = push->send.common.host;
	o->endpoint = push->send.s3_options.endpoint;
	o->region = push->send.s3_options.region;
	o->headers = &push->send.headers;
	o->http = push->send.http;
	o->http.max_rate = share(o->http.max_rate, st->n_senders);
	o->auth = read_auth(push->auth_file);
	o->url = push->send.url;
	if ((st->senders = calloc(st->n_senders, sizeof *st->senders)) == NULL)
		die("cannot start");
	for (unsigned i = 0; i < st->n_senders; i++)
		if ((st->senders[i] = sender_open(o, &why)) == NULL)
			opt_misuse(&cmd, "%s", why);
}

/* One after the other: a batch must be found to be there already. */
static void
open_bucket(struct push *push, struct stream *st)
{
	set_up(push);
	st->n_senders = 1;
	if ((st->senders = calloc(1, sizeof *st->senders)) == NULL ||
	    (st->senders[0] = sender_s3_new(&push->send)) == NULL)
		die("cannot start");
}

static void
push_stream(struct push *push, char *const *operands)
{
	struct stream *st = &push->stream;
	struct buf plain = { 0 };
	struct files *files;
	struct span user;

	if (push->dry_run || push->rm || push->move_to != NULL)
		opt_misuse(&cmd, "--dry-run, --rm and --move-to are for files");
	st->host = push->send.common.host;
	sender_plain_url(&plain, push->send.url, &user);
	if ((st->url = buf_str(&plain)) == NULL)
		die("cannot start");
	st->deadline_ms = push->send.deadline_ms;
	push->send.http.until_done = true;
	if (is_s3(push->send.url))
		open_bucket(push, st);
	else
		open_drain(push, st);
	st->receipts = push->receipts_fd;
	st->dead_letter = open_append(push->dead_letter, 0600);
	st->tell = warnx;
	if ((files = files_new(operands, push->list, push->nul, true)) == NULL)
		die("cannot start");
	push->status = stream_push(st, files);
	files_free(files);
	for (unsigned i = 0; i < st->n_senders; i++)
		sender_free(st->senders[i]);
	free(st->senders);
	buf_free(&plain);
}

static void
print_status(const char *dir)
{
	struct buf b = { 0 };
	struct spool_state st;
	bool lossy = false;

	if (dir == NULL)
		opt_misuse(&cmd, "--status needs --spool");
	if (spool_look(dir, &st) < 0)
		die("%s", dir);
	buf_adds(&b, "{\"spool\":");
	json_add_string(&b, span_str(dir), &lossy);
	buf_printf(&b, ",\"records\":%llu,\"bytes\":%llu,\"segments\":%u,"
	    "\"sending\":%s}\n", (unsigned long long)st.records,
	    (unsigned long long)st.bytes, st.segments,
	    st.sending ? "true" : "false");
	out_span(buf_span(&b));
	buf_free(&b);
}

static void
push_files(struct push *push, char *const *operands)
{
	int64_t start_ms = units_now_ms();

	find_destination(push);
	if (*operands == NULL && push->list == NULL && push->stale_ms == 0)
		opt_misuse(&cmd, "no file given");
	if (push->send.deadline_ms < 0)
		push->send.deadline_ms = DEADLINE_MS;
	set_up(push);
	progress_on();
	push_each(push, operands);
	progress_end();
	if (push->stale_ms > 0 && !push->dry_run)
		sweep(push);
	summary(push, start_ms);
}

int
main(int argc, char *argv[])
{
	struct push push = {
		.send.deadline_ms = -1,		/* not given */
		.stream = { .batch_lines = BATCH_LINES,
		    .batch_bytes = BATCH_BYTES, .batch_ms = BATCH_MS,
		    .max_line = LINE_MAX_DEFAULT, .spool_max = SPOOL_MAX },
	};
	static char host[256];
	int ch;

	prctl(PR_SET_DUMPABLE, 0);	/* no secrets in core files */
	while ((ch = opt_next(&cmd, argc, argv)) != -1)
		option(&push, ch);
	argv += optind;
	if (push.print_status) {
		print_status(push.stream.spool);
		return out_finish(STATUS_OK);
	}
	if (*argv == NULL)
		opt_misuse(&cmd, "no URL given");
	push.send.url = take_url(*argv++);
	push.send.common.host = gethostname(host, sizeof host - 1) == 0 ? host :
	    "localhost";
	push.receipts_fd = open_append(push.dry_run ? NULL : push.receipts,
	    0666);
	signal(SIGPIPE, SIG_IGN);
	if (finish_on_signals() < 0)
		die("signals");

	if (is_stream(&push, argv))
		push_stream(&push, argv);
	else
		push_files(&push, argv);
	send_free(&push.send);
	buf_free(&push.tags);
	return out_finish(push.status);
}
