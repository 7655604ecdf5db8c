/* no-md5 - preloaded: libcrypto gives no MD5, as where it keeps to FIPS 140 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#include <openssl/evp.h>

static int
init(EVP_MD_CTX *c, const EVP_MD *type, ENGINE *e)
{
	return type == EVP_md5() ? 0 : EVP_DigestInit_ex(c, type, e);
}

/* Logpush loads the library and asks for its functions by their names. */
void *
dlsym(void *restrict library, const char *restrict name)
{
	static __typeof__(&dlsym) real;

	if (real == NULL)
		real = (__typeof__(real))dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
	return strcmp(name, "EVP_DigestInit_ex") == 0 ? (void *)init :
	    real(library, name);
}
