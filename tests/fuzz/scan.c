/*
 * Any lines through the scanners: the first byte says which format is forced
 * (or auto).  Each line gives at most one record, its JSON is proper, and when
 * that is read again it gives the same record.
 */
#include <stdint.h>
#include <stdlib.h>

#include "emit/emit.h"
#include "format/format.h"
#include "format/scanner.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct emit *
emit_named(const char *output)
{
	const char *why;
	struct emit *e = emit_new(output, NULL, false, &why);

	return e != NULL ? e : (abort(), NULL);
}

/* Strict JSON, all of it. */
static void
check_json(struct span text)
{
	struct json_value key, value;
	struct json j;
	int r;

	if (json_open(&j, text, false) < 0)
		abort();
	while ((r = json_next(&j, &key, &value)) > 0)
		;
	if (r < 0 || j.end - j.p != 1)	/* the LF */
		abort();
}

static void
check_record(struct record *r, struct emit *json)
{
	static const char *const others[] = { "tsv", "csv", "logfmt", "ltsv",
	    "syslog", "sls", "ecs", "otlp", "gelf" };
	struct buf first = { 0 }, second = { 0 };
	struct scanner *s = scanner_new();
	struct record again = { 0 };
	struct emit *e;

	if (s == NULL)
		abort();
	emit_record(json, r, &first);
	check_json(buf_span(&first));
	if (scan_line(s, span_of(first.p, first.len - 1), &again) != 1)
		abort();
	emit_record(json, &again, &second);
	if (!span_eq(buf_span(&first), buf_span(&second)))
		abort();
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		buf_clear(&first);
		e = emit_named(others[i]);
		emit_record(e, r, &first);
		if (i >= 6)
			check_json(buf_span(&first));
		emit_free(e);
	}
	record_free(&again);
	scanner_free(s);
	buf_free(&first);
	buf_free(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data, *end = p + n, *lf;
	struct scanner *s = scanner_new();
	struct emit *json = emit_named("json");
	struct record r = { 0 };
	struct span bad;
	unsigned f = 0;

	if (n == 0 || s == NULL)
		goto done;
	while (formats[f] != NULL && f != *data % 64)
		f++;
	if (formats[f] != NULL &&
	    scanner_formats(s, formats[f]->name, &bad) < 0)
		abort();
	for (p++; p < end; p = lf + 1) {
		if ((lf = memchr(p, '\n', (size_t)(end - p))) == NULL)
			lf = end;
		if (scan_line(s, span_of(p, (size_t)(lf - p)), &r) != 0)
			check_record(&r, json);
		if (lf == end)
			break;
	}
	while (scan_end(s, &r) > 0)
		check_record(&r, json);
done:
	record_free(&r);
	emit_free(json);
	scanner_free(s);
	return 0;
}
