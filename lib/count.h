/*
 * count - how often a byte occurs, at memory speed
 */
#ifndef COUNT_H
#define COUNT_H

#include <stddef.h>

size_t count_byte(const char *p, size_t n, char byte);

#endif
