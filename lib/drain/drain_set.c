#include "drain/drain_set.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/status.h"
#include "base/termination.h"
#include "base/units.h"
#include "drain/drain_entry.h"
#include "drain/drain_status.h"
#include "file/path.h"
#include "stream/spool_folder.h"

enum {
	FLUSH_MS = 100, SCAN_MS = 250, STATUS_MS = 1000,
	STATUS_EACH = 4,	/* are written in one tick */
	ANSWER_MS = 500,	/* for a file system that may hang */
	LONGEST_PART = 4, /* a line may take one part in so many of a spool */
};

struct drain_set {
	const struct drain_set_options *o;
	struct drain_pool *pool;
	struct file_watch *watch;
	int dir;

	/*
	 * Of what the thread that puts lines uses; who wants the lock takes
	 * the gate first, so that it comes to everybody in turn.
	 */
	pthread_mutex_t gate, lock;
	struct condition_index *index;
	struct drain *dirty;
	bool broken;		/* a spool was, and lines are lost */
	atomic_bool needs_record;

	/* The other thread's. */
	struct drain_entry **entry;	/* sorted by id */
	size_t n;
	size_t n_retired;	/* drains that still have a turn */
	int64_t flushed_ms, scanned_ms, told_ms;
	size_t next_status;	/* the entry that is told next */
	int told;		/* the errno of the folder that was told */
	int status;
};

static void
enter(struct drain_set *ds)
{
	pthread_mutex_lock(&ds->gate);
	pthread_mutex_lock(&ds->lock);
	pthread_mutex_unlock(&ds->gate);
}

static void
leave(struct drain_set *ds)
{
	pthread_mutex_unlock(&ds->lock);
}

static void
tell(struct drain_set *ds, const char *id, const char *what)
{
	ds->o->stream.tell("%s/%s: %s", ds->o->dir, id, what);
}

/* --- lines --- */

bool
drain_set_needs_record(struct drain_set *ds)
{
	return atomic_load(&ds->needs_record);
}

struct putting {
	struct drain_set *ds;
	const struct frame *f;
};

/* Say once that a spool cannot be written. */
static void
lose(struct drain_set *ds, struct drain *d)
{
	const char *why = queue_error(d->queue);

	if (!d->broken)
		ds->o->stream.tell("%s: %s", d->stream.spool,
		    why != NULL ? why : strerror(ENOSPC));
	d->broken = ds->broken = true;
}

static void
put(void *arg, void *what)
{
	struct putting *p = arg;
	struct drain *d = what;
	struct frame f = *p->f;
	struct span all = f.data;
	uint64_t most = d->settings->max / LONGEST_PART;

	/* What is too long for the drain's spool goes in pieces. */
	for (size_t at = 0; at < all.len; at += most, f.position += most) {
		f.data = span_of(all.p + at,
		    all.len - at < most ? all.len - at : most);
		if (queue_put(d->queue, &f) < 0)
			lose(p->ds, d);
	}
	d->fresh += p->f->data.len + 1;
	if (d->dirty)
		return;
	d->dirty = true;
	d->next_dirty = p->ds->dirty;
	p->ds->dirty = d;
}

bool
drain_set_put(struct drain_set *ds, struct record *r, bool scanned,
    const struct frame *f)
{
	struct putting p = { .ds = ds, .f = f };
	bool can;

	enter(ds);
	can = scanned || condition_index_is_trivial(ds->index);
	if (can)
		condition_index_find(ds->index, r, put, &p);
	leave(ds);
	return can;
}

void
drain_set_lose(struct drain_set *ds)
{
	enter(ds);
	ds->broken = true;
	leave(ds);
}

/* The caller has the lock. */
static void
flush_all(struct drain_set *ds)
{
	struct drain *d, *failed = NULL;

	while ((d = ds->dirty) != NULL) {
		ds->dirty = d->next_dirty;
		if ((d->dirty = queue_flush(d->queue) < 0)) {
			lose(ds, d);	/* what it keeps is tried again */
			d->next_dirty = failed;
			failed = d;
		}
		drain_pool_flushed(ds->pool, d, d->fresh);
		d->fresh = 0;
	}
	ds->dirty = failed;
}

