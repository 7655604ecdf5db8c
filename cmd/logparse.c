/*
 * logparse - log lines to records
 */
#include <errno.h>
#include <getopt.h>
#include <time.h>

#include "emit.h"
#include "files.h"
#include "finish.h"
#include "input.h"
#include "line.h"
#include "opt.h"
#include "out.h"
#include "progress.h"
#include "scan.h"
#include "status.h"

enum { MAX_LINE = OPT_LONG, TZ, UNPARSED, YEAR };

static const struct cmd cmd = {
	.name = "logparse", .what = "log lines to records",
	.operands = "[file ...]",
	.opts = (const struct opt[]){
		{ 'f', "format", "format", "auto, or formats from outside in" },
		{ 'o', "output", "output", "json, tsv or template:TEXT" },
		{ 's', "select", "field,...", "write only these fields" },
		OPT_FILES_FROM,
		OPT_NULL_LIST,
		{ TZ, "tz", "zone", "the zone of stamps that have none" },
		{ YEAR, "year", "year", "the year of stamps that have none" },
		{ UNPARSED, "unparsed", "keep|drop|fail",
		    "what becomes of lines that are not parsed" },
		{ MAX_LINE, "max-line", "size", "the longest line (1M)" },
		{ 'v', "verbose", NULL, "say what was read" },
		{ 0 },
	},
};

static const char *const unparsed_words[] = { "keep", "drop", "fail", NULL };
enum unparsed { KEEP, DROP, FAIL };

struct job {
	struct scanner *scanner;
	struct emit *emit;
	struct record rec;
	struct buf text;	/* records of the block at hand */
	enum unparsed unparsed;
	size_t max_line;
	uint64_t lines, records, bad;
	int status;
};

static void
worse(struct job *job, int status)
{
	if (job->status < status)
		job->status = status;
}

/* False to read no more. */
static bool
parse_line(struct job *job, struct span line, const char *name)
{
	int r = scan_line(job->scanner, line, &job->rec);

	job->lines++;
	if (r == 0)
		return true;
	if (r < 0) {
		job->bad++;
		worse(job, STATUS_NO);
		if (job->unparsed == FAIL) {
			warnx("%s: line %llu: %.*s", name,
			    (unsigned long long)job->lines,
			    (int)job->rec.error.len, job->rec.error.p);
			worse(job, STATUS_TROUBLE);
			return false;
		}
		if (job->unparsed == DROP)
			return true;
	}
	job->records++;
	if (emit_record(job->emit, &job->rec, &job->text) < 0)
		die("%s", name);
	return true;
}

static bool
parse_block(struct job *job, struct span block, const char *name)
{
	const char *p = block.p, *end = p + block.len, *lf;
	bool more = true;

	while (more && p < end) {
		lf = memchr(p, '\n', (size_t)(end - p));
		more = parse_line(job, span_of(p, (size_t)((lf != NULL ? lf :
		    end) - p)), name);
		p = lf != NULL ? lf + 1 : end;
		if (job->text.len >= 64 * 1024 || p == end) {
			out_span(buf_span(&job->text));
			buf_clear(&job->text);
		}
	}
	return more && !out_failed();
}

/* False when the work ends here. */
static bool
parse_file(struct job *job, const char *name)
{
	struct input *in = input_open(name);
	const char *shown = strcmp(name, "-") == 0 ? "standard input" : name;
	struct lines *lines = NULL;
	struct span block;
	bool more = true;
	int r;

	if (in == NULL || (lines = lines_new(in, job->max_line)) == NULL) {
		warn("%s", shown);
		worse(job, STATUS_TROUBLE);
		input_close(in);
		return true;
	}
	job->lines = 0;
	scanner_input(job->scanner, S_ISREG(input_stat(in)->st_mode) ?
	    input_stat(in)->st_mtime : time(NULL));
	while (more && (r = lines_block(lines, &block)) != 0) {
		if (r < 0) {
			warnx("%s: %s", shown, input_error(in));
			worse(job, STATUS_TROUBLE);
			break;
		}
		more = parse_block(job, block, shown);
		progress_add(block.len);
	}
	if (lines_cut(lines) > 0)
		warnx("%s: %llu lines longer than %zu bytes, cut in pieces",
		    shown, (unsigned long long)lines_cut(lines), job->max_line);
	lines_free(lines);
	input_close(in);
	return more && !finish_asked();
}

static void
parse_files(struct job *job, struct files *files)
{
	const char *name;

	while ((name = files_next(files)) != NULL && parse_file(job, name))
		;
	if (files_error(files) != 0) {
		errno = files_error(files);
		warn("list of files");
		worse(job, STATUS_TROUBLE);
	}
}

static void
set_formats(struct job *job, const char *list)
{
	struct span bad;

	if (scanner_formats(job->scanner, list, &bad) < 0)
		opt_misuse(&cmd, "%.*s: no such format", (int)bad.len, bad.p);
}

static void
set_output(struct job *job, const char *output, const char *fields)
{
	const char *why;

	if ((job->emit = emit_new(output, fields, &why)) != NULL)
		return;
	if (*why == '\0')
		die("%s", output);
	opt_misuse(&cmd, "%s: %s", output, why);
}

int
main(int argc, char *argv[])
{
	struct job job = { .max_line = LINE_MAX_DEFAULT };
	const char *list = NULL, *output = "json", *fields = NULL;
	bool nul = false, verbose = false;
	struct files *files;
	int ch;

	if ((job.scanner = scanner_new()) == NULL)
		die("cannot start");
	while ((ch = opt_next(&cmd, argc, argv)) != -1)
		switch (ch) {
		case '0': nul = true; break;
		case 'T': list = optarg; break;
		case 'f': set_formats(&job, optarg); break;
		case 'o': output = optarg; break;
		case 's': fields = optarg; break;
		case 'v': verbose = true; break;
		case MAX_LINE: job.max_line = opt_size(&cmd, 1, 1 << 30); break;
		case UNPARSED: job.unparsed = opt_word(&cmd, unparsed_words);
			break;
		case YEAR: scanner_zone(job.scanner)->year =
			    (int)opt_number(&cmd, 1, 9999); break;
		case TZ:
			if (zone_set(scanner_zone(job.scanner), optarg) < 0)
				opt_misuse(&cmd, "%s: no such zone", optarg);
			break;
		}
	set_output(&job, output, fields);
	if (finish_on_signals() < 0)
		die("signals");
	input_idle = out_flush;
	if ((files = files_new(argv + optind, list, nul, true)) == NULL)
		die("cannot start");

	parse_files(&job, files);
	if (verbose)
		note("%llu records, %llu lines not parsed", (unsigned long long)
		    job.records, (unsigned long long)job.bad);
	files_free(files);
	emit_free(job.emit);
	scanner_free(job.scanner);
	record_free(&job.rec);
	buf_free(&job.text);
	return out_finish(job.status);
}
