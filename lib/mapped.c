#include "mapped.h"

#include <pthread.h>
#include <unistd.h>
#include <sys/mman.h>

static _Thread_local struct mapped *current;

/* What was mapped is there no more: put empty pages in its place. */
static void
on_bus_error(int sig, siginfo_t *info, void *context)
{
	struct mapped *m = current;
	const char *p = info->si_addr;

	(void)context;
	if (m != NULL && p >= m->base && p < m->base + m->len) {
		m->lost = 1;
		if (mmap(m->base, m->len, PROT_READ, MAP_PRIVATE |
		    MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
			return;
	}
	signal(sig, SIG_DFL);	/* it comes again, for good */
}

static void
catch_bus_errors(void)
{
	struct sigaction sa = { .sa_sigaction = on_bus_error,
	    .sa_flags = SA_SIGINFO };

	sigaction(SIGBUS, &sa, NULL);
}

const char *
mapped_part(struct mapped *m, int fd, off_t offset, size_t n)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	size_t before = (size_t)(offset % sysconf(_SC_PAGESIZE));
	void *p;

	pthread_once(&once, catch_bus_errors);
	mapped_free(m);
	p = mmap(NULL, before + n, PROT_READ, MAP_SHARED, fd,
	    offset - (off_t)before);
	if (p == MAP_FAILED)
		return NULL;
	madvise(p, before + n, MADV_SEQUENTIAL);
	*m = (struct mapped){ .base = p, .len = before + n };
	current = m;
	return m->base + before;
}

void
mapped_free(struct mapped *m)
{
	if (m->base == NULL)
		return;
	current = NULL;
	munmap(m->base, m->len);
	*m = (struct mapped){ 0 };
}
