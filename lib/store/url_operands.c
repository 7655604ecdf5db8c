#include "store/url_operands.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>
#include <sys/stat.h>

#include "aws/s3_list.h"
#include "base/progress.h"
#include "base/thread_pool.h"
#include "base/termination.h"
#include "base/timed_wait.h"
#include "base/units.h"
#include "net/http_headers.h"
#include "net/url.h"
#include "rotate/name_time.h"

enum {
	HOLD_MAX = 64 << 20,	/* an object up to this size is held whole */
	CHANGE_GRACE_S = 3600,	/* for clocks that differ */
	LOOK_MS = 100,			/* how often to look for a signal */
	LISTED_MAX = 2048,	/* two pages of a list: some MB */
};

struct bucket {
	char *name;
	struct s3 *s3;		/* NULL: see why */
	const char *why;
	struct bucket *next;
};

struct stats {
	uint64_t operands;	/* objects and files */
	uint64_t by_name, by_change;	/* how many of them were passed over */
	uint64_t bytes;		/* how many bytes were listed */
};

struct url_operands {
	struct operands *files;
	struct url_options o;
	struct kafka_reader_options kafka;
	struct bucket *buckets;
	struct fetcher fetcher;
	struct thread_pool *pool;	/* NULL before the first URL */
	pthread_t lister;	/* it reads files, and puts them in the pool */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t queued;		/* put in the pool, and not yet taken */
	bool listed, stopping;
	uint64_t put, taken;
	char *ca_bundle;	/* from the settings of AWS, or NULL */
	char *first;		/* the name that the lister begins with */
	const struct bucket *bucket;	/* while it is listed */
	bool found;
	int error;
	struct stats stats;
	int64_t start_ms;
};

struct url_operands *
url_operands_new(struct operands *files, const struct url_options *o)
{
	struct url_operands *u;

	if ((u = calloc(1, sizeof *u)) == NULL)
		return NULL;
	u->files = files;
	u->o = *o;
	u->start_ms = units_now_ms();
	u->o.http.stall_ms = u->o.http.connect_ms = u->o.deadline_ms;
	u->o.s3.http = &u->o.http;
	u->fetcher.http = &u->o.http;
	u->fetcher.deadline_ms = u->o.deadline_ms;
	u->fetcher.hold_max = HOLD_MAX;
	u->kafka = (struct kafka_reader_options){
		.config = o->kafka_config, .tail = o->kafka_tail,
		.deadline_ms = o->deadline_ms,
		.since_ms = !o->has_since ? -1 : o->since > CHANGE_GRACE_S ?
		    (o->since - CHANGE_GRACE_S) * 1000 : 0,
	};
	u->fetcher.wanted = o->wanted;
	pthread_mutex_init(&u->lock, NULL);
	timed_wait_init(&u->changed);
	return u;
}

/* Whether no more operands are wanted. */
static bool
is_stopping(struct url_operands *u)
{
	bool stopping;

	pthread_mutex_lock(&u->lock);
	stopping = u->stopping;
	pthread_mutex_unlock(&u->lock);
	return stopping || termination_asked();
}

/* Returns the bucket that an s3:// URL without its scheme begins with. */
static struct bucket *
find_bucket(struct url_operands *u, const char *url)
{
	size_t n = strcspn(url, "/");
	struct bucket *b;

	for (b = u->buckets; b != NULL; b = b->next)
		if (span_eq(span_str(b->name), span_of(url, n)))
			return b;
	if ((b = calloc(1, sizeof *b)) == NULL ||
	    (b->name = strndup(url, n)) == NULL) {
		free(b);
		return NULL;
	}
	b->s3 = s3_new(url, &u->o.s3, &b->why);
	b->next = u->buckets;
	u->buckets = b;
	return b;
}

static void
work(void *arg)
{
	struct operand *o = arg;

	if (o->fetch != NULL && !o->passed_over && o->fetch->reason[0] == '\0')
		fetch_hold(o->fetch);
}

