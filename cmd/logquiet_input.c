/*
 * logquiet_input - what logquiet reads, keeps for the command, copies, confirms
 */
#include "logquiet.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/message.h"

static char buffer[BUF_SIZE];

static int
adopt_feed(void *arg, long pid)
{
	struct quiet *q = arg;

	return q->feeds ? burst_file_adopt(&q->feed, q->state_path,
	    q->feeds_made, pid) : 0;
}

static void
keep_feed(struct quiet *q, struct span s)
{
	const char *base = q->state != NULL ? q->state_path : NULL;

	if (!q->feeds || q->feed_lost ||
	    burst_file_add(&q->feed, base, q->feeds_made, s.p, s.len) == 0)
		return;
	trouble(q, "--feed");
	q->feed_lost = q->unkept = true;
}

void
mark_pending(struct quiet *q, bool start)
{
	struct timespec since;
	int r;

	if (q->state == NULL || q->marked)
		return;
	clock_gettime(CLOCK_REALTIME, &since);
	r = (start ? state_file_adopt : state_file_mark)(q->state, &since,
	    adopt_feed, q);
	q->marked = r > 0 || !start;
	if (r < 0) {
		trouble(q, q->state_path);
		q->unkept = true;
	}
	if (r <= 0)
		return;
	burst_begin(&q->burst, &since, now_ms());
	q->fire = true;
	if (q->verbose)
		note("an earlier burst is pending");
}

void
unmark_pending(struct quiet *q)
{
	if (!q->marked || q->burst.pending || q->held || q->left_feed)
		return;
	if (state_file_clear(q->state) < 0)
		trouble(q, q->state_path);
	q->marked = false;
}

void
free_burst_file(struct quiet *q, struct burst_file *f, bool failed_for_good)
{
	bool keep = failed_for_good && f->path != NULL;

	q->left_feed |= keep;
	if (burst_file_free(f, keep) < 0)
		trouble(q, "--feed");
}

static void
stop_tee(struct quiet *q)
{
	if (errno != EPIPE)
		trouble(q, "standard output");
	q->tees = false;
	buf_free(&q->tee);
	q->tee_at = 0;
}

bool
is_copying(const struct quiet *q)
{
	return q->tee_at < q->tee.len;
}

void
copy_on(struct quiet *q, bool regular)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
	size_t n;
	ssize_t put;

	while (is_copying(q) &&
	    (regular || (poll(&p, 1, 0) > 0 && p.revents != 0))) {
		n = q->tee.len - q->tee_at;
		if (!regular && n > TEE_PIECE)
			n = TEE_PIECE;
		put = write(STDOUT_FILENO, q->tee.p + q->tee_at, n);
		if (put >= 0)
			q->tee_at += (size_t)put;
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			stop_tee(q);
	}
	if (!is_copying(q)) {
		buf_clear(&q->tee);
		q->tee_at = 0;
	}
}

static void
add_copy(struct quiet *q, struct span s)
{
	q->tee_open = s.p[s.len - 1] != '\n';
	if (buf_addspan(&q->tee, s) < 0)
		stop_tee(q);
}

/* Any answer but OK tells omprog to send the line again. */
void
confirm(struct quiet *q, uint64_t lines)
{
	const char *answer = "OK\n";

	if (q->confirms && lines > 0 && !q->unkept &&
	    burst_file_sync(&q->feed) < 0) {
		trouble(q, "--feed");
		q->unkept = true;
	}
	if (q->unkept)
		answer = "cannot be kept\n";
	for (; q->confirms && lines > 0; lines--)
		if (write(STDOUT_FILENO, answer, strlen(answer)) < 0) {
			if (errno != EPIPE)
				trouble(q, "standard output");
			q->confirms = false;
		}
}

bool
is_regular(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/*
 * Take data of the burst; other says that the data before it was another
 * file's.
 */
static void
take(struct quiet *q, struct span s, bool other)
{
	uint64_t lines = q->burst.lines;

	if (s.len == 0)
		return;
	if (other && q->burst.open_line) {
		burst_end_line(&q->burst);
		keep_feed(q, span_str("\n"));
	}
	burst_count(&q->burst, s.p, s.len);
	keep_feed(q, s);
	if (q->tees) {
		if (other && q->tee_open)
			add_copy(q, span_str("\n"));
		add_copy(q, s);
		copy_on(q, is_regular(STDOUT_FILENO));
	}
	confirm(q, q->burst.lines - lines);
}

void
take_rests(struct quiet *q)
{
	struct watch_data d;

	while (q->watch != NULL && watch_rest(q->watch, &d) > 0)
		take(q, d.bytes, d.other);
}

void
end_input(struct quiet *q)
{
	q->ended = true;
	take_rests(q);
	if (q->drops && q->burst.pending) {
		q->burst = (struct burst){ 0 };
		free_burst_file(q, &q->feed, false);
	}
	unmark_pending(q);
}

static int
read_watch(struct quiet *q, struct watch_data *d)
{
	int r = watch_ready(q->watch);

	q->more = r > 0;
	if (r > 0) {
		mark_pending(q, false);
		r = watch_read(q->watch, d);
	}
	if (r == 0) {
		errno = EAGAIN;
		r = -1;
	}
	return r;
}

/*
 * Read data that has come.  The mark is written first, or a crash would forget
 * the data.
 */
static int
read_stdin(struct quiet *q, struct watch_data *d)
{
	int waiting = 1;
	ssize_t n;

	if (ioctl(STDIN_FILENO, FIONREAD, &waiting) < 0 || waiting > 0)
		mark_pending(q, false);
	if ((n = read(STDIN_FILENO, buffer, sizeof buffer)) <= 0)
		return (int)n;
	d->bytes = span_of(buffer, (size_t)n);
	q->owed -= d->bytes.len < q->owed ? d->bytes.len : q->owed;
	return 1;
}

void
take_input(struct quiet *q)
{
	struct watch_data d = { 0 };
	int r = q->watch != NULL ? read_watch(q, &d) : read_stdin(q, &d);

	if (r < 0 && (errno == EINTR || errno == EAGAIN)) {
		unmark_pending(q);
		return;
	}
	if (r < 0)
		trouble(q, q->watch != NULL ? "--watch" : "standard input");
	if (r <= 0) {
		end_input(q);
		return;
	}
	burst_came(&q->burst, now_ms());
	take(q, d.bytes, d.other);
	q->idle_ms = q->burst.last_ms + LINGER_MS;
}

bool
is_drained(const struct quiet *q, int64_t now)
{
	return q->finishing && q->owed == 0 &&
	    (now >= q->idle_ms || now >= q->leave_ms);
}
