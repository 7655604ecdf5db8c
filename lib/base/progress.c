#include "base/progress.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/message.h"
#include "base/units.h"

enum { BAR_MAX = 30, BAR_MIN = 5, EVERY_MS = 200, FIRST_MS = 1000 };
enum { COLUMNS = 80 };		/* of a terminal that does not say */

static bool on;
static bool shared;		/* whether standard output is a terminal, too */
static _Atomic uint64_t expected, done, files;
static _Atomic int64_t next_ms;		/* when to draw again */
static int64_t start_ms;
static bool drawn;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void
progress_on(bool whole_lines)
{
	const char *term = getenv("TERM");

	shared = isatty(STDOUT_FILENO);
	if (!isatty(STDERR_FILENO) || (shared && !whole_lines) ||
	    term == NULL || strcmp(term, "dumb") == 0)
		return;
	start_ms = units_now_ms();
	next_ms = start_ms + FIRST_MS;
	diag_before = progress_end;
	on = true;
}

void
progress_expect(uint64_t bytes)
{
	expected += bytes;
}

void
progress_file(void)
{
	files++;
}

/*
 * Prints "[####......]  40% " with width characters between the brackets, or
 * nothing when there is no room, or it is not known how much there is.
 */
static void
print_bar(char *text, size_t size, int width, uint64_t is, uint64_t all)
{
	double part = (double)is / (double)all;
	char bar[BAR_MAX + 1];

	*text = '\0';
	/* The size is not known when one of the inputs is a pipe. */
	if (width < BAR_MIN || all == 0 || is > all)
		return;
	if (width > BAR_MAX)
		width = BAR_MAX;
	for (int n = 0; n < width; n++)
		bar[n] = n < (int)(part * width) ? '#' : '.';
	bar[width] = '\0';
	snprintf(text, size, "[%s] %3d%% ", bar, (int)(part * 100));
}

/* Prints "3 done, " for files, or nothing before the first is done. */
static void
print_files(char *text, size_t size)
{
	*text = '\0';
	if (files > 0)
		snprintf(text, size, "%llu done, ", (unsigned long long)files);
}

/* Prints ", 12 s left", where it is known how much there is. */
static void
print_left(char *text, size_t size, uint64_t is, double per_ms)
{
	double left_s = (double)(expected - is) / per_ms / 1000;

	*text = '\0';
	if (expected > is && is > 0 && left_s < 360000)
		snprintf(text, size, ", %.0f s left", left_s);
}

/* How much fits on a line: of two lines only one could be cleared. */
static int
columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return COLUMNS - 1;
	return size.ws_col - 1;
}

static void
draw(int64_t now)
{
	uint64_t is = done;
	double per_ms = (double)is / (double)(now - start_ms);
	char bar[BAR_MAX + 10], count[32], left[32], numbers[128], text[256];
	int room = columns(), n;

	/* Lines that are shown as they come in need none. */
	if (shared && is > expected)
		return;
	print_files(count, sizeof count);
	print_left(left, sizeof left, is, per_ms);
	n = snprintf(numbers, sizeof numbers, "%s%.0f MB, %.0f MB/s%s", count,
	    (double)is / 1e6, per_ms / 1000, left);
	print_bar(bar, sizeof bar, room - n - (int)strlen("[] 100% "), is,
	    expected);
	snprintf(text, sizeof text, "%s%s", bar, numbers);
	if (dprintf(STDERR_FILENO, "\r%.*s\033[K", room, text) > 0)
		drawn = true;
}

void
progress_add(uint64_t bytes)
{
	int64_t now;

	if (!on)
		return;
	done += bytes;
	if ((now = units_now_ms()) < next_ms ||
	    pthread_mutex_trylock(&lock) != 0)
		return;
	if (now >= next_ms) {	/* still */
		next_ms = now + EVERY_MS;
		draw(now);
	}
	pthread_mutex_unlock(&lock);
}

void
progress_end(void)
{
	int64_t later = units_now_ms() + EVERY_MS;

	if (!on)
		return;
	pthread_mutex_lock(&lock);
	if (drawn && write(STDERR_FILENO, "\r\033[K", 4) > 0)
		drawn = false;
	/* What is written now stays for a moment. */
	if (next_ms < later)
		next_ms = later;
	pthread_mutex_unlock(&lock);
}

void
progress_make_room(void)
{
	if (shared)
		progress_end();
}