/*
 * Whether an operand holds nothing of the times that are wanted; changed is the
 * time of its last change, -1 when that is not known.
 */
static bool
is_too_old(struct url_operands *u, const char *path, int64_t changed)
{
	u->stats.operands++;
	if (!u->o.has_since)
		return false;
	if (name_time_last(path) < u->o.since) {
		u->stats.by_name++;
		return true;
	}
	if (changed < 0 || changed >= u->o.since - CHANGE_GRACE_S)
		return false;
	u->stats.by_change++;
	return true;
}

/* Make an operand for what is at a URL. */
static struct operand *
operand_new(struct url_operands *u, const char *place)
{
	struct operand *o = calloc(1, sizeof *o);

	if (o == NULL || (o->fetch = calloc(1, sizeof *o->fetch)) == NULL ||
	    (o->place = strdup(place)) == NULL) {
		operand_free(o);
		return NULL;
	}
	o->fetch->fetcher = &u->fetcher;
	o->fetch->key = o->fetch->url = o->place;
	o->fetch->size = o->fetch->changed = -1;
	o->fetch->fd = -1;
	return o;
}

/* Put an operand in the queue, when there is room for it. */
static void
enqueue(struct url_operands *u, struct operand *o)
{
	bool stopping;

	pthread_mutex_lock(&u->lock);
	while (u->queued >= LISTED_MAX && !u->stopping)
		pthread_cond_wait(&u->changed, &u->lock);
	stopping = u->stopping;
	pthread_mutex_unlock(&u->lock);
	if (o == NULL || o->name == NULL) {
		operand_free(o);
		o = NULL;
	}
	if (o != NULL && o->fetch != NULL)
		o->fetch->turn = u->put;
	if (stopping || o == NULL || thread_pool_put(u->pool, o) < 0) {
		operand_free(o);
		if (!stopping)
			u->error = ENOMEM;
		return;
	}
	u->put++;
	pthread_mutex_lock(&u->lock);
	u->queued++;
	pthread_cond_broadcast(&u->changed);
	pthread_mutex_unlock(&u->lock);
}

static void
name_object(struct operand *o, const struct bucket *b)
{
	if (asprintf(&o->name, "s3://%s/%s", b->name, o->place) < 0)
		o->name = NULL;
}

static void
add_key(struct url_operands *u, struct bucket *b, const char *key)
{
	bool old = is_too_old(u, key, -1);
	struct operand *o;

	if (old && !u->o.tell_passed)
		return;
	if ((o = operand_new(u, key)) != NULL) {
		o->fetch->s3 = b->s3;
		o->passed_over = old;
		name_object(o, b);
	}
	enqueue(u, o);
}

/* Returns a URL as people may see it: without a password or a signed query. */
static char *
shown(const char *url)
{
	struct buf all = { 0 }, out = { 0 };
	char *base = strndup(url, strcspn(url, "?#"));

	url_redact(&all, url);
	if (base != NULL)
		url_redact(&out, base);
	free(base);
	/* A query is shown only if there is nothing to hide in it. */
	if (buf_str(&all) != NULL && strcmp(all.p + strcspn(all.p, "?#"),
	    url + strcspn(url, "?#")) == 0) {
		buf_free(&out);
		return all.p;
	}
	buf_free(&all);
	if (buf_str(&out) == NULL)
		buf_free(&out);
	return out.p;
}

/* Add what stands for a URL at which nothing can be fetched. */
static void
add_failure(struct url_operands *u, const char *url, const char *why)
{
	struct operand *o = operand_new(u, url);

	if (o != NULL) {
		snprintf(o->fetch->reason, sizeof o->fetch->reason, "%s", why);
		o->name = shown(url);
	}
	enqueue(u, o);
}

