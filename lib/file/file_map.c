#include "file/file_map.h"

#include <pthread.h>
#include <unistd.h>
#include <sys/mman.h>

/* How much is mapped at once: mapping stops all threads. */
enum { WINDOW = 16 << 20 };

static _Thread_local struct file_map *current;

/* The mapped part of the file was cut off: put empty pages in its place. */
static void
on_bus_error(int sig, siginfo_t *info, void *context)
{
	struct file_map *m = current;
	const char *p = info->si_addr;

	(void)context;
	if (m != NULL && p >= m->base && p < m->base + m->len) {
		m->lost = 1;
		if (mmap(m->base, m->len, PROT_READ, MAP_PRIVATE |
		    MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
			return;
	}
	signal(sig, SIG_DFL);	/* the signal comes again, and ends us */
}

static void
catch_bus_errors(void)
{
	struct sigaction sa = { .sa_sigaction = on_bus_error,
	    .sa_flags = SA_SIGINFO };

	sigaction(SIGBUS, &sa, NULL);
}

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/*
 * A page is behind the file's, as PCRE2 on ARM reads up to 16 bytes where a
 * text has ended (https://github.com/PCRE2Project/pcre2/issues/86).
 */
static int
map(struct file_map *m, int fd, off_t size, off_t offset)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	size_t n;
	void *p;

	pthread_once(&once, catch_bus_errors);
	file_map_free(m);
	offset -= offset % (off_t)page_size();
	n = size - offset < WINDOW ? (size_t)(size - offset) : WINDOW;
	p = mmap(NULL, n + page_size(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);
	if (p == MAP_FAILED)
		return -1;
	if (mmap(p, n, PROT_READ, MAP_SHARED | MAP_FIXED, fd, offset) ==
	    MAP_FAILED) {
		munmap(p, n + page_size());
		return -1;
	}
	madvise(p, n, MADV_SEQUENTIAL);
	*m = (struct file_map){ .base = p, .offset = offset, .len = n };
	current = m;
	return 0;
}

const char *
file_map_part(struct file_map *m, int fd, off_t size, off_t offset, size_t n)
{
	off_t end = offset + (off_t)n;

	if ((m->base == NULL || offset < m->offset ||
	    end > m->offset + (off_t)m->len) && map(m, fd, size, offset) < 0)
		return NULL;
	return m->base + (offset - m->offset);
}

void
file_map_free(struct file_map *m)
{
	if (m->base == NULL)
		return;
	current = NULL;
	munmap(m->base, m->len + page_size());
	*m = (struct file_map){ 0 };
}
