/*
 * otlp_protobuf - OpenTelemetry's requests and answers in binary protobuf, as
 * opentelemetry/proto/logs/v1/logs.proto and common/v1/common.proto have them
 */
#ifndef STREAM_OTLP_PROTOBUF_H
#define STREAM_OTLP_PROTOBUF_H

#include <stdint.h>

#include "base/buf.h"

/*
 * Add the ExportLogsServiceRequest that json is.  Members that it does not have
 * are passed over, as receivers do.  Returns 0, or -1 with errno: ENOMEM, or
 * EINVAL when it is no such request.
 */
int otlp_protobuf_add(struct buf *b, struct span json);

/*
 * Read an ExportLogsServiceResponse: how many log records were rejected, and
 * why, which points into the answer.  Returns 0, or -1 when it is no whole
 * answer; then as far as it goes.
 */
int otlp_protobuf_rejected(
    struct span answer, uint64_t *rejected, struct span *why);

#endif