static bool
visit(void *arg, const struct s3_object *object)
{
	struct url_operands *u = arg;
	struct operand *o;
	bool old;

	u->found = true;
	u->stats.bytes += (uint64_t)object->size;
	old = is_too_old(u, object->key, object->changed);
	if (old && !u->o.tell_passed)
		return !termination_asked();
	if ((o = operand_new(u, object->key)) != NULL) {
		o->passed_over = old;
		o->fetch->s3 = u->bucket->s3;
		o->fetch->size = object->size;
		if (!old)
			progress_expect((uint64_t)object->size);
		o->fetch->changed = object->changed;
		snprintf(o->fetch->etag, sizeof o->fetch->etag, "%s",
		    object->etag);
		name_object(o, u->bucket);
	}
	enqueue(u, o);
	return !is_stopping(u);
}

/* Add all objects of a bucket that the URL stands for. */
static void
add_many(struct url_operands *u, struct bucket *b, const char *url)
{
	const char *key = url_key(url_after_s3(url));
	struct http *h = http_pool_take(u->fetcher.pool);
	enum s3_verdict v = S3_NO;
	struct retry retry;
	char reason[320] = "out of memory";
	uint64_t requests = 0;

	u->bucket = b;
	u->found = false;
	retry_begin(&retry, u->o.deadline_ms);
	if (h != NULL)
		v = s3_list_each(b->s3, h, &retry, key, visit, u, reason,
		    &requests);
	__atomic_add_fetch(&u->fetcher.requests, requests, __ATOMIC_RELAXED);
	http_pool_give(u->fetcher.pool, h);
	if (v != S3_DONE)
		add_failure(u, url, termination_asked() ? "interrupted" :
		    reason);
	else if (!u->found && s3_is_pattern(key))
		add_key(u, b, key);
	else if (!u->found)
		add_failure(u, url, "there is no object below");
}

static void
add_web(struct url_operands *u, const char *url)
{
	struct buf plain = { 0 }, basic = { 0 };
	struct operand *o = operand_new(u, url);
	const char *why = NULL;
	bool old = is_too_old(u, url, -1);
	int r = url_split_user(url, &plain, &basic);

	if (r < 0)
		why = errno == EINVAL ? "not a URL" : strerror(errno);
	else if (r == 0 && strncasecmp(url, "http://", 7) == 0 &&
	    !url_is_loopback(url) && !u->o.http.insecure)
		why = URL_SECRETS_STAY;
	if (o != NULL) {
		o->passed_over = old;
		o->name = shown(url);
		if (why != NULL)
			snprintf(o->fetch->reason, sizeof o->fetch->reason,
			    "%s", why);
	}
	if (o != NULL && why == NULL && r == 0 && buf_str(&basic) != NULL) {
		free(o->place);
		o->fetch->url = o->place = plain.p;
		o->fetch->authorization = o->authorization = basic.p;
		plain.p = basic.p = NULL;
	}
	buf_free(&plain);
	buf_free(&basic);
	enqueue(u, o);
}

static void
add_topics(struct url_operands *u, const char *url)
{
	struct operand *o = operand_new(u, url);

	u->stats.operands++;
	if (o != NULL) {
		o->fetch->kafka = &u->kafka;
		o->name = shown(url);
	}
	enqueue(u, o);
}

/* Add what a URL stands for; literally means that it is one object. */
static void
add_url(struct url_operands *u, const char *url, bool literally)
{
	const char *rest = url_after_s3(url);
	struct bucket *b;

	if (kafka_is_url(url)) {
		add_topics(u, url);
		return;
	}
	if (rest == NULL) {
		add_web(u, url);
		return;
	}
	b = find_bucket(u, rest);
	if (b == NULL || b->s3 == NULL)
		add_failure(u, url, b != NULL ? b->why : "out of memory");
	else if (!literally && url_is_many(url))
		add_many(u, b, url);
	else
		add_key(u, b, url_key(rest));
}

/* Whether a file is too old; what is no regular file never is. */
static bool
is_old_file(struct url_operands *u, const char *name)
{
	struct stat st;

	if (!u->o.has_since || strcmp(name, "-") == 0 || stat(name, &st) < 0 ||
	    !S_ISREG(st.st_mode)) {
		u->stats.operands++;
		return false;
	}
	return is_too_old(u, name, st.st_mtime);
}

