#include "progress.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "diag.h"
#include "units.h"

enum { WIDTH = 30, EVERY_MS = 200, FIRST_MS = 1000 };

static bool on;
static _Atomic uint64_t expected, done;
static _Atomic int64_t next_ms;		/* when to draw again */
static int64_t start_ms;
static bool drawn;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void
progress_on(void)
{
	if (!isatty(STDERR_FILENO) || isatty(STDOUT_FILENO))
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

/* "[####......]  40% ", or nothing where the end is unknown. */
static void
print_bar(char *text, size_t size, uint64_t is, uint64_t all)
{
	double part = (double)is / (double)all;
	char bar[WIDTH + 1];

	*text = '\0';
	if (all == 0 || is > all)	/* a pipe, if only one of several */
		return;
	for (int n = 0; n < WIDTH; n++)
		bar[n] = n < (int)(part * WIDTH) ? '#' : '.';
	bar[WIDTH] = '\0';
	snprintf(text, size, "[%s] %3d%% ", bar, (int)(part * 100));
}

static void
draw(int64_t now)
{
	uint64_t is = done;
	double mb = (double)is / 1e6;
	char text[128], bar[WIDTH + 10];
	int n;

	print_bar(bar, sizeof bar, is, expected);
	n = snprintf(text, sizeof text, "\r%s%.0f MB, %.0f MB/s\033[K", bar,
	    mb, mb * 1000 / (double)(now - start_ms));
	if (n > 0 && write(STDERR_FILENO, text, (size_t)n) > 0)
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
	next_ms = now + EVERY_MS;
	draw(now);
	pthread_mutex_unlock(&lock);
}

void
progress_end(void)
{
	if (!on)
		return;
	pthread_mutex_lock(&lock);
	if (drawn && write(STDERR_FILENO, "\r\033[K", 4) > 0)
		drawn = false;
	pthread_mutex_unlock(&lock);
}
