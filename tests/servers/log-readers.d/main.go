// log-readers reads lines of OTLP as the OpenTelemetry Collector does, and of
// GELF as Graylog's library does, and writes for each a JSON array: time, host,
// application, severity, message, status and path.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"time"

	"github.com/Graylog2/go-gelf/gelf"
	"go.opentelemetry.io/collector/pdata/plog"
)

func otlp(line []byte) ([]any, error) {
	logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(line)
	if err != nil {
		return nil, err
	}
	if logs.LogRecordCount() != 1 {
		return nil, fmt.Errorf("%d records", logs.LogRecordCount())
	}
	resource := logs.ResourceLogs().At(0)
	of := resource.Resource().Attributes().AsRaw()
	rec := resource.ScopeLogs().At(0).LogRecords().At(0)
	attrs := rec.Attributes().AsRaw()
	var when any
	if rec.Timestamp() != 0 {
		when = rec.Timestamp().AsTime().Format(time.RFC3339Nano)
	}
	return []any{when, of["host.name"], of["service.name"],
		int(rec.SeverityNumber()), rec.Body().AsRaw(),
		attrs["http.response.status_code"], attrs["url.path"]}, nil
}

var additional = regexp.MustCompile(`^_[\w.-]+$`)

// What the specification says beyond what the library looks at.
func keepsToGelf(line []byte) error {
	var all map[string]any
	if err := json.Unmarshal(line, &all); err != nil {
		return err
	}
	for key, value := range all {
		switch key {
		case "version", "host", "short_message", "full_message",
			"timestamp", "level":
		default:
			if !additional.MatchString(key) || key == "_id" {
				return fmt.Errorf("key %s", key)
			}
		}
		switch value.(type) {
		case string, float64:
		default:
			return fmt.Errorf("value of %s", key)
		}
	}
	return nil
}

func gelfMessage(line []byte) ([]any, error) {
	var m gelf.Message
	if err := m.UnmarshalJSON(line); err != nil {
		return nil, err
	}
	if err := keepsToGelf(line); err != nil {
		return nil, err
	}
	if m.Version != "1.1" || m.Host == "" || m.Short == "" {
		return nil, errors.New("version, host or short_message")
	}
	text := m.Full
	if text == "" {
		text = m.Short
	}
	var when any
	if m.TimeUnix != 0 {
		when = time.Unix(int64(math.Floor(m.TimeUnix)), 0).UTC().
			Format(time.RFC3339)
	}
	return []any{when, m.Host, m.Extra["_appname"], int(m.Level), text,
		m.Extra["_status"], m.Extra["_path"]}, nil
}

func main() {
	read := otlp
	if len(os.Args) > 1 && os.Args[1] == "gelf" {
		read = gelfMessage
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for n := 1; lines.Scan(); n++ {
		fields, err := read(lines.Bytes())
		if err == nil {
			err = out.Encode(fields)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "log-readers: line %d: %v\n", n, err)
			os.Exit(1)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "log-readers:", err)
		os.Exit(1)
	}
}
