/*
 * logpush_files - files, delivered to a store
 */
#include "logpush.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "aws/aws_config.h"
#include "aws/ec2_metadata.h"
#include "base/message.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/stdout.h"
#include "base/termination.h"
#include "base/thread_pool.h"
#include "base/units.h"
#include "file/name_list.h"
#include "file/operands.h"
#include "file/path.h"
#include "net/http_headers.h"
#include "store/receipt.h"

enum { JOBS = 4, DEADLINE_MS = 5 * 60 * 1000 };

static const struct destination {
	const char *scheme;
	const char *(*prepare)(struct store *s);
	int (*send)(struct store *s, struct upload *p);
} destinations[] = {
	{ "file://", store_file_prepare, store_file },
	{ "http://", store_http_prepare, store_http },
	{ "https://", store_http_prepare, store_http },
	{ "s3://", store_s3_prepare, store_s3 },
};

struct job {
	struct push *push;
	struct upload upload;
	char *path;
	int status;
};

/* Deliver a file, in a thread of its own. */
static void
deliver(void *arg)
{
	struct job *job = arg;
	struct push *push = job->push;
	struct upload *p = &job->upload;

	job->status = upload_open(p, job->path);
	if (job->status != STATUS_OK)
		return;
	if (push->dry_run) {
		buf_adds(&p->url, push->store.url_prefix);
		if ((job->status = upload_begin(p)) == STATUS_OK)
			job->status = store_place(&push->store, p, &p->url);
		return;
	}
	if (termination_asked()) {
		job->status = upload_fail(p, STATUS_RETRY, "interrupted");
		return;
	}
	progress_expect((uint64_t)p->st.st_size);
	job->status = push->to->send(&push->store, p);
	progress_file();
}

/* Write the receipt, which is on disk before the source is removed. */
static int
take_receipt(struct push *push, struct upload *p)
{
	struct receipt r = {
		.file = p->path, .url = buf_span(&p->url),
		.etag = buf_span(&p->etag), .size = (uint64_t)p->st.st_size,
		.sha256 = p->sha256,
	};

	if (push->receipts_fd < 0 || receipt_write(push->receipts_fd, &r) == 0)
		return STATUS_OK;
	return upload_fail_errno(p, STATUS_TROUBLE, push->receipts);
}

/* Print a name; STATUS_NO and the reason in p when it cannot be in a list. */
static int
print_name(const struct push *push, struct upload *p, const char *name)
{
	struct buf list = { 0 };
	int status = STATUS_OK;

	if (!name_list_add(&list, name, push->nul ? '\0' : '\n'))
		status = upload_fail(p, STATUS_NO, "%s", NAME_LIST_NEWLINE);
	else if (list.failed)
		status = upload_fail_errno(p, STATUS_TROUBLE, name);
	else
		out_span(buf_span(&list));
	buf_free(&list);
	return status;
}

static int
put_away(struct push *push, struct upload *p)
{
	char *moved;
	int status;

	if (push->rm)
		return upload_remove(p);
	if (push->move_to == NULL)
		return STATUS_OK;
	status = upload_move(p, push->move_to, &moved);
	if (status == STATUS_OK)
		status = print_name(push, p, moved);
	free(moved);
	return status;
}

