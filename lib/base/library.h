/*
 * library - a shared library that is loaded when it is first needed
 *
 * A library that is loaded this way is named in the program by a .note.dlopen
 * ELF note (systemd, "Package Metadata for dlopen'ed Libraries"), so that
 * packagers' tools can see the dependency.
 */
#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>

struct library_call {
	const char *name;	/* the function's name; NULL ends a list */
	void *to;		/* where the pointer to the function goes */
};

/*
 * Load soname and fill in the pointers.  Returns false with errno ELIBACC, and
 * a message that names the library, when it or one of the functions is missing.
 */
bool library_load(const char *soname, const struct library_call *calls);

/*
 * Put an ELF note into the program.  json is an array with soname, feature,
 * description and priority.
 */
#define LIBRARY_NOTE(id, json) \
	static const struct { \
		uint32_t name_size, json_size, type; \
		char name[sizeof "FDO"]; \
		_Alignas(uint32_t) char text[sizeof json]; \
	} id __attribute__((used, section(".note.dlopen"), aligned(4))) = { \
		sizeof "FDO", sizeof json, 0x407c0c0a, "FDO", json \
	}

#endif
