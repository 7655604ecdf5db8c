#include "format/known_keys.h"

#include <pthread.h>

#include "format/scan_util.h"

/*
 * The keys that have a known meaning.  When a record has several keys of one
 * meaning, that of the lowest rank counts.  A key that is called as the table's
 * own field goes before all others; a plain text such as client has no row
 * here, as it needs no change, and keys_have finds it.  A duration is in units
 * of a second divided by 10 to the power of scale.
 */
static const struct {
	const char *key;
	enum known_field field;
	unsigned rank, scale;
} known[] = {
	{ "timestamp", KNOWN_TIME, 0, 0 }, { "@timestamp", KNOWN_TIME, 1, 0 },
	{ "time", KNOWN_TIME, 2, 0 }, { "ts", KNOWN_TIME, 3, 0 },
	{ "datetime", KNOWN_TIME, 4, 0 }, { "date", KNOWN_TIME, 5, 0 },
	{ "time_iso8601", KNOWN_TIME, 6, 0 },
	{ "time_local", KNOWN_TIME, 7, 0 },

	{ "message", KNOWN_MESSAGE, 0, 0 }, { "msg", KNOWN_MESSAGE, 1, 0 },
	{ "log", KNOWN_MESSAGE, 2, 0 }, { "Message", KNOWN_MESSAGE, 3, 0 },
	{ "MESSAGE", KNOWN_MESSAGE, 3, 0 }, { "@m", KNOWN_MESSAGE, 3, 0 },
	{ "@mt", KNOWN_MESSAGE, 4, 0 }, { "textPayload", KNOWN_MESSAGE, 4, 0 },
	{ "event", KNOWN_MESSAGE, 5, 0 }, { "body", KNOWN_MESSAGE, 6, 0 },

	{ "lvl", KNOWN_LEVEL, 1, 0 },
	{ "log.level", KNOWN_LEVEL, 1, 0 }, { "severity", KNOWN_LEVEL, 2, 0 },
	{ "levelname", KNOWN_LEVEL, 3, 0 }, { "LogLevel", KNOWN_LEVEL, 3, 0 },
	{ "loglevel", KNOWN_LEVEL, 3, 0 }, { "Level", KNOWN_LEVEL, 3, 0 },
	{ "@l", KNOWN_LEVEL, 3, 0 }, { "severityText", KNOWN_LEVEL, 3, 0 },
	{ "severity_text", KNOWN_LEVEL, 3, 0 },
	{ "error_severity", KNOWN_LEVEL, 3, 0 }, { "s", KNOWN_LEVEL, 4, 0 },

	{ "status", KNOWN_STATUS, 0, 0 }, { "status_code", KNOWN_STATUS, 1, 0 },
	{ "statusCode", KNOWN_STATUS, 1, 0 },
	{ "StatusCode", KNOWN_STATUS, 1, 0 },
	{ "http_status", KNOWN_STATUS, 1, 0 },
	{ "http_status_code", KNOWN_STATUS, 1, 0 },
	{ "httpStatus", KNOWN_STATUS, 1, 0 },
	{ "httpStatusCode", KNOWN_STATUS, 1, 0 },
	{ "http_code", KNOWN_STATUS, 1, 0 },
	{ "response_status", KNOWN_STATUS, 1, 0 },
	{ "response_code", KNOWN_STATUS, 1, 0 },
	{ "responseStatus", KNOWN_STATUS, 1, 0 },
	{ "responseCode", KNOWN_STATUS, 1, 0 },
	{ "responseCodeSent", KNOWN_STATUS, 1, 0 },
	{ "sc-status", KNOWN_STATUS, 1, 0 }, { "sc_status", KNOWN_STATUS, 1, 0 },
	{ "ScStatus", KNOWN_STATUS, 1, 0 },
	{ "elb_status_code", KNOWN_STATUS, 1, 0 },
	{ "DownstreamStatus", KNOWN_STATUS, 1, 0 },
	{ "OriginStatus", KNOWN_STATUS, 1, 0 },
	{ "EdgeResponseStatus", KNOWN_STATUS, 1, 0 },
	{ "http.response.status_code", KNOWN_STATUS, 1, 0 },
	{ "http.status_code", KNOWN_STATUS, 1, 0 },
	{ "response.status_code", KNOWN_STATUS, 1, 0 },
	{ "response.status", KNOWN_STATUS, 1, 0 },
	{ "res.statusCode", KNOWN_STATUS, 1, 0 },
	{ "httpRequest.status", KNOWN_STATUS, 1, 0 },

	/* nginx's variables, and what others call the same. */
	{ "remote_addr", KNOWN_CLIENT, 1, 0 }, { "ip", KNOWN_CLIENT, 2, 0 },
	{ "remote_user", KNOWN_USER, 1, 0 },
	{ "request_method", KNOWN_METHOD, 1, 0 },
	{ "path", KNOWN_PATH, 0, 0 }, { "request_uri", KNOWN_PATH, 1, 0 },
	{ "uri", KNOWN_PATH, 2, 0 }, { "request", KNOWN_REQUEST, 0, 0 },
	{ "server_protocol", KNOWN_PROTOCOL, 1, 0 },
	{ "size", KNOWN_SIZE, 0, 0 }, { "body_bytes_sent", KNOWN_SIZE, 1, 0 },
	{ "bytes_sent", KNOWN_SIZE, 2, 0 }, { "length", KNOWN_SIZE, 3, 0 },
	{ "http_referer", KNOWN_REFERER, 1, 0 },
	{ "http_user_agent", KNOWN_AGENT, 1, 0 },
	{ "user_agent", KNOWN_AGENT, 2, 0 },
	{ "duration", KNOWN_DURATION, 0, 0 },
	{ "request_time", KNOWN_DURATION, 1, 0 },
	{ "generation_time_milli", KNOWN_DURATION, 2, 3 },
	{ "server_name", KNOWN_SERVER, 1, 0 },
	{ "pid", KNOWN_PID, 0, 0 }, { "line", KNOWN_LINE, 0, 0 },
	{ "version", KNOWN_VERSION, 0, 0 },
};

