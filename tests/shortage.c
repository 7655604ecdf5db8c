/* what is done without memory or descriptors: a message and status 2 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/digest.h"
#include "base/opt.h"
#include "stream/queue.h"
#include "tap.h"

static bool no_memory;

static void *
try_malloc(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return no_memory ? NULL : malloc(n);
}

static void *
try_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return no_memory ? NULL : realloc(p, n);
}

static void
free_memory(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

static void
digest_without_memory(void)
{
	unsigned char digest[SHA256_SIZE];

	no_memory = true;
	sha256("", 0, digest);
}

static struct rlimit descriptors;

/* A sanitizer that looks for leaks at the end needs some. */
static void
allow_descriptors(void)
{
	setrlimit(RLIMIT_NOFILE, &descriptors);
}

static void
start_without_descriptors(void)
{
	static const struct opt opts[] = { { 0 } };
	static const struct cmd cmd = { .name = "command", .opts = opts };
	struct rlimit none;
	char name[] = "command", *argv[] = { name, NULL };

	getrlimit(RLIMIT_NOFILE, &descriptors);
	atexit(allow_descriptors);
	none = (struct rlimit){ 0, descriptors.rlim_max };
	close(STDIN_FILENO);
	setrlimit(RLIMIT_NOFILE, &none);
	opt_next(&cmd, 1, argv);
}

/* Returns the wait status of a process that does the work, and what it said. */
static int
run(void (*work)(void), char *said, size_t size)
{
	int out[2], status = -1;
	ssize_t got, n = 0;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		dup2(out[1], STDERR_FILENO);
		work();
		_exit(0);
	}
	close(out[1]);
	while ((got = read(out[0], said + n, size - 1 - (size_t)n)) > 0)
		n += got;
	said[n] = '\0';
	close(out[0]);
	waitpid(pid, &status, 0);
	return status;
}

#ifdef __SANITIZE_ADDRESS__
static void
test_queue(void)
{
	ok(true, "a queue takes lines again once there is memory"
	    " # skip a sanitizer ends the process without memory");
}
#else
static void
test_queue(void)
{
	struct queue *q = queue_memory();
	char *text = calloc(1, FRAME_MAX);
	struct frame large = { .data = span_of(text, FRAME_MAX) };
	struct frame small = { .data = span_str("a line") };
	struct rlimit all, little = { 0 };
	int r;

	getrlimit(RLIMIT_AS, &all);
	little.rlim_max = all.rlim_max;
	setrlimit(RLIMIT_AS, &little);
	r = queue_put(q, &large);
	setrlimit(RLIMIT_AS, &all);
	/* An emulator knows no such limit. */
	ok(r == 0 || (errno == ENOMEM && queue_put(q, &small) == 0 &&
	    queue_put(q, &small) == 0),
	    "a queue takes lines again once there is memory");
	queue_free(q);
	free(text);
}
#endif

int
main(void)
{
	char said[256];
	int status;

	if (!CRYPTO_set_mem_functions(try_malloc, try_realloc, free_memory))
		return 1;
	status = run(digest_without_memory, said, sizeof said);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 2,
	    "a digest without memory ends with status 2");
	ok(strcmp(said, "logferry: libcrypto: Cannot allocate memory\n") == 0,
	    "a digest without memory is told of");
	status = run(start_without_descriptors, said, sizeof said);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 2,
	    "a start without descriptors ends with status 2");
	ok(strcmp(said, "command: /dev/null: Too many open files\n") == 0,
	    "a start without descriptors is told of");
	test_queue();
	return done_testing();
}
