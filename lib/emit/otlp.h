/*
 * otlp - a record in OpenTelemetry's JSON (opentelemetry.io/docs/specs/otlp,
 * "JSON Protobuf Encoding"; its fields: opentelemetry/proto/logs/v1/logs.proto)
 */
#ifndef EMIT_OTLP_H
#define EMIT_OTLP_H

#include "record/record.h"

/* What stands between a resource and its first log record. */
#define OTLP_SCOPE \
	"\"scopeLogs\":[{\"scope\":{\"name\":\"logferry\"},\"logRecords\":["

/*
 * Add to resource the Resource that a record comes from: host, program,
 * container, pod; to log_record, which is another buffer, all else of it as a
 * LogRecord.  observed_ms: when the record was read, in milliseconds since
 * 1970, or negative.  Returns 0, or -1 with errno ENOMEM.
 */
int otlp_add(struct record *r, int64_t observed_ms, struct buf *resource,
    struct buf *log_record);

#endif