static const struct {
	const char *key;
	unsigned holds;
} holders[] = {
	{ "http", HOLDS_STATUS }, { "request", HOLDS_STATUS },
	{ "response", HOLDS_STATUS }, { "res", HOLDS_STATUS },
	{ "resp", HOLDS_STATUS }, { "httpRequest", HOLDS_STATUS },
	{ "properties", HOLDS_STATUS }, { "proxy", HOLDS_STATUS },
	{ "api", HOLDS_STATUS }, { "transaction", HOLDS_STATUS },
	{ "attributes", HOLDS_STATUS }, { "responseStatus", HOLDS_CODE },
	{ "log", HOLDS_LEVEL }, { "fields", HOLDS_MESSAGE },
};

static const char *const reserved[] = { "format", "envelope", "error" };

/*
 * A hash table of all these keys, open addressing.  Most keys of a line are not
 * in it, and meet an empty slot at once.
 */
enum { FORMATS = 64, TELLING = 32 };

struct slot {
	struct span key;	/* p is NULL in an empty slot */
	unsigned telling;
	bool is_known, is_reserved;
	unsigned char field, rank, scale, holds;
};

static struct slot slots[KNOWN_SLOTS];
unsigned char known_hashes[KNOWN_SLOTS];
static unsigned format_bit;
static unsigned format_keys[FORMATS];
static unsigned n_telling;

/*
 * As span_eq, but without a call or a loop, for texts that are short and mostly
 * equal.
 */
static inline bool
is_same(struct span a, struct span b)
{
	uint64_t x, y;
	uint32_t u, v;

	if (a.len != b.len || a.len == 0)
		return false;
	if (a.len < 4)
		return a.p[0] == b.p[0] && a.p[a.len / 2] == b.p[a.len / 2] &&
		    a.p[a.len - 1] == b.p[a.len - 1];
	if (a.len < 8) {
		memcpy(&u, a.p, 4);
		memcpy(&v, b.p, 4);
		if (u != v)
			return false;
		memcpy(&u, a.p + a.len - 4, 4);
		memcpy(&v, b.p + b.len - 4, 4);
		return u == v;
	}
	memcpy(&x, a.p, 8);
	memcpy(&y, b.p, 8);
	if (x != y)
		return false;
	if (a.len > 16)
		return memcmp(a.p + 8, b.p + 8, a.len - 8) == 0;
	memcpy(&x, a.p + a.len - 8, 8);
	memcpy(&y, b.p + b.len - 8, 8);
	return x == y;
}

