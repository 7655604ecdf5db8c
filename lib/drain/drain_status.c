#include "drain/drain_status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/visible.h"
#include "base/write_all.h"
#include "drain/drain_folder.h"
#include "file/path.h"
#include "record/json.h"
#include "record/timestamp.h"
#include "stream/spool_status.h"

enum { NAME_SIZE = 192 };

/* Add a time in seconds since 1970, as JSON; null for 0. */
static void
add_time(struct buf *out, int64_t sec)
{
	struct timestamp t = { .sec = sec };
	char text[TIMESTAMP_SIZE];

	if (sec <= 0) {
		buf_adds(out, "null");
		return;
	}
	buf_addc(out, '"');
	buf_add(out, text, timestamp_print(text, &t));
	buf_addc(out, '"');
}

static void
add_number(struct buf *out, const char *name, uint64_t n)
{
	buf_printf(out, ",\"%s\":%llu", name, (unsigned long long)n);
}

/*
 * Returns the number of the first line that waits, and in *dropped how many
 * before it were dropped that no reader has counted.
 */
static uint64_t
first_waiting(struct drain *d, const struct drain_progress *p,
    const struct queue_losses *lost, uint64_t *dropped, uint64_t *bytes)
{
	uint64_t first = 0, acked = p->acked;

	*dropped = 0;
	spool_measure(d->stream.spool, &first, bytes);
	if (lost->delivered > acked && lost->delivered <= p->next)
		acked = lost->delivered;
	if (first <= acked || first > p->next)
		return acked;
	*dropped = first - acked;
	return first;
}

uint64_t
drain_status_waiting(struct drain *d, const struct drain_progress *p)
{
	struct queue_losses lost = queue_losses(d->queue, false);
	uint64_t dropped, bytes;

	return p->next - first_waiting(d, p, &lost, &dropped, &bytes);
}

int
drain_status_print(struct drain *d, const struct drain_progress *p,
    struct buf *out)
{
	uint64_t bytes = 0, dropped, acked, settled;
	struct queue_losses lost = queue_losses(d->queue, false);
	struct spool_report r;
	bool lossy = false;

	acked = first_waiting(d, p, &lost, &dropped, &bytes);
	pthread_mutex_lock(&d->delivery.lock);
	r = d->delivery.report;
	pthread_mutex_unlock(&d->delivery.lock);
	/* What the reader has counted, and who delivers has not yet. */
	if (lost.known)
		spool_report_missing(&r, &lost.dropped, &lost.damaged);
	r.dropped += dropped;
	settled = r.dropped + r.damaged + r.refused;
	buf_adds(out, "{\"url\":");
	json_add_string(out, buf_span(&d->settings->shown), &lossy);
	add_number(out, "waiting", p->next - acked);
	add_number(out, "bytes", bytes);
	buf_adds(out, ",\"oldest\":");
	add_time(out, p->next > acked ? p->oldest_ms / 1000 : 0);
	buf_adds(out, ",\"failing_since\":");
	add_time(out, r.failing_since);
	buf_adds(out, ",\"last_error\":");
	/* What was wrong before it recovered would look like trouble. */
	if (r.failing_since > 0 && r.last_error[0] != '\0')
		json_add_string(out, span_str(r.last_error), &lossy);
	else
		buf_adds(out, "null");
	add_number(out, "delivered", acked > settled ? acked - settled : 0);
	add_number(out, "dropped", r.dropped);
	add_number(out, "refused", r.refused);
	add_number(out, "damaged", r.damaged);
	buf_adds(out, "}\n");
	return out->failed ? -1 : 0;
}

static int
write_beside(int dir, const char *id, const char *what, struct span text,
    mode_t mode)
{
	char name[NAME_SIZE], fresh[NAME_SIZE];
	int fd, r;

	snprintf(name, sizeof name, "%s.%s", id, what);
	snprintf(fresh, sizeof fresh, ".%s.%s", id, what);
	unlinkat(dir, fresh, 0);
	fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	r = fchmod(fd, mode & 0644);
	if (r == 0)
		r = write_all(fd, text.p, text.len);
	close(fd);
	if (r == 0 && (r = renameat(dir, fresh, dir, name)) == 0)
		return 0;
	unlinkat(dir, fresh, 0);
	return -1;
}

