#include "file/name_list.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/visible.h"

bool
name_list_add(struct buf *b, const char *name, char end)
{
	struct span s = span_str(name);

	if (end == '\n' && strchr(name, '\n') != NULL)
		return false;
	if (!isatty(STDOUT_FILENO))
		buf_addspan(b, s);
	else if (s.len <= SIZE_MAX / VISIBLE_MAX &&
	    buf_reserve(b, VISIBLE_MAX * s.len) == 0)
		b->len += visible_put(b->p + b->len, s);
	buf_addc(b, end);
	return true;
}
