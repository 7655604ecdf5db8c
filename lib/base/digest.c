#include "base/digest.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/library.h"
#include "base/message.h"
#include "base/status.h"

/*
 * Loading it takes longer than a search through a small file, which needs no
 * digest.
 */
#define SONAME_(n) "libcrypto.so." #n
#define SONAME(n) SONAME_(n)

LIBRARY_NOTE(crypto_note, "[{\"soname\":[\"" SONAME(OPENSSL_SHLIB_VERSION)
    "\"],\"feature\":\"network\",\"description\":\"S3\","
    "\"priority\":\"recommended\"}]");

#define CALLS(X) \
	X(EVP_Digest) X(EVP_DigestFinal_ex) X(EVP_DigestInit_ex) \
	X(EVP_DigestUpdate) X(EVP_EncodeBlock) X(EVP_MD_CTX_free) \
	X(EVP_MD_CTX_new) X(EVP_md5) X(EVP_sha1) X(EVP_sha256) X(HMAC)

static struct {
#define X(call) __typeof__(call) *call;
	CALLS(X)
#undef X
} crypto;

enum { BLOCK = 128 << 10 };

struct digest {
	EVP_MD_CTX *sha256, *md5; /* NULL for a digest that is not wanted */
};

static void
load(void)
{
	static const struct library_call calls[] = {
#define X(call) { #call, &crypto.call },
		CALLS(X)
#undef X
		{ NULL, NULL }
	};

	if (!library_load(SONAME(OPENSSL_SHLIB_VERSION), calls))
		_exit(STATUS_TROUBLE);
}

/* What has begun cannot go on without digests. */
static void
need_crypto(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
}

/*
 * libcrypto fails here only when memory is short or it has no SHA-256.  No
 * digest must be taken for right then, and there is nothing else to do.
 */
static void
must(int good)
{
	if (good)
		return;
	warnx("libcrypto: %s", strerror(ENOMEM));
	_exit(STATUS_TROUBLE);
}

static bool
start(struct digest *h)
{
	return (h->sha256 == NULL ||
	    crypto.EVP_DigestInit_ex(h->sha256, crypto.EVP_sha256(), NULL)) &&
	    (h->md5 == NULL || crypto.EVP_DigestInit_ex(h->md5, crypto.EVP_md5(), NULL));
}

bool
digest_has_md5(void)
{
	EVP_MD_CTX *c;
	bool has;

	need_crypto();
	c = crypto.EVP_MD_CTX_new();
	has = c != NULL && crypto.EVP_DigestInit_ex(c, crypto.EVP_md5(), NULL);

	crypto.EVP_MD_CTX_free(c);
	return has;
}

struct digest *
digest_new(int which)
{
	struct digest *h;

	need_crypto();
	if ((h = calloc(1, sizeof *h)) == NULL)
		return NULL;
	if (which & HASH_SHA256 && (h->sha256 = crypto.EVP_MD_CTX_new()) == NULL)
		goto fail;
	if (which & HASH_MD5 && digest_has_md5() &&
	    (h->md5 = crypto.EVP_MD_CTX_new()) == NULL)
		goto fail;
	if (!start(h))
		goto fail;
	return h;
fail:
	digest_free(h);
	errno = ENOMEM;
	return NULL;
}

void
digest_add(struct digest *h, const void *p, size_t n)
{
	if (h->sha256 != NULL)
		must(crypto.EVP_DigestUpdate(h->sha256, p, n));
	if (h->md5 != NULL)
		must(crypto.EVP_DigestUpdate(h->md5, p, n));
}

void
digest_end(struct digest *h, struct digests *d)
{
	if (h->sha256 != NULL)
		must(crypto.EVP_DigestFinal_ex(h->sha256, d->sha256, NULL));
	d->has_md5 = h->md5 != NULL;
	if (d->has_md5)
		must(crypto.EVP_DigestFinal_ex(h->md5, d->md5, NULL));
	must(start(h));
}

void
digest_free(struct digest *h)
{
	if (h == NULL)
		return;
	crypto.EVP_MD_CTX_free(h->sha256);
	crypto.EVP_MD_CTX_free(h->md5);
	free(h);
}

int
digest_range(int which, int fd, off_t from, uint64_t len,
    bool (*stop)(void), struct digests *d)
{
	struct digest *h = digest_new(which);
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
		digest_add(h, block, (size_t)got);
		from += got;
		len -= (uint64_t)got;
	}
	digest_end(h, d);
	r = 0;
done:
	saved = errno;
	free(block);
	digest_free(h);
	errno = saved;
	return r;
}

void
sha256(const void *p, size_t n, unsigned char out[SHA256_SIZE])
{
	need_crypto();
	must(crypto.EVP_Digest(p, n, out, NULL, crypto.EVP_sha256(), NULL));
}

bool
digest_sha1(const void *p, size_t n, unsigned char out[SHA1_SIZE])
{
	need_crypto();
	return crypto.EVP_Digest(p, n, out, NULL, crypto.EVP_sha1(), NULL) == 1;
}

void
hmac_sha256(const void *key, size_t keylen, const void *p, size_t n,
    unsigned char out[SHA256_SIZE])
{
	need_crypto();
	must(crypto.HMAC(crypto.EVP_sha256(), key, (int)keylen, p, n, out, NULL) != NULL);
}

void
digest_hex(const unsigned char *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = '\0';
}

void
digest_base64(const unsigned char *p, size_t n, char *out)
{
	need_crypto();
	crypto.EVP_EncodeBlock((unsigned char *)out, p, (int)n);
}
