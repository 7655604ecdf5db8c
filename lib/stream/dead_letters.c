#include "stream/dead_letters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "record/json.h"
#include "record/timestamp.h"
#include "store/append_log.h"
#include "stream/json_document.h"

/* So many messages are printed at once; then there is one in so many ms. */
enum { MESSAGES = 10, QUIET_MS = 10 * 1000 };

const char *const dead_letters_begin[] = { "{\"time\":\"", NULL };

void
dead_letters_init(struct dead_letters *l, int fd, const char *spool,
    const char *url, void (*tell)(const char *fmt, ...))
{
	*l = (struct dead_letters){
		.fd = fd, .spool = spool, .url = url, .tell = tell,
	};
}

static void
tell(struct dead_letters *l, const char *why)
{
	int64_t now = units_now_ms();

	if (l->messages >= MESSAGES && now < l->quiet_ms) {
		l->untold++;
		return;
	}
	if (l->untold > 0)
		l->tell("%s: refused: %s (and %llu others before)", l->url,
		    why, (unsigned long long)l->untold);
	else
		l->tell("%s: refused: %s", l->url, why);
	l->untold = 0;
	l->messages++;
	l->quiet_ms = now + QUIET_MS;
}

/* The file in the spool's folder is made when it is needed. */
static int
open_own(struct dead_letters *l)
{
	char *path;

	if (asprintf(&path, "%s/refused", l->spool) < 0)
		return -1;
	l->fd = append_log_open(path, 0600, dead_letters_begin);
	l->made = l->fd >= 0;
	if (l->fd < 0)
		l->tell("%s: %s", path, strerror(errno));
	free(path);
	return l->fd < 0 ? -1 : 0;
}

static int
keep(struct dead_letters *l, struct span line, const char *why)
{
	struct timestamp now = { .sec = time(NULL) };
	char when[TIMESTAMP_SIZE];
	struct buf b = { 0 };
	bool lossy = false;
	int r;

	buf_adds(&b, "{\"time\":\"");
	buf_add(&b, when, timestamp_print(when, &now));
	buf_adds(&b, "\",\"url\":");
	json_add_string(&b, span_str(l->url), &lossy);
	buf_adds(&b, ",\"error\":");
	json_add_string(&b, span_str(why), &lossy);
	buf_adds(&b, ",\"record\":");
	json_document_add(&b, line);
	buf_adds(&b, "}\n");
	r = b.failed ? -1 : append_log_add(l->fd, buf_span(&b));
	if (r < 0)
		l->tell("dead letters: %s", strerror(errno));
	buf_free(&b);
	return r;
}

int
dead_letters_add(struct dead_letters *l, struct span line, const char *why)
{
	tell(l, why);
	if (l->fd < 0 && l->spool == NULL)
		return 0;
	if (l->fd < 0 && open_own(l) < 0)
		return -1;
	return keep(l, line, why);
}

int
dead_letters_sync(struct dead_letters *l)
{
	if (l->fd < 0 || append_log_sync(l->fd) == 0)
		return 0;
	l->tell("dead letters: %s", strerror(errno));
	return -1;
}

void
dead_letters_free(struct dead_letters *l)
{
	if (l->made)
		close(l->fd);
	l->fd = -1;
}
