/* digest, library: of a part of a file, and of a call that is not there */
#include "base/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/library.h"
#include "tap.h"

/* FIPS 180-4's example and RFC 1321's, of "abc". */
static const char sha256_abc[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char md5_abc[] = "900150983cd24fb0d6963f7d28e17f72";

static bool
now(void)
{
	return true;
}

static void
ranges(int fd)
{
	struct digests d;
	char hex[2 * SHA256_SIZE + 1];

	ok(digest_range(HASH_SHA256, fd, 1, 3, NULL, &d) == 0 && !d.has_md5,
	    "a part of a file is digested");
	digest_hex(d.sha256, SHA256_SIZE, hex);
	ok(strcmp(hex, sha256_abc) == 0, "SHA-256 of abc: %s", hex);
	if (digest_has_md5() && digest_range(HASH_MD5, fd, 1, 3, NULL, &d) == 0)
		digest_hex(d.md5, MD5_SIZE, hex);
	ok(!digest_has_md5() || strcmp(hex, md5_abc) == 0, "MD5 of abc: %s",
	    hex);
	ok(digest_range(HASH_SHA256, fd, 1, 5, NULL, &d) < 0 && errno == EIO,
	    "a file that has become shorter is an error");
	ok(digest_range(HASH_SHA256, fd, 1, 3, now, &d) < 0 && errno == EINTR,
	    "who is asked to stop stops");
	ok(digest_range(HASH_SHA256, -1, 0, 1, NULL, &d) < 0 && errno == EBADF,
	    "a file that cannot be read is an error");
	digest_free(NULL);
}

static void
libraries(void)
{
	int (*call)(void) = NULL;
	const struct library_call calls[] = {
		{ "logferry_has_no_such_call", &call }, { NULL, NULL },
	};

	errno = 0;
	ok(!library_load("liblogferry-none.so", calls) && errno == ELIBACC,
	    "a library that is not there cannot be loaded");
	errno = 0;
	ok(!library_load("libcrypto.so.3", calls) && errno == ELIBACC &&
	    call == NULL, "a library without a call is of no use");
}

int
main(void)
{
	char name[] = "/tmp/logferry-digest.XXXXXX";
	int fd = mkstemp(name);

	if (fd < 0 || unlink(name) < 0 || write(fd, "xabcy", 5) != 5)
		return 1;
	ranges(fd);
	libraries();
	return done_testing();
}
