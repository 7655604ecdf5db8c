#include "drain/file_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/timed_wait.h"
#include "base/units.h"

enum {
	EACH_MS = 250,		/* a file is asked for as often as that */
	FRESH_MS = 2000,	/* an answer counts as long as that */
	STACK = 128 << 10,
};

struct watched_file {
	struct watched_file *prev, *next;
	char *path;
	struct stat st;
	int64_t asked_ms;	/* when the answer that is here was asked for */
	bool answered, busy, removed;
	bool due;		/* somebody waits for it: it is asked for next */
};

struct file_watch {
	pthread_mutex_t lock;
	pthread_cond_t wanted, answered;
	struct watched_file all;	/* a ring: behind it the next to ask for */
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
	w->all.prev = w->all.next = &w->all;
	return w;
}

static void
free_file(struct watched_file *f)
{
	free(f->path);
	free(f);
}

/* --- the ring; the caller has the lock --- */

static void
take_out(struct watched_file *f)
{
	f->prev->next = f->next;
	f->next->prev = f->prev;
}

static void
put_behind(struct watched_file *at, struct watched_file *f)
{
	f->prev = at;
	f->next = at->next;
	f->prev->next = f->next->prev = f;
}

static void
ask_next(struct file_watch *w, struct watched_file *f)
{
	take_out(f);
	put_behind(&w->all, f);
	pthread_cond_signal(&w->wanted);
}

/* --- the thread --- */

/* Returns how the file is; stat(2) alone may be answered from a cache. */
static struct stat
look(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return (struct stat){ 0 };
	if (fstat(fd, &st) < 0)
		st = (struct stat){ 0 };
	close(fd);
	return st;
}

/* The caller has the lock, which is left while the file system is asked. */
static void
ask(struct file_watch *w, struct watched_file *f)
{
	int64_t now = units_now_ms();
	struct stat st;

	take_out(f);
	put_behind(w->all.prev, f);
	w->asking_ms = now;
	f->busy = true;
	f->due = false;
	pthread_mutex_unlock(&w->lock);
	st = look(f->path);
	pthread_mutex_lock(&w->lock);
	w->asking_ms = 0;
	f->busy = false;
	f->st = st;
	f->asked_ms = now;
	f->answered = true;
	pthread_cond_broadcast(&w->answered);
	if (f->removed)
		free_file(f);
	else if (f->due)
		ask_next(w, f);
}

static void *
watch(void *arg)
{
	struct file_watch *w = arg;
	struct watched_file *f;

	pthread_mutex_lock(&w->lock);
	while (!w->ending)
		if ((f = w->all.next) == &w->all)
			timed_wait(&w->wanted, &w->lock, -1);
		else if (f->due || f->asked_ms + EACH_MS <= units_now_ms())
			ask(w, f);
		else
			timed_wait(&w->wanted, &w->lock, f->asked_ms + EACH_MS);
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

/* --- for others --- */

struct watched_file *
file_watch_add(struct file_watch *w, const char *path)
{
	struct watched_file *f = calloc(1, sizeof *f);
	int r;

	if (f == NULL)
		return NULL;
	if ((f->path = strdup(path)) == NULL) {
		free(f);
		return NULL;
	}
	f->due = true;
	pthread_mutex_lock(&w->lock);
	if ((r = start(w)) == 0) {
		put_behind(&w->all, f);
		pthread_cond_signal(&w->wanted);
	}
	pthread_mutex_unlock(&w->lock);
	if (r < 0) {
		free_file(f);
		return NULL;
	}
	return f;
}

void
file_watch_remove(struct file_watch *w, struct watched_file *f)
{
	bool busy;

	if (f == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	take_out(f);
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

bool
file_watch_look(struct file_watch *w, struct watched_file *f, struct stat *st,
    int64_t ms)
{
	int64_t now = units_now_ms(), end = now + ms;
	int64_t since = ms > 0 ? now : now - FRESH_MS;
	bool fresh;

	pthread_mutex_lock(&w->lock);
	if (ms > 0 && !f->due) {
		f->due = true;
		if (!f->busy)
			ask_next(w, f);
	}
	while (!(fresh = f->answered && f->asked_ms >= since) &&
	    (now = units_now_ms()) < end &&
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
	pthread_cond_destroy(&w->wanted);
	pthread_cond_destroy(&w->answered);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return true;
}
