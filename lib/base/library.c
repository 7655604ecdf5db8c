#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "base/message.h"

bool
library_load(const char *soname, const struct library_call *calls)
{
	void *call, *lib = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	for (; lib != NULL && calls->name != NULL; calls++) {
		if ((call = dlsym(lib, calls->name)) == NULL)
			break;
		memcpy(calls->to, &call, sizeof call);
	}
	if (lib != NULL && calls->name == NULL)
		return true;
	warnx("%s", dlerror()); /* dlerror() begins with the library's name */
	errno = ELIBACC;
	return false;
}
