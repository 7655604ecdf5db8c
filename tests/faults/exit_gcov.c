/*
 * exit_gcov - programs that end by _exit(2) or become another leave their
 * counts, too
 *
 * For "make coverage", by -Wl,--wrap of each of these functions.
 */
#include <stdarg.h>
#include <stddef.h>

void __gcov_dump(void);
void __gcov_reset(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);
int __real_execvp(const char *file, char *const argv[]);
int __wrap_execvp(const char *file, char *const argv[]);
int __wrap_execl(const char *path, const char *arg, ...);

_Noreturn void
__wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}

/* Where it fails, the program goes on and counts anew. */
int
__wrap_execvp(const char *file, char *const argv[])
{
	__gcov_dump();
	__gcov_reset();
	return __real_execvp(file, argv);
}

int
__wrap_execl(const char *path, const char *arg, ...)
{
	char *argv[8] = { (char *)arg };
	va_list ap;

	va_start(ap, arg);
	for (size_t n = 1; n < 7 && (argv[n] = va_arg(ap, char *)) != NULL; n++)
		;
	va_end(ap);
	return __wrap_execvp(path, argv);
}
