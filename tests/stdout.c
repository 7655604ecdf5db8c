/* stdout: what is printed, in whatever parts, is written */
#include <stdlib.h>
#include <unistd.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/stdout.h"
#include "tap.h"

enum { N = 300000 };

static void
print(int step)
{
	char text[64];

	for (int i = 0; i < N; i++)
		if (step > 1 && i % step == 0 && i + step <= N) {
			for (int k = 0; k < step; k++)
				text[k] = (char)('a' + (i + k) % 23);
			out_add(text, (size_t)step);
			i += step - 1;
		} else {
			out_addc((char)('a' + i % 23));
		}
}

/* Whether all bytes come, in their order, printed in parts of step bytes. */
static bool
comes(int step)
{
	char text[4096];
	int to[2], status, at = 0;
	bool good = true;
	ssize_t n;
	pid_t pid;

	if (pipe(to) < 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		dup2(to[1], STDOUT_FILENO);
		print(step);
		_exit(out_finish(0));
	}
	close(to[1]);
	while ((n = read(to[0], text, sizeof text)) > 0)
		for (ssize_t i = 0; i < n; i++, at++)
			good &= text[i] == (char)('a' + at % 23);
	close(to[0]);
	return waitpid(pid, &status, 0) == pid && status == 0 && good &&
	    at == N;
}

int
main(void)
{
	ok(comes(1), "bytes that are printed one by one are written");
	ok(comes(63) && comes(64), "bytes that are printed together, too");
	return done_testing();
}
