#include "net/grace.h"

#include <stdatomic.h>

#include "base/termination.h"
#include "base/units.h"

enum { GRACE_MS = 8 * 1000 };

int64_t
grace_left_ms(void)
{
	static _Atomic int64_t end_ms;
	int64_t now = units_now_ms(), none = 0, end;

	if (!termination_asked())
		return INT64_MAX;
	atomic_compare_exchange_strong(&end_ms, &none, now + GRACE_MS);
	end = atomic_load(&end_ms);
	return end > now ? end - now : 0;
}
