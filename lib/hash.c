#include "hash.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { BLOCK = 128 << 10 };

struct hash {
	EVP_MD_CTX *sha256, *md5;	/* NULL: not wanted */
};

/* Only out of memory, or a libcrypto without SHA-256, fails in libcrypto. */
static void
must(int good)
{
	if (!good)
		abort();
}

static void
start(struct hash *h)
{
	if (h->sha256 != NULL)
		must(EVP_DigestInit_ex(h->sha256, EVP_sha256(), NULL));
	if (h->md5 != NULL)
		must(EVP_DigestInit_ex(h->md5, EVP_md5(), NULL));
}

struct hash *
hash_new(int which)
{
	struct hash *h;

	if ((h = calloc(1, sizeof *h)) == NULL)
		return NULL;
	if (which & HASH_SHA256 && (h->sha256 = EVP_MD_CTX_new()) == NULL)
		goto fail;
	if (which & HASH_MD5 && (h->md5 = EVP_MD_CTX_new()) == NULL)
		goto fail;
	start(h);
	return h;
fail:
	hash_free(h);
	errno = ENOMEM;
	return NULL;
}

void
hash_add(struct hash *h, const void *p, size_t n)
{
	if (h->sha256 != NULL)
		must(EVP_DigestUpdate(h->sha256, p, n));
	if (h->md5 != NULL)
		must(EVP_DigestUpdate(h->md5, p, n));
}

void
hash_end(struct hash *h, struct digests *d)
{
	if (h->sha256 != NULL)
		must(EVP_DigestFinal_ex(h->sha256, d->sha256, NULL));
	if (h->md5 != NULL)
		must(EVP_DigestFinal_ex(h->md5, d->md5, NULL));
	start(h);
}

void
hash_free(struct hash *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->sha256);
	EVP_MD_CTX_free(h->md5);
	free(h);
}

int
hash_range(int which, int fd, off_t from, uint64_t len,
    bool (*stop)(void), struct digests *d)
{
	struct hash *h = hash_new(which);
	unsigned char *block = malloc(BLOCK);
	ssize_t got = -1;
	int r = -1, saved;

	if (h == NULL || block == NULL)
		goto done;
	while (len > 0) {
		if (stop != NULL && stop()) {
			errno = EINTR;
			goto done;
		}
		got = pread(fd, block, len < BLOCK ? (size_t)len : BLOCK, from);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = EIO;
		if (got <= 0)
			goto done;
		hash_add(h, block, (size_t)got);
		from += got;
		len -= (uint64_t)got;
	}
	hash_end(h, d);
	r = 0;
done:
	saved = errno;
	free(block);
	hash_free(h);
	errno = saved;
	return r;
}

void
sha256(const void *p, size_t n, unsigned char out[SHA256_SIZE])
{
	must(EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL));
}

void
hmac_sha256(const void *key, size_t keylen, const void *p, size_t n,
    unsigned char out[SHA256_SIZE])
{
	must(HMAC(EVP_sha256(), key, (int)keylen, p, n, out, NULL) != NULL);
}

void
hash_hex(const unsigned char *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = '\0';
}

void
hash_base64(const unsigned char *p, size_t n, char *out)
{
	EVP_EncodeBlock((unsigned char *)out, p, (int)n);
}
