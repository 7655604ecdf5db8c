/*
 * Any bytes as JSON: what is read is written as proper JSON, which a strict
 * reader takes and writes the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "record/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* The object in text written again; 0, or -1 when it is none. */
static int
rewrite(struct span text, bool tolerant, struct buf *to, bool *lossy)
{
	struct json_value key, value;
	struct json j;
	int r;

	if (json_open(&j, text, tolerant) < 0 || j.close != '}')
		return -1;
	buf_addc(to, '{');
	while ((r = json_next(&j, &key, &value)) > 0) {
		if (to->p[to->len - 1] != '{')
			buf_addc(to, ',');
		json_add_value(to, &key, lossy);
		buf_addc(to, ':');
		json_add_value(to, &value, lossy);
	}
	buf_addc(to, '}');
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf first = { 0 }, second = { 0 };
	struct json_value v;
	bool lossy = false;
	struct span text = span_of((const char *)p, n);

	json_get(text, "a.b", &v);
	if (rewrite(text, true, &first, &lossy) == 0) {
		lossy = false;
		if (rewrite(buf_span(&first), false, &second, &lossy) < 0 ||
		    lossy || !span_eq(buf_span(&first), buf_span(&second)))
			abort();
	}
	buf_free(&first);
	buf_free(&second);
	return 0;
}
