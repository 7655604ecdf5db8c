#include "drain/file_watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/timed_wait.h"
#include "base/units.h"

enum {
	EACH_MS = 250,		/* a file is asked for as often as that */
	FRESH_MS = 2000,	/* an answer counts as long as that */
	STACK = 128 << 10,
};

struct watched_file {
	char *path;
	struct stat st;
	int64_t asked_ms;	/* when the answer that is here was asked for */
	bool answered, busy, removed;
};

struct file_watch {
	pthread_mutex_t lock;
	pthread_cond_t wanted, answered;
	struct watched_file **file;
	size_t n;
	pthread_t thread;
	int64_t asking_ms;	/* since when a file is asked for; 0: none is */
	bool started, ending, ended;
};

struct file_watch *
file_watch_new(void)
{
	struct file_watch *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	pthread_mutex_init(&w->lock, NULL);
	timed_wait_init(&w->wanted);
	timed_wait_init(&w->answered);
	return w;
}

static void
free_file(struct watched_file *f)
{
	free(f->path);
	free(f);
}

/* The caller has the lock, which is left while the file system is asked. */
static void
ask(struct file_watch *w, struct watched_file *f)
{
	int64_t now = units_now_ms();
	struct stat st;

	w->asking_ms = now;
	f->busy = true;
	pthread_mutex_unlock(&w->lock);
	if (stat(f->path, &st) < 0)
		st = (struct stat){ 0 };
	pthread_mutex_lock(&w->lock);
	w->asking_ms = 0;
	f->busy = false;
	f->st = st;
	f->asked_ms = now;
	f->answered = true;
	pthread_cond_broadcast(&w->answered);
	if (f->removed)
		free_file(f);
}

static void *
watch(void *arg)
{
	struct file_watch *w = arg;
	struct watched_file *f;
	int64_t now, next;

	pthread_mutex_lock(&w->lock);
	while (!w->ending) {
		now = units_now_ms();
		next = now + EACH_MS;
		/* What is removed meanwhile may hide one until the next time. */
		for (size_t i = 0; i < w->n && !w->ending; i++) {
			f = w->file[i];
			if (!f->answered || f->asked_ms + EACH_MS <= now)
				ask(w, f);
			else if (f->asked_ms + EACH_MS < next)
				next = f->asked_ms + EACH_MS;
		}
		if (!w->ending)
			timed_wait(&w->wanted, &w->lock, w->n > 0 ? next : -1);
	}
	w->ended = true;
	pthread_cond_broadcast(&w->answered);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* The caller has the lock. */
static int
start(struct file_watch *w)
{
	pthread_attr_t attr;

	if (w->started)
		return 0;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	errno = pthread_create(&w->thread, &attr, watch, w);
	pthread_attr_destroy(&attr);
	w->started = errno == 0;
	return w->started ? 0 : -1;
}

static int
append(struct file_watch *w, struct watched_file *f)
{
	struct watched_file **more;
	int r = -1;

	pthread_mutex_lock(&w->lock);
	more = realloc(w->file, (w->n + 1) * sizeof *more);
	if (more != NULL) {
		w->file = more;
		if ((r = start(w)) == 0) {
			w->file[w->n++] = f;
			pthread_cond_signal(&w->wanted);
		}
	}
	pthread_mutex_unlock(&w->lock);
	return r;
}

struct watched_file *
file_watch_add(struct file_watch *w, const char *path)
{
	struct watched_file *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	if ((f->path = strdup(path)) == NULL || append(w, f) < 0) {
		free_file(f);
		return NULL;
	}
	return f;
}

void
file_watch_remove(struct file_watch *w, struct watched_file *f)
{
	size_t i = 0;
	bool busy;

	if (f == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	while (w->file[i] != f)
		i++;
	w->file[i] = w->file[--w->n];
	f->removed = true;
	busy = f->busy;
	pthread_mutex_unlock(&w->lock);
	if (!busy)
		free_file(f);
}

const char *
file_watch_path(const struct watched_file *f)
{
	return f->path;
}

static bool
is_fresh(const struct watched_file *f)
{
	return f->answered && units_now_ms() - f->asked_ms < FRESH_MS;
}

bool
file_watch_look(struct file_watch *w, const struct watched_file *f,
    struct stat *st, int64_t ms)
{
	int64_t now, end = units_now_ms() + ms;
	bool fresh;

	pthread_mutex_lock(&w->lock);
	while (!(fresh = is_fresh(f)) && (now = units_now_ms()) < end &&
	    (w->asking_ms == 0 || now - w->asking_ms < ms))
		timed_wait(&w->answered, &w->lock, end);
	*st = f->st;
	pthread_mutex_unlock(&w->lock);
	return fresh;
}

bool
file_watch_free(struct file_watch *w, int64_t ms)
{
	int64_t end = units_now_ms() + ms;
	bool hangs;

	if (w == NULL)
		return true;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_signal(&w->wanted);
	while (w->started && !w->ended && units_now_ms() < end)
		timed_wait(&w->answered, &w->lock, end);
	hangs = w->started && !w->ended;
	pthread_mutex_unlock(&w->lock);
	if (hangs)
		return false;
	if (w->started)
		pthread_join(w->thread, NULL);
	free(w->file);
	pthread_cond_destroy(&w->wanted);
	pthread_cond_destroy(&w->answered);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return true;
}