/* Lines must not wait for what else there is to do. */
static void
flush_if_due(struct drain_set *ds)
{
	int64_t now = units_now_ms();

	if (now - ds->flushed_ms < FLUSH_MS)
		return;
	enter(ds);
	flush_all(ds);
	leave(ds);
	ds->flushed_ms = now;
}

/* --- drains that come and go --- */

static int
route(struct drain_set *ds, struct drain_entry *e)
{
	if (e->routed)
		return 0;
	if (condition_index_add(ds->index, e->drain->conditions) < 0)
		return -1;
	e->routed = true;
	atomic_store(&ds->needs_record, !condition_index_is_trivial(ds->index));
	return 0;
}

static void
unroute(struct drain_set *ds, struct drain_entry *e)
{
	struct drain **p = &ds->dirty;

	flush_all(ds);
	while (*p != NULL && *p != e->drain)
		p = &(*p)->next_dirty;
	if (*p != NULL)		/* it may be freed */
		*p = e->drain->next_dirty;
	if (e->routed)
		condition_index_remove(ds->index, e->drain->conditions);
	e->routed = false;
	atomic_store(&ds->needs_record, !condition_index_is_trivial(ds->index));
}

/*
 * Have lines go to the drain in place of the one that it replaces, if any.
 * Returns -1 after a message, and the drain is freed.
 */
static int
replace(struct drain_set *ds, struct drain_entry *e, struct drain *d)
{
	struct drain_entry old = *e;
	bool failed;

	e->drain = d;
	e->is_told = false;
	e->expired = drain_settings_expired(d->settings);
	e->routed = false;
	enter(ds);
	failed = !e->expired && route(ds, e) < 0;
	if (!failed && old.drain != NULL) {
		unroute(ds, &old);
		/* Both write to the same spool. */
		d->next = queue_next(old.drain->queue);
	}
	leave(ds);
	if (failed) {
		tell(ds, e->id, strerror(ENOMEM));
		e->drain = old.drain;
		e->routed = old.routed;
		drain_free(d);
		return -1;
	}
	if (old.drain != NULL)
		drain_pool_retire(ds->pool, old.drain);
	return 0;
}

static int
take(struct drain_set *ds, struct drain_entry *e, struct drain *d)
{
	if (d->settings->doubt.len > 0)
		tell(ds, e->id, d->settings->doubt.p);
	drain_status_write_fault(ds->dir, e->id, NULL, 0);
	return replace(ds, e, d);
}

/* Tell why the file is not taken, now and in the table. */
static void
complain(struct drain_set *ds, struct drain_entry *e, const char *why)
{
	tell(ds, e->id, why);
	drain_status_write_fault(ds->dir, e->id, why, e->seen.own.st_mode);
}

/*
 * How the files are that the drain's text names; -1 with errno.  At first there
 * is nothing to be done but to wait for them, as lines must not pass by.
 */
static int
look_at_named(struct drain_set *ds, struct drain_entry *e, struct span text,
    struct stat st[DRAIN_NAMED], bool first)
{
	bool told = false;

	if (drain_entry_name(e, ds->watch, text) < 0)
		return -1;
	while (!drain_entry_look(e, ds->watch, st, ANSWER_MS)) {
		if (!first || termination_asked()) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (!told)
			tell(ds, e->id, "waits for auth_file or cacert: a file "
			    "system does not answer");
		told = true;
		poll(NULL, 0, ANSWER_MS);
	}
	return 0;
}

/*
 * Read the file.  When it is broken, the drain stays as it was; when the system
 * is to blame, it is read again later, without another message.
 */
