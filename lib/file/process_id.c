#include "file/process_id.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct stat_line {
	char state;
	int session;
	unsigned long long start;	/* in clock ticks after boot */
};

/*
 * Read the start of a small file, as a string.  Returns its length, or -1 with
 * errno.
 */
static ssize_t
slurp(const char *path, char *text, size_t size)
{
	int fd, saved;
	ssize_t n;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return -1;
	n = read(fd, text, size - 1);
	saved = errno;
	close(fd);
	errno = saved;
	text[n > 0 ? n : 0] = '\0';
	return n;
}

/*
 * Read a process's stat file, see proc(5): the command's name, in parentheses,
 * may hold any bytes.
 */
static int
read_stat(pid_t pid, struct stat_line *s)
{
	char path[64], text[1024], *p;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	if (slurp(path, text, sizeof text) < 0)
		return -1;
	if ((p = strrchr(text, ')')) == NULL ||
	    sscanf(p + 1, " %c %*d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u "
	    "%*d %*d %*d %*d %*d %*d %llu", &s->state, &s->session,
	    &s->start) != 3) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

int
process_id(pid_t pid, char id[PROCESS_ID_SIZE])
{
	struct stat_line s;
	char boot[40] = "-";

	if (read_stat(pid, &s) < 0)
		return -1;
	slurp("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
	boot[strcspn(boot, "\n")] = '\0';
	snprintf(id, PROCESS_ID_SIZE, "%ld %llu %s", (long)pid, s.start, boot);
	return 0;
}

pid_t
process_of(const char *id, size_t n)
{
	char now[PROCESS_ID_SIZE], *end;
	struct stat_line s;
	long pid;

	if (n == 0 || !isdigit((unsigned char)*id))
		return -1;
	errno = 0;
	pid = strtol(id, &end, 10);
	if (errno != 0 || pid < 1 || pid > 0x7fffffff || *end != ' ')
		return -1;
	if (process_id((pid_t)pid, now) < 0 || read_stat((pid_t)pid, &s) < 0 ||
	    s.state == 'Z' || s.state == 'X')
		return 0;
	return strlen(now) == n && memcmp(now, id, n) == 0 ? (pid_t)pid : 0;
}

void
process_signal_session(pid_t session, int sig)
{
	struct stat_line s;
	struct dirent *e;
	pid_t pid;
	DIR *d;

	if ((d = opendir("/proc")) == NULL) {
		kill(-session, sig);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		pid = (pid_t)strtol(e->d_name, NULL, 10);
		if (pid > 0 && read_stat(pid, &s) == 0 && s.session == session)
			kill(pid, sig);
	}
	closedir(d);
}
