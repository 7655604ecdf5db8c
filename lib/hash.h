/*
 * hash - digests and HMAC, over OpenSSL's libcrypto
 */
#ifndef HASH_H
#define HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SHA256_SIZE = 32, MD5_SIZE = 16, SHA256_HEX = 2 * SHA256_SIZE + 1 };

struct digests {
	unsigned char sha256[SHA256_SIZE], md5[MD5_SIZE];
};

enum { HASH_SHA256 = 1, HASH_MD5 = 2 };

/* A digest of what comes piece by piece; which: HASH_ flags. */
struct hash;

struct hash *hash_new(int which);	/* NULL with errno ENOMEM */
void hash_add(struct hash *h, const void *p, size_t n);
void hash_end(struct hash *h, struct digests *d);	/* then starts anew */
void hash_free(struct hash *h);

/*
 * The digests of len bytes of fd at from; 0, or -1 with errno; EIO: fewer,
 * EINTR: stop, if not NULL, said so meanwhile.
 */
int hash_range(int which, int fd, off_t from, uint64_t len,
    bool (*stop)(void), struct digests *d);

void sha256(const void *p, size_t n, unsigned char out[SHA256_SIZE]);
void hmac_sha256(const void *key, size_t keylen, const void *p, size_t n,
    unsigned char out[SHA256_SIZE]);

/* Lower-case hex, with a NUL: 2 * n + 1 bytes. */
void hash_hex(const unsigned char *p, size_t n, char *out);
/* With a NUL: 4 * ((n + 2) / 3) + 1 bytes. */
void hash_base64(const unsigned char *p, size_t n, char *out);

#endif