int
drain_status_write(int dir, const char *id, struct span text, mode_t mode)
{
	return write_beside(dir, id, "status", text, mode);
}

static void
remove_beside(int dir, const char *id, const char *what)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof name, "%s.%s", id, what);
	unlinkat(dir, name, 0);
}

void
drain_status_write_fault(int dir, const char *id, const char *why, mode_t mode)
{
	struct buf text = { 0 };
	bool lossy = false;

	if (why == NULL) {
		remove_beside(dir, id, "error");
		return;
	}
	buf_adds(&text, "{\"error\":");
	json_add_string(&text, span_str(why), &lossy);
	buf_adds(&text, "}\n");
	if (!text.failed)
		write_beside(dir, id, "error", buf_span(&text), mode);
	buf_free(&text);
}

void
drain_status_remove(int dir, const char *id)
{
	remove_beside(dir, id, "status");
	remove_beside(dir, id, "error");
}

/* --- the table --- */

/* Add the member as it may be shown to somebody, or "-". */
static void
add_cell(struct buf *out, struct span json, const char *name, int width)
{
	struct buf text = { 0 }, shown = { 0 };
	struct json_value v;
	size_t n = 0;

	if (json_get(json, name, &v) && v.type != JSON_NULL &&
	    v.type != JSON_ABSENT && v.text.len > 0)
		json_decode(&text, &v);
	if (text.len == 0)
		buf_addc(&text, '-');
	if (buf_reserve(&shown, text.len * VISIBLE_MAX + 1) == 0 &&
	    !text.failed)
		n = visible_put(shown.p, buf_span(&text));
	buf_printf(out, " %*.*s", width, (int)n, shown.p != NULL ? shown.p :
	    "");
	buf_free(&text);
	buf_free(&shown);
}

static void
add_row(struct buf *out, const char *id, struct span json, struct span fault)
{
	buf_printf(out, "%-20s", id);
	add_cell(out, json, "waiting", 10);
	add_cell(out, json, "bytes", 12);
	add_cell(out, json, "delivered", 12);
	add_cell(out, json, "dropped", 10);
	add_cell(out, json, "refused", 8);
	add_cell(out, json, "oldest", -20);
	add_cell(out, json, "failing_since", -20);
	add_cell(out, json, "url", 0);
	add_cell(out, json, "last_error", 0);
	if (fault.len > 0) {
		buf_adds(out, " file not taken:");
		add_cell(out, fault, "error", 0);
	}
	buf_addc(out, '\n');
}

/* Read the file ID.what, if there is one. */
static struct span
read_beside(int dir, const char *id, const char *what, struct buf *text)
{
	struct buf error = { 0 };
	char name[NAME_SIZE];
	struct stat st;

	buf_clear(text);
	snprintf(name, sizeof name, "%s.%s", id, what);
	drain_folder_read(dir, name, &st, text, &error);
	buf_free(&error);
	return buf_span(text);
}

int
drain_status_table(const char *path, struct buf *out)
{
	struct buf text = { 0 }, fault = { 0 };
	int dir = path_folder(path);
	struct drain_names names;

	if (dir < 0 || drain_folder_list(dir, &names) < 0) {
		if (dir >= 0)
			close(dir);
		return -1;
	}
	buf_printf(out, "%-20s %10s %12s %12s %10s %8s %-20s %-20s %s %s\n",
	    "drain", "waiting", "disk bytes", "delivered", "dropped",
	    "refused", "oldest", "failing since", "url", "last error");
	for (size_t i = 0; i < names.n; i++)
		add_row(out, names.name[i],
		    read_beside(dir, names.name[i], "status", &text),
		    read_beside(dir, names.name[i], "error", &fault));
	buf_free(&text);
	buf_free(&fault);
	drain_names_free(&names);
	close(dir);
	return out->failed ? -1 : 0;
}
