/*
 * file_name - the name of a file in front of a line, as loggrep puts it there
 */
#ifndef FORMAT_FILE_NAME_H
#define FORMAT_FILE_NAME_H

#include "base/bytes.h"
#include "format/format.h"

/* As file_name_len; colon is the first one, with no blank in front of it. */
size_t file_name_until(struct scan *s, struct span text, const char *colon);

/*
 * Returns how long the name in front of text is, with the ':' behind it; or 0,
 * when there is none for certain.  It is certain when a time, the envelope of
 * syslog or kubectl, the client of an access log, a level of klog or a pair of
 * logfmt stands behind it.  s is for the time.
 */
static inline size_t
file_name_len(struct scan *s, struct span text)
{
	const char *end = text.p + text.len, *p;

	if (*text.p == '{')
		return 0;
	p = find_either(text.p, end, ' ', ':');
	return p < end && *p == ':' ? file_name_until(s, text, p) : 0;
}

#endif
