/*
 * The formats there are, in the order they are tried.
 */
#include "scanning.h"

const struct format format_clf = { .name = "clf", .scan = scan_clf,
    .first = "0a:-", .distinct = true };
const struct format format_combined = { .name = "combined",
    .scan = scan_combined, .first = "0a:-", .distinct = true };

static const struct format syslog_format = { .name = "syslog",
    .scan = scan_syslog, .first = "<0a", .nests = true };
static const struct format json_format = { .name = "json", .scan = scan_json,
    .nests = true };
static const struct format logfmt_format = { .name = "logfmt",
    .scan = scan_logfmt, .first = "a_@" };
static const struct format sls_format = { .name = "sls", .scan = scan_sls,
    .first = "0", .nests = true, .distinct = true };

const struct format *const formats[] = {
	&sls_format, &format_clf, &format_combined, &syslog_format,
	&json_format, &logfmt_format, NULL,
};