static struct operand *
file_operand(const char *name, bool old)
{
	struct operand *o = calloc(1, sizeof *o);

	if (o != NULL && (o->name = strdup(name)) == NULL) {
		free(o);
		return NULL;
	}
	if (o != NULL)
		o->passed_over = old;
	return o;
}

/* Take a name from the list.  Only here may the thread be cancelled. */
static const char *
next_name(struct url_operands *u)
{
	const char *name;
	int ignored;

	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &ignored);
	name = operands_next(u->files);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &ignored);
	return name;
}

/* The thread that puts all operands in the queue. */
static void *
list(void *arg)
{
	struct url_operands *u = arg;
	const char *name = u->first;
	bool old;
	int ignored;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &ignored);
	for (; name != NULL && !is_stopping(u); name = next_name(u))
		if (url_is_operand(name))
			add_url(u, name, operands_is_listed(u->files));
		else if (!(old = is_old_file(u, name)) || u->o.tell_passed)
			enqueue(u, file_operand(name, old));
	pthread_mutex_lock(&u->lock);
	u->listed = true;
	pthread_cond_broadcast(&u->changed);
	pthread_mutex_unlock(&u->lock);
	return NULL;
}

/* Go on in threads, as there is a first URL.  Returns 0, or -1 with errno. */
static int
begin_threads(struct url_operands *u, const char *name)
{
	struct thread_pool *pool;
	sigset_t all, old;
	int r;

	if (u->o.http.cacert == NULL)
		u->o.http.cacert = u->ca_bundle =
		    s3_ca_bundle(u->o.s3.profile);
	if (fetcher_begin(&u->fetcher) < 0 ||
	    (u->first = strdup(name)) == NULL ||
	    (pool = thread_pool_new(u->o.connections, work)) == NULL)
		return -1;
	pthread_mutex_lock(&u->lock);
	u->pool = pool;
	pthread_mutex_unlock(&u->lock);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&u->lister, NULL, list, u);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r == 0)
		return 0;
	thread_pool_free(u->pool);
	u->pool = NULL;
	errno = r;
	return -1;
}

/* Wait until the queue is not empty.  Returns false at the end. */
static bool
wait_for_operand(struct url_operands *u)
{
	bool got;

	pthread_mutex_lock(&u->lock);
	while (u->queued == 0 && !u->listed && !u->stopping &&
	    !termination_asked())
		timed_wait(&u->changed, &u->lock, units_now_ms() + LOOK_MS);
	got = u->queued > 0 && !u->stopping;
	pthread_mutex_unlock(&u->lock);
	return got;
}

/* Take an operand from the queue, in the order in which they were put there. */
static struct operand *
take_operand(struct url_operands *u)
{
	struct operand *o;

	if (input_idle != NULL)
		input_idle();
	if (termination_asked() || !wait_for_operand(u)) {
		if (termination_asked() && !u->kafka.tail)
			u->error = EINTR;
		return NULL;
	}
	fetcher_wait_for(&u->fetcher, u->taken++);
	o = thread_pool_take(u->pool);
	pthread_mutex_lock(&u->lock);
	u->queued--;
	pthread_cond_broadcast(&u->changed);
	pthread_mutex_unlock(&u->lock);
	return o;
}

struct operand *
url_operands_next(struct url_operands *u)
{
	const char *name;
	struct operand *o;
	bool old;

	if (u->pool != NULL)
		return take_operand(u);
	do
		if (u->error != 0 || (name = operands_next(u->files)) == NULL)
			return NULL;
	while ((old = !url_is_operand(name) && is_old_file(u, name)) &&
	    !u->o.tell_passed);
	if (url_is_operand(name)) {
		if (begin_threads(u, name) == 0)
			return take_operand(u);
		u->error = errno;
		return NULL;
	}
	if ((o = file_operand(name, old)) == NULL)
		u->error = ENOMEM;
	return o;
}

int
url_operands_error(const struct url_operands *u)
{
	return u->error != 0 ? u->error : operands_error(u->files);
}