static inline struct slot *
slot_at(unsigned i, struct span key)
{
	for (; slots[i].key.p != NULL; i = (i + 1) % KNOWN_SLOTS)
		if (is_same(slots[i].key, key))
			break;
	return &slots[i];
}

/* Finds the slot of a key, or makes one. */
static struct slot *
new_slot(const char *key)
{
	struct slot *slot = slot_at(known_hash(span_str(key)), span_str(key));

	slot->key = span_str(key);
	return slot;
}

/* Returns the bit for a key that formats are recognised by. */
static unsigned
telling_bit(const char *key)
{
	struct slot *slot = new_slot(key);

	if (slot->telling == 0)
		slot->telling = 1u << n_telling++ % TELLING;
	return slot->telling;
}

/*
 * Whether the table has a number for the field.  A key that is called as in the
 * table and whose value is a number needs no change.
 */
static bool
is_number(enum known_field field)
{
	return field == KNOWN_SIZE || field == KNOWN_DURATION ||
	    field == KNOWN_PID || field == KNOWN_LINE;
}

static void
note_hash(const struct slot *slot)
{
	unsigned char *hash = &known_hashes[known_hash(slot->key)];
	bool only_text = slot->is_known && slot->rank == 0 &&
	    is_number(slot->field) && slot->telling == 0;

	if (*hash < 2)
		*hash = only_text ? 1 : 2;
}

static void
fill_slots(void)
{
	struct slot *slot;
	const char *key;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		slot = new_slot(known[i].key);
		slot->is_known = true;
		slot->field = (unsigned char)known[i].field;
		slot->rank = (unsigned char)known[i].rank;
		slot->scale = (unsigned char)known[i].scale;
	}
	for (size_t i = 0; i < sizeof holders / sizeof *holders; i++)
		new_slot(holders[i].key)->holds =
		    (unsigned char)holders[i].holds;
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		new_slot(reserved[i])->is_reserved = true;
	format_bit = telling_bit("format");
	for (size_t f = 0; formats[f] != NULL; f++)
		for (size_t i = 0; i < 4 &&
		    (key = formats[f]->keys[i]) != NULL; i++)
			format_keys[f] |= telling_bit(key);
	for (unsigned i = 0; i < KNOWN_SLOTS; i++)
		if (slots[i].key.p != NULL)
			note_hash(&slots[i]);
}

void
known_keys_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fill_slots);
}

bool
is_http_status(struct span v)
{
	const char *p = v.p + 3, *end = v.p + v.len;

	if (v.len < 3 || *v.p < '1' || *v.p > '9' || !is_digit(v.p[1]) ||
	    !is_digit(v.p[2]))
		return false;
	if (end - p >= 2 && *p == '.')
		p = skip_digits(p + 1, end);
	return p == end;
}

bool
is_other_method(struct span method, bool widely)
{
	static const char *const ftp_smtp_sip[] = { "USER", "PASS", "RETR",
	    "STOR", "NLST", "CWD", "CDUP", "PWD", "QUIT", "PASV", "EPSV",
	    "DELE", "MKD", "RMD", "RNFR", "RNTO", "ControlChannelOpened",
	    "ControlChannelClosed", "DataChannelOpened", "DataChannelClosed",
	    "HELO", "EHLO", "RCPT", "BDAT", "RSET", "STARTTLS",
	    "INVITE", "REGISTER", "ACK", "BYE", "CANCEL", "PRACK", "REFER",
	    "LIST*", "PORT*", "TYPE*", "SIZE*", "MAIL*", "DATA*", "AUTH*",
	    "sent*", "created*" };
	const char *name;

	for (size_t i = 0; i < sizeof ftp_smtp_sip / sizeof *ftp_smtp_sip; i++) {
		name = ftp_smtp_sip[i];
		if (*name == *method.p && method.len < 21 &&
		    strncmp(name, method.p, method.len) == 0 &&
		    (name[method.len] == '\0' ||
		    (widely && name[method.len] == '*')))
			return method.len > 0;
	}
	return false;
}

