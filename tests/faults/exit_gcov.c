/*
 * exit_gcov - programs that end by _exit(2) leave their counts, too
 *
 * For "make coverage", by -Wl,--wrap=_exit.
 */
void __gcov_dump(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

void
__wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
