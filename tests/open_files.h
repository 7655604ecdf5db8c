/*
 * open_files - how many descriptors a test has open
 */
#ifndef OPEN_FILES_H
#define OPEN_FILES_H

#include <fcntl.h>

static int
open_files(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

#endif
