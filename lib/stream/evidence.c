#include "stream/evidence.h"

void
evidence_add(struct evidence *e, uint64_t group)
{
	size_t oldest = 0, i;

	for (i = 0; i < EVIDENCE_GROUPS; i++) {
		if (e->groups[i].at > 0 && e->groups[i].group == group)
			break;
		if (e->groups[i].at < e->groups[oldest].at)
			oldest = i;
	}
	if (i == EVIDENCE_GROUPS)
		i = oldest;
	e->groups[i].group = group;
	e->groups[i].at = ++e->taken;
}

bool
evidence_since(const struct evidence *e, uint64_t group, uint64_t at)
{
	for (size_t i = 0; i < EVIDENCE_GROUPS; i++)
		if (e->groups[i].group == group && e->groups[i].at > at)
			return true;
	return false;
}