/* Do the rest of the work once a job was tried. */
static void
settle(struct push *push, struct job *job)
{
	struct upload *p = &job->upload;
	int status = job->status;

	if (status == STATUS_OK && push->dry_run) {
		status = buf_str(&p->url) == NULL ? STATUS_TROUBLE :
		    print_name(push, p, p->url.p);
	} else if (status == STATUS_OK) {
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
take_one(struct push *push, struct thread_pool *jobs)
{
	struct job *job = thread_pool_take(jobs);

	settle(push, job);
	upload_close(&job->upload);
	free(job->path);
	free(job);
}

static void
put_one(struct push *push, struct thread_pool *jobs, const char *path)
{
	struct job *job;

	if ((job = calloc(1, sizeof *job)) == NULL ||
	    (job->path = strdup(path)) == NULL)
		die("%s", path);
	job->push = push;
	if (thread_pool_put(jobs, job) < 0)
		die("%s", path);
}

static void
put_all(struct push *push, struct thread_pool *jobs, struct operands *files)
{
	const char *path;

	while (!termination_asked() && (path = operands_next(files)) != NULL) {
		while (thread_pool_count(jobs) >= 2 * push->store.jobs)
			take_one(push, jobs);
		put_one(push, jobs, path);
		if (push->store.pool != NULL)
			http_load();	/* while the file is digested */
	}
}

/*
 * Deliver the only file, when the URL names one file: more files are a slip,
 * such as a lost "/".
 */
static void
put_lone(struct push *push, struct thread_pool *jobs, struct operands *files)
{
	const char *path = operands_next(files);
	char *lone;

	if (path == NULL)
		return;
	if ((lone = strdup(path)) == NULL)
		die("%s", path);
	if (operands_next(files) != NULL)
		opt_misuse(&logpush_cmd, "several files, but one place: end the URL "
		    "in / or {name}");
	if (!termination_asked())
		put_one(push, jobs, lone);
	free(lone);
}

/* Give all files to the threads, and take the results. */
static void
push_each(struct push *push, char *const *operands)
{
	struct operands *files;
	struct thread_pool *jobs;

	files = operands_new(operands, push->list, push->nul, false);
	jobs = thread_pool_new(push->store.jobs, deliver);
	if (files == NULL || jobs == NULL)
		die("cannot start");
	if (name_template_varies(push->store.place.p))
		put_all(push, jobs, files);
	else
		put_lone(push, jobs, files);
	if (termination_asked())
		push->status = status_worse(push->status, STATUS_RETRY);
	while (thread_pool_count(jobs) > 0)
		take_one(push, jobs);
	if ((errno = operands_error(files)) != 0) {
		warn("%s", push->list);
		push->status = STATUS_TROUBLE;
	}
	thread_pool_free(jobs);
	operands_free(files);
}

static void
find_destination(struct push *push)
{
	const char *url = push->store.url;

	for (size_t i = 0; i < sizeof destinations / sizeof *destinations; i++)
		if (strncmp(url, destinations[i].scheme,
		    strlen(destinations[i].scheme)) == 0)
			push->to = &destinations[i];
	if (push->to == NULL && strstr(url, "://") == NULL)
		opt_misuse(&logpush_cmd,
		    "%s: no URL, which stands before the files", url);
	if (push->to == NULL)
		opt_misuse(&logpush_cmd, "%.*s: no such kind of destination",
		    (int)strcspn(url, ":"), url);
}

static void
choose_destination(struct push *push)
{
	const char *why;

	find_destination(push);
	if ((why = name_template_check(push->store.url)) == NULL)
		why = push->to->prepare(&push->store);
	if (why != NULL)
		opt_misuse(&logpush_cmd, "%s", why);
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

/* Append {dcopylogs} to the key of the URL, which is a prefix then. */
static void
add_dcopylogs(struct store *s)
{
	const char *slash = s->url[strlen(s->url) - 1] == '/' ? "" : "/";
	char *url;

	if (asprintf(&url, "%s%s{dcopylogs}", s->url, slash) < 0)
		die("URL");
	free(s->url);
	s->url = url;
}

/* Set {instance} to the id that EC2 gives, unless the user has set it. */
static void
find_instance(struct store *s)
{
	static struct buf id;
	struct creds_where where = {
		.profile = aws_config_profile(s->s3_options.profile),
	};
	char why[256];
	int r;

	if (s->common.instance != NULL ||
	    (!name_template_uses(s->url, "instance") &&
		!name_template_uses(s->url, "dcopylogs")))
		return;
	if (s->deadline_ms > 0)
		where.end_ms = units_now_ms() + s->deadline_ms;
	r = ec2_metadata(&where, "instance-id", &id, why);
	if (r < 0) {
		warnx("instance: %s", why);
		exit(STATUS_RETRY);
	}
	if (r == 0)
		opt_misuse(&logpush_cmd, "no EC2 instance: name one with --instance");
	s->common.instance = buf_str(&id);
}

static void
sweep(struct push *push)
{
	/* An age of 0 means all that were begun until now. */
	int64_t before = (int64_t)time(NULL) - push->stale_ms / 1000 +
	    (push->stale_ms == 0);
	char why[320];
	unsigned count;
	int status;

	status = store_s3_sweep(&push->store, before, &count, why);
	if (count > 0 || push->verbose)
		note("%u stale %s aborted", count,
		    count == 1 ? "upload" : "uploads");
	if (status != STATUS_OK)
		warnx("%s: %s", push->store.url, why);
	push->status = status_worse(push->status, status);
}

uint64_t
share_of_rate(uint64_t rate, unsigned connections)
{
	return (rate + connections - 1) / connections;
}

/*
 * Check the folder that delivered files are moved to, before anything is
 * delivered.
 */
static void
check_folder(const char *dir)
{
	int fd = path_folder(dir);

	if (fd < 0 || faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
		die("%s", dir);
	close(fd);
}

/* What the options mean together. */
void
set_up_store(struct push *push)
{
	struct store *s = &push->store;

	if (push->rm && push->move_to != NULL)
		opt_misuse(&logpush_cmd, "--rm and --move-to exclude each other");
	if (push->move_to != NULL)
		check_folder(push->move_to);
	if (push->tags.len > 0)
		headers_add(&s->headers, "x-amz-tagging", "%s",
		    buf_str(&push->tags));
	if (s->jobs == 0)
		s->jobs = s->http.max_rate > 0 ? 1 : JOBS;
	s->http.max_rate = share_of_rate(s->http.max_rate, s->jobs);
	if (push->dcopylogs)
		add_dcopylogs(s);
	choose_destination(push);
	if (push->stale_ms >= 0 && s->s3 == NULL)
		opt_misuse(&logpush_cmd, "--abort-stale is for s3:// only");
	find_instance(s);
}

void
push_files(struct push *push, char *const *operands)
{
	int64_t start_ms = units_now_ms();

	find_destination(push);
	if (*operands == NULL && push->list == NULL && push->stale_ms < 0)
		opt_misuse(&logpush_cmd, "no file given");
	if (push->store.deadline_ms < 0)
		push->store.deadline_ms = DEADLINE_MS;
	set_up_store(push);
	progress_on(true);
	push_each(push, operands);
	progress_end();
	if (push->stale_ms >= 0 && !push->dry_run)
		sweep(push);
	summary(push, start_ms);
}
