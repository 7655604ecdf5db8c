#include "input/tail.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/termination.h"
#include "input/input.h"
#include "input/watch.h"

struct tail {
	struct watch *watch;
	struct watch_data data;	/* data not yet given out */
	bool open;		/* the data given out lacks an LF at its end */
	bool parted;		/* that LF is to be given out first */
	int error;
	struct buf name;
};

struct tail *
tail_new(char *const *paths, size_t max_line, const char **bad)
{
	struct tail *t;
	int saved;

	*bad = *paths;
	if ((t = calloc(1, sizeof *t)) == NULL)
		return NULL;
	if ((t->watch = watch_new(max_line)) == NULL)
		goto fail;
	for (; *paths != NULL; paths++) {
		*bad = *paths;
		if (watch_add(t->watch, *paths) < 0)
			goto fail;
	}
	return t;
fail:
	saved = errno;
	tail_free(t);
	errno = saved;
	return NULL;
}

/* Wait until something happens.  Returns 0, or -1 when input_idle says so. */
static int
wait_for_more(const struct tail *t)
{
	struct pollfd p[] = {
		{ .fd = watch_fd(t->watch), .events = POLLIN },
		{ .fd = termination_fd(), .events = POLLIN },
	};

	if (input_idle != NULL && input_idle() < 0)
		return -1;
	poll(p, 2, -1);
	return 0;
}

/* Get data, which may be empty.  Returns 0 at the end. */
static int
get(struct tail *t)
{
	bool finishing = termination_asked();
	int r = finishing ? watch_last(t->watch) : 0;

	if (r == 0 && (r = watch_ready(t->watch)) == 0)
		return finishing ? watch_rest(t->watch, &t->data) :
		    wait_for_more(t) == 0;
	if (r > 0 && watch_read(t->watch, &t->data) >= 0)
		return 1;
	t->error = errno;
	return watch_rest(t->watch, &t->data);
}

ssize_t
tail_read(void *arg, void *p, size_t n)
{
	struct tail *t = arg;
	struct span *s = &t->data.bytes;

	while (s->len == 0) {
		if (get(t) == 0)
			return 0;
		t->parted = t->data.other && t->open;
	}
	if (t->parted) {
		t->parted = t->open = false;
		*(char *)p = '\n';
		return 1;
	}
	buf_clear(&t->name);
	buf_adds(&t->name, t->data.path);
	if (n > s->len)
		n = s->len;
	memcpy(p, s->p, n);
	t->open = s->p[n - 1] != '\n';
	s->p += n;
	s->len -= n;
	return (ssize_t)n;
}

const char *
tail_name(struct tail *t)
{
	return buf_str(&t->name);
}

int
tail_free(struct tail *t)
{
	int error = t->error;

	watch_free(t->watch);
	buf_free(&t->name);
	free(t);
	return error;
}
