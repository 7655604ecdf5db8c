/* pending: marks of several processes in one file, and damaged ones */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "file/process_id.h"
#include "tap.h"
#include "trigger/state_file.h"

static char path[] = "/tmp/logferry-pending.XXXXXX";
static long told;
static size_t lines_told;		/* in the file when it was told */
static int answer;			/* of tell */
static struct timespec since;		/* after take */

static size_t
lines(void)
{
	char text[65536];
	FILE *f = fopen(path, "r");
	size_t n = fread(text, 1, sizeof text, f), count = 0;

	fclose(f);
	for (size_t i = 0; i < n; i++)
		count += text[i] == '\n';
	return count;
}

static int
tell(void *arg, long pid)
{
	(void)arg;
	told = pid;
	lines_told = lines();
	return answer;
}

static int
take(struct state_file *p, bool mark)
{
	since = (struct timespec){ 2000000000, 0 };
	told = -1;
	return (mark ? state_file_mark : state_file_adopt)(
	    p, &since, tell, NULL);
}

static void
put(const char *text, size_t n)
{
	FILE *f = fopen(path, "w");

	fwrite(text, 1, n, f);
	fclose(f);
}

/* A process that marks itself, then ends or waits to be killed. */
static pid_t
other(bool waits)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready) < 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		struct state_file *p = state_file_open(path);

		take(p, true);
		(void)!write(ready[1], "", 1);
		if (waits)
			pause();
		_exit(0);
	}
	(void)!read(ready[0], &c, 1);
	close(ready[0]);
	close(ready[1]);
	if (!waits)
		waitpid(pid, NULL, 0);
	return pid;
}

/* What a file may hold that is taken for one of ours. */
static const struct {
	const char *name, *text;
	size_t n;
	bool ours;
} files[] = {
	{ "an empty file is ours", "", 0, true },
	{ "empty lines and zero bytes are ours", "\n\0\0\n", 4, true },
	{ "zero bytes before a mark are ours",
	    "\0\0\n12 34 b 5.000000006\n", 23, true },
	{ "a mark is ours", "12 34 b 5.000000006\n", 20, true },
	{ "the start of a mark is ours", "12 34 ab", 8, true },
	{ "a mark and the start of one are ours",
	    "12 34 b 5.000000006\n12 34 ab", 28, true },
	{ "a word is not ours", "rubbish", 7, false },
	{ "a line of words is not ours", "some rubbish\n", 13, false },
	{ "a number is not ours", "12\n", 3, false },
	{ "a mark with more behind it is not ours",
	    "12 34 b 5.000000006 x\n", 22, false },
};

static void
test_ours(void)
{
	struct state_file *p;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		put(files[i].text, files[i].n);
		errno = 0;
		p = state_file_open(path);
		ok(files[i].ours ? p != NULL : p == NULL && errno == EEXIST,
		    "%s", files[i].name);
		state_file_free(p);
	}
}

/* Marks that others left, and what is none. */
static void
test_taking(struct state_file *p)
{
	static const char marks[] = "4194304 1 b 1624961103.000000000\n"
	    "4194304 1 b 1624961102.000000000\n"
	    "4194304 1 b 1624961104.000000000\n";
	static const char later[] = "4194304 1 b 2000000001.000000000\n";
	char id[PROCESS_ID_SIZE];

	put("rubbish", 7);
	ok(take(p, false) == 1 && told == 0 && lines() == 1,
	    "rubbish is pending");
	put("\0\0\0\0", 4);
	ok(take(p, false) == 1 && lines() == 1, "zero bytes are pending");
	put("\n\n", 2);
	ok(take(p, false) == 0 && lines() == 0, "empty lines are not pending");
	snprintf(id, sizeof id, "%ld 1 boot 1.000000000\n", (long)getpid());
	put(id, strlen(id));
	ok(take(p, false) == 1,
	    "a mark of our number by another process is taken over");
	put(marks, strlen(marks));
	ok(take(p, false) == 1 && since.tv_sec == 1624961102,
	    "of several marks the earliest time is taken over");
	put(later, strlen(later));
	ok(take(p, false) == 1 && since.tv_sec == 2000000000,
	    "a mark of a time to come leaves the time as it is");
	ok(process_of("1x", 2) == -1 && process_of("", 0) == -1,
	    "what is no id of a process is refused");
	put(later, strlen(later));
	answer = -1;
	ok(take(p, false) < 0 && lines_told == 2 && lines() == 2,
	    "a mark stays beside ours when what it stands for is not taken over");
	answer = 0;
	ok(take(p, false) == 1 && lines_told == 2 && lines() == 1,
	    "a mark stays beside ours until what it stands for is taken over");
	put(later, strlen(later));
	ok(state_file_adopt(p, &since, NULL, NULL) == 1 && lines() == 1,
	    "a mark is taken over where nobody is told");
}

int
main(void)
{
	char id[PROCESS_ID_SIZE];
	struct state_file *p;
	pid_t pid;

	close(mkstemp(path));
	p = state_file_open(path);
	ok(p != NULL, "the file of marks is opened");
	ok(take(p, false) == 0 && lines() == 0,
	    "nothing to take over, no mark");
	ok(take(p, true) == 0 && lines() == 1, "a process makes a mark");
	ok(take(p, true) == 0 && lines() == 1,
	    "a process has one mark however often it makes it");
	ok(state_file_clear(p) == 0 && lines() == 0, "the mark is cleared");

	pid = other(true);
	ok(take(p, false) == 0 && lines() == 1,
	    "the mark of a living process stays");
	ok(take(p, true) == 0 && lines() == 2,
	    "the mark of this process stands beside that of another");
	state_file_clear(p);
	ok(lines() == 1, "clearing removes the mark of this process alone");
	kill(pid, SIGKILL);
	while (process_id(pid, id) == 0 &&
	    process_of(id, strlen(id)) > 0)
		usleep(1000);
	ok(take(p, false) == 1 && told == pid && lines() == 1,
	    "the mark of a dead process, a zombie, is taken over");
	waitpid(pid, NULL, 0);
	pid = other(false);
	ok(take(p, true) == 1 && told == pid && lines() == 1,
	    "the mark of a process that died later is taken over");
	state_file_clear(p);

	test_taking(p);
	state_file_free(p);
	test_ours();
	unlink(path);
	ok(state_file_open("/nowhere/state") == NULL,
	    "a missing folder is an error");
	return done_testing();
}