/* Say what was listed and fetched, once no thread does that any more. */
static void
print_stats(const struct url_operands *u)
{
	const struct stats *s = &u->stats;
	const struct fetcher *r = &u->fetcher;

	note("files and objects: %llu, passed over by name: %llu, by time of "
	    "change: %llu, by index: %llu; bytes fetched: %llu of %llu; requests: %llu; "
	    "seconds: %.2f", (unsigned long long)s->operands,
	    (unsigned long long)s->by_name, (unsigned long long)s->by_change,
	    (unsigned long long)r->by_index,
	    (unsigned long long)r->bytes,
	    (unsigned long long)(s->bytes + r->unlisted),
	    (unsigned long long)r->requests,
	    (double)(units_now_ms() - u->start_ms) / 1e3);
}

void
url_operands_stop(struct url_operands *u)
{
	bool fetching;

	pthread_mutex_lock(&u->lock);
	u->stopping = true;
	fetching = u->pool != NULL;
	pthread_cond_broadcast(&u->changed);
	pthread_mutex_unlock(&u->lock);
	if (fetching)
		fetcher_stop(&u->fetcher);
}

void
url_operands_free(struct url_operands *u)
{
	struct operand *o;
	struct bucket *b;

	if (u == NULL)
		return;
	url_operands_stop(u);
	if (u->pool != NULL) {
		pthread_cancel(u->lister);
		pthread_join(u->lister, NULL);
		while ((o = thread_pool_take(u->pool)) != NULL)
			operand_free(o);
		thread_pool_free(u->pool);
		fetcher_end(&u->fetcher);
	}
	if (u->o.stats)
		print_stats(u);
	while ((b = u->buckets) != NULL) {
		u->buckets = b->next;
		s3_free(b->s3);
		free(b->name);
		free(b);
	}
	free(u->ca_bundle);
	free(u->first);
	free(u);
}

struct input *
operand_open(struct operand *o, const char **why)
{
	struct fetch *f = o->fetch;
	struct input *in;

	*why = NULL;
	if (f == NULL)
		return input_open(o->name);
	*why = f->reason;
	if (f->reason[0] != '\0')
		return NULL;
	if (f->large && fetch_pipe(f) < 0) {
		*why = NULL;
		return NULL;
	}
	if ((in = input_new(f->fd)) == NULL) {
		*why = NULL;
		return NULL;
	}
	f->fd = -1;
	/* What was listed is expected since then. */
	if (f->size >= 0 && S_ISREG(input_stat(in)->st_mode))
		progress_expect(-(uint64_t)input_stat(in)->st_size);
	return in;
}

const char *
operand_hint(const char *name, int error)
{
	if (error == EISDIR)
		return " (name its files, as in DIR/*)";
	if (error == ENOENT && strncmp(name, "file://", 7) == 0)
		return " (only logpush takes file://: give the path alone)";
	return "";
}

const char *
operand_end(struct operand *o)
{
	if (o->fetch == NULL)
		return NULL;
	fetch_end(o->fetch);
	progress_file();
	return o->fetch->reason[0] != '\0' ? o->fetch->reason : NULL;
}

uint64_t
operand_size(const struct operand *o)
{
	struct stat st;

	if (o->passed_over)
		return 0;
	if (o->fetch == NULL)
		return strcmp(o->name, "-") != 0 && stat(o->name, &st) == 0 &&
		    S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	return o->fetch->size > 0 ? (uint64_t)o->fetch->size : 0;
}

void
operand_free(struct operand *o)
{
	if (o == NULL)
		return;
	if (o->fetch != NULL) {
		if (o->fetch->fd >= 0)
			close(o->fetch->fd);
		if (o->fetch->fetcher != NULL)
			fetch_end(o->fetch);
		free(o->fetch);
	}
	if (o->authorization != NULL)
		explicit_bzero(o->authorization, strlen(o->authorization));
	free(o->authorization);
	free(o->place);
	free(o->name);
	free(o);
}
