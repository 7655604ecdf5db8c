#include "stream/syslog_message.h"

#include <stdio.h>
#include <time.h>

#include "emit/syslog_header.h"
#include "stream/json_document.h"

void
syslog_message_init(struct syslog_message *m, const struct receiver_options *o,
    size_t max)
{
	*m = (struct syslog_message){
		.o = o, .max = o->max_message > 0 ? o->max_message : max,
	};
}

const char *
syslog_message_check(const struct receiver_options *o)
{
	const char *why = NULL;

	if (o->hostname != NULL)
		why = json_document_check(o->hostname);
	if (why == NULL && o->appname != NULL)
		why = json_document_check(o->appname);
	return why;
}

/*
 * Returns the template filled in, or empty.  When the record lacks a field of it,
 * the record's own name counts, if it has one.
 */
static struct span
fill_in(struct buf *b, const char *template, struct span line, const char *own)
{
	struct span name;

	buf_clear(b);
	if (template == NULL || json_document_expand(b, template, line) <= 0)
		return buf_span(b);
	name = buf_span(b);
	if (!json_document_get(b, line, own))
		return name;
	return span_of(b->p + name.len, b->len - name.len);
}

/* Cut the text so that the message with its mark is as long as it may be. */
static void
cut(struct buf *b, size_t max)
{
	size_t text = syslog_header_end(buf_span(b)), end;
	char mark[48];
	int n = snprintf(mark, sizeof mark, " [cut %zu bytes]", b->len - text);

	if (text + (size_t)n > max) {	/* the header alone is too long */
		b->len = syslog_header_cut(b->p, max);
		return;
	}
	end = syslog_header_cut(b->p, max - (size_t)n);
	if (end < text)
		end = text;
	snprintf(mark, sizeof mark, " [cut %zu bytes]", b->len - end);
	b->len = end;
	buf_adds(b, mark);
}

int
syslog_message_make(struct syslog_message *m, struct span line)
{
	struct syslog_names names = { .host = m->o->host };

	buf_clear(&m->text);
	if (syslog_header_end(line) > 0) {
		buf_addspan(&m->text, line);
	} else {
		names.hostname = fill_in(&m->hostname, m->o->hostname, line,
		    "hostname");
		names.appname = fill_in(&m->appname, m->o->appname, line,
		    "appname");
		syslog_header_add(&m->text, line, &names);
	}
	if (!m->text.failed && m->text.len > m->max)
		cut(&m->text, m->max);
	return m->text.failed || m->hostname.failed || m->appname.failed ? -1 :
	    0;
}

bool
syslog_message_loss(struct syslog_message *m, const struct receiver *s,
    enum syslog_loss loss)
{
	uint64_t n = loss == SYSLOG_LOST ? s->lost : s->refused;
	time_t now = time(NULL);
	char when[32] = "-";
	struct tm tm;

	if (n == 0)
		return false;
	if (gmtime_r(&now, &tm) != NULL)
		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_clear(&m->text);
	buf_printf(&m->text, "<172>1 %s %s logplex logpush - - "
	    "Error %s: %llu messages %s.", when, m->o->host,
	    loss == SYSLOG_LOST ? "L12" : "L13", (unsigned long long)n,
	    loss == SYSLOG_LOST ? "dropped" : "lost");
	return true;
}

void
syslog_message_free(struct syslog_message *m)
{
	buf_free(&m->text);
	buf_free(&m->hostname);
	buf_free(&m->appname);
}
