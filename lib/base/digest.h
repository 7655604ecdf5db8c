/*
 * digest - digests and HMAC, over OpenSSL's libcrypto
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SHA256_SIZE = 32, MD5_SIZE = 16, SHA1_SIZE = 20,
	SHA256_HEX = 2 * SHA256_SIZE + 1 };

struct digests {
	unsigned char sha256[SHA256_SIZE], md5[MD5_SIZE];
	bool has_md5;		/* md5 was wanted, and can be had */
};

enum { HASH_SHA256 = 1, HASH_MD5 = 2 };

/* Whether libcrypto gives MD5: one that keeps to FIPS 140 does not. */
bool digest_has_md5(void);

/*
 * A digest of data that comes piece by piece; which is made of HASH_ flags.
 * HASH_MD5 is passed over where there is no MD5.
 */
struct digest;

struct digest *digest_new(int which);	/* NULL with errno ENOMEM */
void digest_add(struct digest *h, const void *p, size_t n);
void digest_end(struct digest *h, struct digests *d);	/* and starts anew */
void digest_free(struct digest *h);

/*
 * Digest len bytes of the file fd, starting at the offset from.  stop, if not
 * NULL, is asked now and then whether to give up.  Returns 0, or -1 with errno:
 * EIO when the file has fewer bytes, EINTR when stop said so.
 */
int digest_range(int which, int fd, off_t from, uint64_t len,
    bool (*stop)(void), struct digests *d);

void sha256(const void *p, size_t n, unsigned char out[SHA256_SIZE]);
/*
 * For names that others made so, not for safety.  Returns false where libcrypto
 * gives no SHA-1.
 */
bool digest_sha1(const void *p, size_t n, unsigned char out[SHA1_SIZE]);
void hmac_sha256(const void *key, size_t keylen, const void *p, size_t n,
    unsigned char out[SHA256_SIZE]);

/* Write n bytes as lower-case hex with a NUL at the end: 2 * n + 1 bytes. */
void digest_hex(const unsigned char *p, size_t n, char *out);
/*
 * Write n bytes as base64 with a NUL at the end: 4 * ((n + 2) / 3) + 1 bytes.
 */
void digest_base64(const unsigned char *p, size_t n, char *out);

#endif
