#include "base/stdout.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/write_all.h"

enum { ENOUGH = 64 * 1024 };

static struct buf held;
static int error;	/* errno of the write that failed, or 0 */

static void
fail(int why)
{
	error = why;
	buf_clear(&held);
}

int
out_flush(void)
{
	if (held.len > 0)
		progress_make_room();
	if (error == 0 && write_all(STDOUT_FILENO, held.p, held.len) < 0)
		fail(errno);
	buf_clear(&held);
	if (error == 0)
		return 0;
	errno = error;
	return -1;
}

void
out_add(const void *p, size_t n)
{
	if (error != 0)
		return;
	if (held.len + n >= ENOUGH && held.len > 0)
		out_flush();
	if (n >= ENOUGH) {	/* large data is written without a copy */
		progress_make_room();
		if (error == 0 && write_all(STDOUT_FILENO, p, n) < 0)
			fail(errno);
	} else if (error == 0 && buf_add(&held, p, n) < 0) {
		fail(ENOMEM);
	}
}

void
out_addc(char c)
{
	if (held.len < held.cap && held.len < ENOUGH && error == 0)
		held.p[held.len++] = c;
	else
		out_add(&c, 1);
}

bool
out_failed(void)
{
	return error != 0;
}

int
out_finish(int status)
{
	out_flush();
	buf_free(&held);
	if (error == 0)
		return status;
	if (error != EPIPE) {
		errno = error;
		warn("standard output");
	}
	return STATUS_TROUBLE;
}
