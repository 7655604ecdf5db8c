#include "stream/spool_status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/file.h>

#include "base/write_all.h"
#include "file/path.h"
#include "record/json.h"
#include "record/timestamp.h"
#include "stream/spool_folder.h"
#include "stream/spool_segment.h"

#define RECEIVER "receiver"	/* the URL of the spool's receiver */
#define REPORT "report"		/* a struct spool_report as JSON */

enum { FILE_MAX = 64 << 10 };

/* --- small files, whole or not at all --- */

static int
read_small(int dir, const char *name, struct buf *out)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t got = -1;

	if (fd < 0)
		return -1;
	if (buf_reserve(out, FILE_MAX) == 0 &&
	    (got = read(fd, out->p, FILE_MAX)) > 0)
		out->len = (size_t)got;
	close(fd);
	return got < 0 ? -1 : 0;
}

static int
write_small(int dir, const char *name, struct span text)
{
	char fresh[64];
	int fd, r, why;

	snprintf(fresh, sizeof fresh, "%s.%ld", name, (long)getpid());
	fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	r = write_all(fd, text.p, text.len) < 0 || fsync(fd) < 0 ? -1 : 0;
	why = errno;
	close(fd);
	errno = why;
	if (r == 0 && renameat(dir, fresh, dir, name) == 0)
		return fsync(dir);
	why = errno;
	unlinkat(dir, fresh, 0);
	errno = why;
	return -1;
}

/* --- the receiver that a spool belongs to --- */

/*
 * Whether name is that of a spool's file, or of a temporary file that a killed
 * run left.
 */
static bool
is_own_name(const char *name)
{
	static const char *const own[] = {
		SPOOL_WRITE_LOCK, SPOOL_READ_LOCK, SPOOL_POSITION, RECEIVER,
		"lost+found",
	};

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strcmp(name, own[i]) == 0)
			return true;
	return strncmp(name, RECEIVER ".", sizeof RECEIVER) == 0;
}

/* Whether the folder has files, but none of them is a spool's. */
static bool
is_foreign(int dir)
{
	DIR *d = path_list(dir);
	bool some = false, own = false;
	const struct dirent *e;

	while (d != NULL && !own && (e = readdir(d)) != NULL) {
		own = is_own_name(e->d_name);
		some |= strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0;
	}
	if (d != NULL)
		closedir(d);
	return some && !own;
}

static int
claim(const char *dir, int folder, const char *url, bool take,
    struct buf *other)
{
	struct spool_state st;
	struct buf line = { 0 };
	int r;

	buf_printf(&line, "%s\n", url);
	if (read_small(folder, RECEIVER, other) == 0) {
		if (span_eq(buf_span(other), buf_span(&line))) {
			buf_free(&line);
			return 0;
		}
		if (!take && spool_look(dir, &st) == 0 && st.records > 0) {
			buf_free(&line);
			other->len -= other->len > 0;	/* take off its LF */
			errno = EBUSY;
			return -1;
		}
	}
	r = line.failed ? -1 : write_small(folder, RECEIVER, buf_span(&line));
	buf_free(&line);
	return r;
}

int
spool_claim(const char *dir, const char *url, bool take, struct buf *other)
{
	int folder = spool_folder_open(dir, true), lock = -1, r = -1, why;

	if (folder >= 0 && !is_foreign(folder) &&
	    (lock = spool_folder_file(folder, SPOOL_WRITE_LOCK)) >= 0 &&
	    spool_folder_lock(lock, F_OFD_SETLKW, F_WRLCK) == 1)
		r = claim(dir, folder, url, take, other);
	else if (folder >= 0 && lock < 0 && is_foreign(folder))
		errno = EEXIST;
	why = errno;
	if (lock >= 0)
		close(lock);
	if (folder >= 0)
		close(folder);
	errno = why;
	return r;
}

/* --- the report on its delivery --- */

static uint64_t
number_at(struct span json, const char *key)
{
	struct json_value v;
	char text[24];

	if (!json_get(json, key, &v) || v.type != JSON_NUMBER ||
	    v.text.len >= sizeof text)
		return 0;
	memcpy(text, v.text.p, v.text.len);
	text[v.text.len] = '\0';
	return strtoull(text, NULL, 10);
}

int
spool_report_load(const char *dir, struct spool_report *r)
{
	int folder = spool_folder_open(dir, false);
	struct buf b = { 0 }, words = { 0 };
	struct json_value v;

	*r = (struct spool_report){ 0 };
	if (folder < 0)
		return -1;
	if (read_small(folder, REPORT, &b) == 0) {
		r->dropped = number_at(buf_span(&b), "dropped");
		r->refused = number_at(buf_span(&b), "refused");
		r->damaged = number_at(buf_span(&b), "damaged");
		r->seen_dropped = number_at(buf_span(&b), "seen_dropped");
		r->seen_damaged = number_at(buf_span(&b), "seen_damaged");
		r->untold = number_at(buf_span(&b), "untold");
		r->failing_since =
		    (int64_t)number_at(buf_span(&b), "failing_since");
		/* What a success ended is past. */
		if (r->failing_since != 0 &&
		    json_get(buf_span(&b), "last_error", &v) &&
		    json_decode(&words, &v) == 0)
			snprintf(r->last_error, sizeof r->last_error, "%.*s",
			    (int)words.len, words.p);
	}
	buf_free(&words);
	buf_free(&b);
	close(folder);
	return 0;
}