static void
load(struct drain_set *ds, struct drain_entry *e, bool first)
{
	bool told = e->again && drain_folder_is_same(&e->seen, &e->loaded);
	bool ours = false;	/* to do: the file is not wrong */
	struct buf text = { 0 }, error = { 0 };
	struct drain_settings *s = NULL;
	struct drain *d = NULL;
	struct drain_look look = e->seen;

	e->again = true;
	errno = 0;
	if (drain_folder_read(ds->dir, e->id, &look.own, &text, &error) < 0) {
		ours = limits_reached(errno);
	} else if (look_at_named(ds, e, buf_span(&text), look.named,
	    first) < 0) {
		/* One that is new later gets its lines from when it is taken. */
		ours = first || errno != ETIMEDOUT;
		buf_adds(&error, errno == ETIMEDOUT ?
		    "auth_file or cacert: a file system does not answer" :
		    strerror(errno));
	} else {
		s = drain_settings_new(buf_span(&text), &ds->o->receiver,
		    ds->o->stream.spool_max, &error);
		e->again = ours = s != NULL || limits_reached(errno);
	}
	e->seen = e->loaded = look;
	if (s != NULL && (d = drain_new(e->id, s, &ds->o->stream,
	    ds->o->spools, &error)) == NULL)
		drain_settings_free(s);
	if (d != NULL)
		e->again = take(ds, e, d) < 0;
	else if (!told)
		complain(ds, e, buf_str(&error) != NULL ? error.p :
		    strerror(ENOMEM));
	if (e->drain == NULL)	/* its lines are in no spool */
		ds->status = STATUS_TROUBLE;
	if (e->drain == NULL && ours) {
		enter(ds);
		ds->broken = true;
		leave(ds);
	}
	buf_wipe(&text);
	buf_free(&error);
}

/* The file has gone: so do the lines that wait, and the status. */
static void
drop(struct drain_set *ds, struct drain_entry *e)
{
	struct drain *d = e->drain;

	if (d != NULL) {
		enter(ds);
		unroute(ds, e);
		leave(ds);
		if (spool_folder_remove(d->stream.spool) < 0 &&
		    errno != ENOENT)
			ds->o->stream.tell("%s: %s", d->stream.spool,
			    strerror(errno));
		drain_pool_retire(ds->pool, d);
	}
	drain_status_remove(ds->dir, e->id);
	drain_entry_free(e, ds->watch);
}

/* --- the folder --- */

/* Have an entry for each name, and for no other; -1: some are missing. */
static int
match_names(struct drain_set *ds, const struct drain_names *names)
{
	struct drain_entry **all = calloc(names->n + 1,
	    sizeof(struct drain_entry *));
	size_t i = 0, k = 0, n = 0;
	int r, result = 0;

	if (all == NULL)
		return -1;
	while (i < ds->n || k < names->n) {
		r = i == ds->n ? 1 : k == names->n ? -1 :
		    strcmp(ds->entry[i]->id, names->name[k]);
		if (r < 0)
			drop(ds, ds->entry[i]);
		else if (r == 0)
			all[n++] = ds->entry[i];
		else if ((all[n] = drain_entry_new(names->name[k])) != NULL)
			n++;
		else
			result = -1;
		i += r <= 0;
		k += r >= 0;
	}
	free(ds->entry);
	ds->entry = all;
	ds->n = n;
	return result;
}

/*
 * Load the file if it has changed, but not while it is changing; at first it is
 * taken as it is.
 */
static void
look_at(struct drain_set *ds, struct drain_entry *e, bool first)
{
	struct drain_look look = { 0 };
	bool settled;

	if (fstatat(ds->dir, e->id, &look.own, AT_SYMLINK_NOFOLLOW) < 0 &&
	    (!first || errno == ENOENT))
		return;
	memcpy(look.named, e->seen.named, sizeof look.named);
	drain_entry_look(e, ds->watch, look.named, 0);
	if (!first && !e->again && drain_folder_is_same(&look, &e->loaded))
		return;
	settled = first || drain_folder_is_same(&look, &e->seen);
	e->seen = look;
	if (settled)
		load(ds, e, first);
}