/*
 * Whether the field can have the meaning of its key.  A message, for example,
 * is no object.
 */
static bool
may_be(const struct field *f, const struct slot *slot)
{
	bool is_json = f->kind == FIELD_JSON;

	switch (slot->field) {
	case KNOWN_STATUS:
		return is_http_status(f->value) && (is_json || f->value.len == 3);
	case KNOWN_MESSAGE:
	case KNOWN_LEVEL:
		if (slot->rank > 3 && slot->field == KNOWN_LEVEL)
			return f->value.len <= 2;	/* MongoDB's s */
		return slot->rank == 0 || !is_json || f->value.len == 0 ||
		    (*f->value.p != '{' && *f->value.p != '[');
	default: return true;
	}
}

void
keys_begin(struct keys *k, const struct record *r)
{
	k->found = k->to_set = k->telling = 0;
	memset(k->names, 0, sizeof k->names);
	k->twins = k->reserved = false;
	k->n_holders = 0;
	k->first = r->n;
}

void
keys_note_known(struct keys *k, const struct record *r, unsigned h)
{
	const struct field *f = &r->fields[r->n - 1];
	const struct slot *slot = slot_at(h, f->name);
	struct key_rank *best;
	bool has_best;

	if (slot->key.p == NULL)
		return;
	k->telling |= slot->telling;
	k->reserved |= slot->is_reserved;
	if (slot->holds != 0 && f->value.len > 1 && *f->value.p == '{' &&
	    k->n_holders < sizeof k->holders / sizeof *k->holders)
		k->holders[k->n_holders++] = r->n - 1;
	if (!slot->is_known || !may_be(f, slot))
		return;
	best = &k->best[slot->field];
	has_best = (k->found & 1u << slot->field) != 0;
	/* Of two statuses of one rank the worse one counts. */
	if (!has_best || slot->rank < best->rank ||
	    (slot->rank == best->rank && slot->field == KNOWN_STATUS &&
	    *f->value.p > *r->fields[best->field].value.p))
		*best = (struct key_rank){ slot->rank, slot->scale,
		    r->n - 1 };
	k->found |= 1u << slot->field;
	if (slot->rank > 0 || f->kind != FIELD_JSON ||
	    slot->field == KNOWN_TIME || slot->field == KNOWN_MESSAGE)
		k->to_set |= 1u << slot->field;
}

void
keys_prefer(struct keys *k, const struct record *r, struct span name,
    enum known_field field)
{
	for (size_t i = r->n; i-- > k->first;)
		if (span_eq(r->fields[i].name, name)) {
			k->best[field] = (struct key_rank){ .rank = 1,
			    .field = i };
			k->found |= 1u << field;
			k->to_set |= 1u << field;
			return;
		}
}

unsigned
known_holds(struct span key)
{
	return slot_at(known_hash(key), key)->holds;
}

bool
known_as(struct span key, enum known_field field)
{
	const struct slot *slot = slot_at(known_hash(key), key);

	return slot->is_known && slot->field == field;
}

bool
keys_may_have(const struct keys *k, struct span name)
{
	unsigned h = known_hash(name);

	return (k->names[h >> 6 & 3] >> (h & 63) & 1) != 0;
}

bool
keys_have(const struct keys *k, const struct record *r, struct span name)
{
	if (keys_may_have(k, name))
		for (size_t i = k->first; i < r->n; i++)
			if (span_eq(r->fields[i].name, name))
				return true;
	return false;
}

bool
keys_have_format(const struct keys *k)
{
	return (k->telling & format_bit) != 0;
}

const struct format *
keys_format(const struct keys *k)
{
	for (size_t f = 0; k->telling != 0 && formats[f] != NULL; f++)
		if (format_keys[f] != 0 &&
		    (k->telling & format_keys[f]) == format_keys[f])
			return formats[f];
	return NULL;
}

const char *
keys_missing(const struct keys *k, const struct format *f)
{
	size_t last = 0;

	while (last + 1 < 4 && f->keys[last + 1] != NULL)
		last++;
	return (k->telling & slot_at(known_hash(span_str(f->keys[last])),
	    span_str(f->keys[last]))->telling) == 0 ? f->keys[last] : NULL;
}