int
spool_report_save(const char *dir, const struct spool_report *r)
{
	int folder = spool_folder_open(dir, false), got;
	struct buf b = { 0 };
	bool lossy = false;

	if (folder < 0)
		return -1;
	buf_printf(&b, "{\"dropped\":%llu,\"refused\":%llu,"
	    "\"damaged\":%llu,\"seen_dropped\":%llu,\"seen_damaged\":%llu,"
	    "\"untold\":%llu,\"failing_since\":%lld,\"last_error\":",
	    (unsigned long long)r->dropped, (unsigned long long)r->refused,
	    (unsigned long long)r->damaged,
	    (unsigned long long)r->seen_dropped,
	    (unsigned long long)r->seen_damaged,
	    (unsigned long long)r->untold, (long long)r->failing_since);
	json_add_string(&b, span_str(r->last_error), &lossy);
	buf_adds(&b, "}\n");
	got = b.failed ? -1 : write_small(folder, REPORT, buf_span(&b));
	buf_free(&b);
	close(folder);
	return got;
}

/*
 * Returns how many of all are new, and sees them.  When there are fewer, the
 * spool has lost its count and begun anew.
 */
static uint64_t
see(uint64_t all, uint64_t *seen)
{
	uint64_t fresh = all > *seen ? all - *seen : 0;

	*seen = all;
	return fresh;
}

void
spool_report_missing(struct spool_report *r, uint64_t *dropped,
    uint64_t *damaged)
{
	*dropped = see(*dropped, &r->seen_dropped);
	*damaged = see(*damaged, &r->seen_damaged);
	r->dropped += *dropped;
	r->damaged += *damaged;
	r->untold += *dropped + *damaged;
}

/* --- the frames in it --- */

/* Returns when the frame at the position was read, or 0. */
static int64_t
time_at(int folder, const struct spool_position *p, uint64_t first)
{
	struct segment seg;
	int64_t ms = 0;
	struct frame f;

	if (segment_open(&seg, folder,
	    p->segment > first ? p->segment : first, O_RDONLY) < 0)
		return 0;
	if (seg.first == p->segment)
		segment_seek(&seg, (off_t)p->at, p->number);
	if (segment_next(&seg, &f) > 0)
		ms = f.time_ms;
	segment_close(&seg);
	return ms;
}

