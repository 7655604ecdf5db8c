/*
 * hex - hexadecimal digits
 */
#ifndef HEX_H
#define HEX_H

/* 0 to 15, or -1 for a character that is no hex digit. */
static inline int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