/* Returns -1 after a message, which comes once. */
static int
scan(struct drain_set *ds, bool first)
{
	struct drain_names names;
	int r = drain_folder_list(ds->dir, &names);

	if (r == 0) {
		r = match_names(ds, &names);
		drain_names_free(&names);
	}
	if (r < 0 && ds->told != errno)
		ds->o->stream.tell("%s: %s", ds->o->dir, strerror(errno));
	ds->told = r < 0 ? errno : 0;
	for (size_t i = 0; i < ds->n; i++) {
		look_at(ds, ds->entry[i], first);
		flush_if_due(ds);
	}
	return r;
}

/* A drain whose time is over gets no more lines, and goes when none waits. */
static void
expire(struct drain_set *ds, struct drain_entry *e)
{
	struct drain_progress p;
	struct drain_look now = e->loaded;

	if (e->drain == NULL || (!e->expired &&
	    !drain_settings_expired(e->drain->settings)))
		return;
	/* One that has changed meanwhile may have more time. */
	if (fstatat(ds->dir, e->id, &now.own, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !drain_folder_is_same(&now, &e->loaded))
		return;
	if (e->routed) {
		enter(ds);
		unroute(ds, e);
		leave(ds);
	}
	e->expired = true;
	p = drain_pool_look(ds->pool, e->drain);
	/* The scan finds that the file has gone. */
	if (p.acked >= p.next && !p.busy)
		unlinkat(ds->dir, e->id, 0);
}

/*
 * Each second those that have changed are written, in turn and a few at a time:
 * it takes as long as the disk does.
 */
static void
write_some_status(struct drain_set *ds, int64_t now)
{
	unsigned n = 0;

	if (ds->next_status >= ds->n) {
		if (now - ds->told_ms < STATUS_MS)
			return;
		ds->next_status = 0;
		ds->told_ms = now;
	}
	while (ds->next_status < ds->n && n < STATUS_EACH)
		n += drain_entry_write_status(
		    ds->entry[ds->next_status++], ds->pool, ds->dir);
}

static void
write_all_status(struct drain_set *ds)
{
	for (size_t i = 0; i < ds->n; i++)
		drain_entry_write_status(ds->entry[i], ds->pool, ds->dir);
}

static int
compare_id(const void *id, const void *e)
{
	return strcmp(id, (*(struct drain_entry *const *)e)->id);
}

/*
 * Tell of spools without a drain: it was removed meanwhile, or the folder of the
 * drains is not what it was.
 */
static void
tell_strays(struct drain_set *ds, int spools)
{
	struct drain_names names;

	if (drain_folder_list(spools, &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		if (ds->n == 0 || bsearch(names.name[i], ds->entry, ds->n,
		    sizeof *ds->entry, compare_id) == NULL)
			ds->o->stream.tell("%s/%s: is the spool of no drain",
			    ds->o->spools, names.name[i]);
	drain_names_free(&names);
}

/* --- the whole --- */

/* Returns false when a thread hangs. */
static bool
free_set(struct drain_set *ds)
{
	bool all;

	if (ds->dir >= 0)
		close(ds->dir);
	for (size_t i = 0; i < ds->n; i++)
		drain_entry_free(ds->entry[i], ds->watch);
	all = file_watch_free(ds->watch, ANSWER_MS);
	free(ds->entry);
	condition_index_free(ds->index);
	pthread_mutex_destroy(&ds->lock);
	pthread_mutex_destroy(&ds->gate);
	free(ds);
	return all;
}

struct drain_set *
drain_set_new(const struct drain_set_options *o)
{
	struct drain_set *ds = calloc(1, sizeof *ds);
	bool hung;
	int spools;

	if (ds == NULL) {
		o->stream.tell("%s", strerror(errno));
		return NULL;
	}
	ds->o = o;
	pthread_mutex_init(&ds->lock, NULL);
	pthread_mutex_init(&ds->gate, NULL);
	if ((ds->dir = path_folder(o->dir)) < 0) {
		o->stream.tell("%s: %s", o->dir, strerror(errno));
	} else if ((spools = spool_folder_open(o->spools, true)) < 0) {
		o->stream.tell("%s: %s", o->spools, strerror(errno));
	} else {
		if ((ds->pool = drain_pool_new()) != NULL &&
		    (ds->watch = file_watch_new()) != NULL &&
		    (ds->index = condition_index_new()) != NULL) {
			if (scan(ds, true) == 0) {
				tell_strays(ds, spools);
				if (ds->n == 0)
					o->stream.tell("%s: no drains: lines "
					    "are passed over", o->dir);
				close(spools);
				return ds;
			}
			close(spools);
			drain_set_free(ds, 0, &hung);
			return NULL;
		}
		close(spools);
		o->stream.tell("%s", strerror(errno));
		drain_pool_free(ds->pool, 0, &ds->status);
	}
	free_set(ds);
	return NULL;
}

void
drain_set_tick(struct drain_set *ds)
{
	int64_t now = units_now_ms();

	flush_if_due(ds);
	for (size_t i = 0; i < ds->n; i++)
		if (ds->entry[i]->drain != NULL)
			drain_pool_check(ds->pool, ds->entry[i]->drain, now);
	if (now - ds->scanned_ms >= SCAN_MS) {
		for (size_t i = 0; i < ds->n; i++)
			expire(ds, ds->entry[i]);
		scan(ds, false);
		ds->scanned_ms = now;
	}
	ds->n_retired = drain_pool_reap(ds->pool, &ds->status);
	write_some_status(ds, now);
}

int
drain_set_sync(struct drain_set *ds)
{
	int spools = path_folder(ds->o->spools), r;

	enter(ds);
	flush_all(ds);
	r = ds->broken ? -1 : 0;
	leave(ds);
	/* One call for them all, as there may be many. */
	if (spools < 0 || syncfs(spools) < 0) {
		ds->o->stream.tell("%s: %s", ds->o->spools, strerror(errno));
		r = -1;
	}
	if (spools >= 0)
		close(spools);
	return r;
}

void
drain_set_close(struct drain_set *ds)
{
	if (drain_set_sync(ds) < 0)
		ds->status = STATUS_TROUBLE;
	for (size_t i = 0; i < ds->n; i++)
		if (ds->entry[i]->drain != NULL)
			queue_close(ds->entry[i]->drain->queue);
	drain_pool_hurry(ds->pool);
}

bool
drain_set_busy(struct drain_set *ds)
{
	bool busy = ds->n_retired > 0;
	struct drain_progress p;

	for (size_t i = 0; i < ds->n && !busy; i++) {
		if (ds->entry[i]->drain == NULL)
			continue;
		p = drain_pool_look(ds->pool, ds->entry[i]->drain);
		busy = p.busy || (p.acked < p.next && !p.ended);
	}
	return busy;
}

struct drain_totals
drain_set_look(struct drain_set *ds)
{
	struct drain_totals t = { 0 };
	struct drain_progress p;
	uint64_t waiting;

	for (size_t i = 0; i < ds->n; i++) {
		if (ds->entry[i]->drain == NULL)
			continue;
		p = drain_pool_look(ds->pool, ds->entry[i]->drain);
		if (p.acked >= p.next)
			continue;
		waiting = drain_status_waiting(ds->entry[i]->drain, &p);
		t.drains += waiting > 0;
		t.waiting += waiting;
	}
	return t;
}

void
drain_set_wait(struct drain_set *ds, int64_t ms)
{
	drain_pool_wait(ds->pool, ms);
}

int
drain_set_free(struct drain_set *ds, int64_t ms, bool *hung)
{
	int status;

	ds->scanned_ms = 0;
	drain_set_tick(ds);	/* what has expired goes */
	write_all_status(ds);
	*hung = !drain_pool_free(ds->pool, ms, &ds->status);
	if (*hung)
		return status_worse(ds->status, STATUS_RETRY);
	for (size_t i = 0; i < ds->n; i++) {
		if (ds->entry[i]->drain == NULL)
			continue;
		if (ds->entry[i]->routed)
			condition_index_remove(ds->index,
			    ds->entry[i]->drain->conditions);
		ds->status = status_worse(ds->status,
		    drain_free(ds->entry[i]->drain));
	}
	status = ds->status;
	*hung = !free_set(ds);
	return status;
}