static int
look_at_segments(int folder, struct spool_state *st,
    const struct spool_position *p)
{
	struct segment_file *list = NULL;
	struct segment seg = { .fd = -1 };
	int r = 0;
	size_t n;

	if (segment_list(folder, &list, &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		st->bytes += (uint64_t)list[i].size;
	if (n > 0 && (segment_open(&seg, folder, list[n - 1].first,
	    O_RDONLY) < 0 || segment_skip_all(&seg) < 0))
		r = -1;
	if (n > 0 && st->delivered < list[0].first) {
		/* Those before it were dropped. */
		st->dropped = list[0].first - st->delivered;
		st->delivered = list[0].first;
	}
	if (seg.number > st->delivered) {
		st->records = seg.number - st->delivered;
		st->oldest_ms = time_at(folder, p, list[0].first);
	}
	segment_close(&seg);
	free(list);
	return r;
}

int
spool_look(const char *dir, struct spool_state *st)
{
	int folder = spool_folder_open(dir, false), fd, lock, r;
	struct spool_position p = { 0 };

	*st = (struct spool_state){ 0 };
	if (folder < 0)
		return -1;
	fd = openat(folder, SPOOL_POSITION, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		spool_position_get(fd, &p);
		close(fd);
	}
	st->delivered = p.number;
	st->counted_dropped = p.dropped;
	st->counted_damaged = p.damaged;
	lock = openat(folder, SPOOL_READ_LOCK, O_RDONLY | O_CLOEXEC);
	if (lock >= 0) {
		st->sending =
		    spool_folder_lock(lock, F_OFD_GETLK, F_RDLCK) > 0;
		close(lock);
	}
	r = look_at_segments(folder, st, &p);
	close(folder);
	return r;
}

/* --- the status as text --- */

struct view {
	struct spool_state st;
	struct spool_report report;
	struct buf url;
	/* How many seconds ago the oldest was read, -1: not known. */
	int64_t age;
};

static void
add_time(struct buf *out, int64_t sec)
{
	struct timestamp t = { .sec = sec };
	char text[TIMESTAMP_SIZE];

	buf_add(out, text, timestamp_print(text, &t));
}

static void
print_json(const struct view *v, struct buf *out)
{
	const struct spool_report *r = &v->report;
	bool lossy = false;

	buf_adds(out, "{\"url\":");
	json_add_string(out, buf_span(&v->url), &lossy);
	buf_printf(out, ",\"records\":%llu,\"bytes\":%llu,\"oldest_age\":",
	    (unsigned long long)v->st.records, (unsigned long long)v->st.bytes);
	if (v->age >= 0)
		buf_printf(out, "%lld", (long long)v->age);
	else
		buf_adds(out, "null");
	buf_adds(out, ",\"failing_since\":");
	if (r->failing_since != 0) {
		buf_addc(out, '"');
		add_time(out, r->failing_since);
		buf_addc(out, '"');
	} else {
		buf_adds(out, "null");
	}
	buf_adds(out, ",\"last_error\":");
	if (r->last_error[0] != '\0')
		json_add_string(out, span_str(r->last_error), &lossy);
	else
		buf_adds(out, "null");
	buf_printf(out, ",\"dropped\":%llu,\"refused\":%llu,"
	    "\"damaged\":%llu,\"sending\":%s}\n",
	    (unsigned long long)r->dropped, (unsigned long long)r->refused,
	    (unsigned long long)r->damaged, v->st.sending ? "true" : "false");
}

/* Add a length of time in the words that people use. */
static void
add_age(struct buf *out, int64_t s)
{
	static const struct {
		int64_t s;
		const char *name;
	} units[] = {
		{ 86400, "days" }, { 3600, "hours" }, { 60, "minutes" },
	};

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (s >= 2 * units[i].s) {
			buf_printf(out, "%lld %s", (long long)(s / units[i].s),
			    units[i].name);
			return;
		}
	buf_printf(out, "%lld seconds", (long long)s);
}

/*
 * Add an error text from a receiver.  It may hold any bytes, so control
 * characters must not reach a terminal as they are.
 */
static void
add_words(struct buf *out, const char *words)
{
	for (; *words != '\0'; words++)
		if ((unsigned char)*words < ' ' || *words == 127)
			buf_printf(out, "\\x%02x", (unsigned char)*words);
		else
			buf_addc(out, *words);
}

static void
print_text(const struct view *v, const char *dir, struct buf *out)
{
	const struct spool_report *r = &v->report;

	buf_printf(out, "%s: for %.*s%s\n", dir, (int)v->url.len, v->url.p,
	    v->st.sending ? "" : " (nobody is sending)");
	buf_printf(out, "waiting   %llu records",
	    (unsigned long long)v->st.records);
	/* Files that were read stay until the next one is begun. */
	if (v->st.records > 0)
		buf_printf(out, ", in %.1f MB", (double)v->st.bytes / 1e6);
	if (v->age >= 0) {
		buf_adds(out, ", the oldest for ");
		add_age(out, v->age);
	}
	buf_adds(out, "\n");
	if (r->failing_since != 0) {
		buf_adds(out, "failing   since ");
		add_time(out, r->failing_since);
		buf_adds(out, ", ");
		add_age(out, (int64_t)time(NULL) - r->failing_since);
		buf_adds(out, "\n");
	}
	if (r->last_error[0] != '\0') {
		buf_adds(out, "last word ");
		add_words(out, r->last_error);
		buf_adds(out, "\n");
	}
	buf_printf(out, "so far    %llu refused, %llu dropped, %llu damaged\n",
	    (unsigned long long)r->refused, (unsigned long long)r->dropped,
	    (unsigned long long)r->damaged);
}

int
spool_print_status(const char *dir, bool json, struct buf *out)
{
	struct view v = { .age = -1 };
	struct timespec now;
	int folder;

	if (spool_look(dir, &v.st) < 0 ||
	    spool_report_load(dir, &v.report) < 0 ||
	    (folder = spool_folder_open(dir, false)) < 0)
		return -1;
	if (read_small(folder, RECEIVER, &v.url) == 0 && v.url.len > 0)
		v.url.len--;
	close(folder);
	spool_report_missing(&v.report, &v.st.counted_dropped,
	    &v.st.counted_damaged);
	v.report.dropped += v.st.dropped;
	clock_gettime(CLOCK_REALTIME, &now);
	if (v.st.records > 0 && v.st.oldest_ms > 0) {
		v.age = (int64_t)now.tv_sec - v.st.oldest_ms / 1000;
		if (v.age < 0)
			v.age = 0;	/* the clock was set */
	}
	if (json)
		print_json(&v, out);
	else
		print_text(&v, dir, out);
	buf_free(&v.url);
	return out->failed ? -1 : 0;
}

int
spool_measure(const char *dir, uint64_t *first, uint64_t *bytes)
{
	int folder = spool_folder_open(dir, false), r;
	struct segment_file *list = NULL;
	size_t n = 0;

	if (folder < 0)
		return -1;
	*first = *bytes = 0;
	r = segment_list(folder, &list, &n);
	for (size_t i = 0; i < n; i++)
		*bytes += (uint64_t)list[i].size;
	if (n > 0)
		*first = list[0].first;
	free(list);
	close(folder);
	return r;
}
