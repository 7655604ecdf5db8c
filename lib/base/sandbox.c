#include "base/sandbox.h"

#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* The access rights of linux/landlock.h; an older header may lack some. */
enum {
	WRITE_FILE = 1 << 1,
	CHANGE_FOLDER = 0x1ff0,	/* to make and remove whatever a folder holds */
	REFER = 1 << 13, /* version 2: to move a file into another folder */
	TRUNCATE = 1 << 14,	/* version 3 */
	BIND_TCP = 1 << 0, CONNECT_TCP = 1 << 1, /* version 4 */
	CREATE_VERSION = 1 << 0,	/* asks for the version of Landlock */
};

struct ruleset {
	uint64_t files, net;
};

/* make coverage leaves it out: the counts are written at the end. */
#if defined SYS_landlock_create_ruleset && !defined NO_SANDBOX
int
sandbox_version(void)
{
	long v = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
	    (unsigned)CREATE_VERSION);

	return v > 0 ? (int)v : 0;
}

/* Everything that a ruleset handles and has no rule for is refused. */
void
sandbox_enter(bool network)
{
	struct ruleset r = { .files = WRITE_FILE | CHANGE_FOLDER };
	int version = sandbox_version();
	int fd;

	if (version == 0)
		return;
	if (version >= 2)
		r.files |= REFER;
	if (version >= 3)
		r.files |= TRUNCATE;
	if (version >= 4 && !network)
		r.net = BIND_TCP | CONNECT_TCP;
	fd = (int)syscall(SYS_landlock_create_ruleset, &r,
	    version >= 4 ? sizeof r : sizeof r.files, 0u);
	if (fd < 0)
		return;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		(void)!syscall(SYS_landlock_restrict_self, fd, 0u);
	close(fd);
}
#else
int
sandbox_version(void)
{
	return 0;
}

void
sandbox_enter(bool network)
{
	(void)network;
}
#endif
