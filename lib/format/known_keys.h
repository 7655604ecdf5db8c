/*
 * known_keys - the keys of JSON, logfmt and ltsv that have a known meaning
 *
 * Such a format notes each field after it is added.  At the end those with a
 * known meaning get the table's names and types; and the keys tell which format
 * a JSON object is of.
 */
#ifndef FORMAT_KNOWN_KEYS_H
#define FORMAT_KNOWN_KEYS_H

#include <stdint.h>

#include "format/format.h"

/* The fields of the table, in the order in which they are set. */
enum known_field {
	KNOWN_TIME, KNOWN_MESSAGE, KNOWN_LEVEL, KNOWN_STATUS, KNOWN_CLIENT,
	KNOWN_USER, KNOWN_METHOD, KNOWN_PATH, KNOWN_REQUEST,
	KNOWN_PROTOCOL, KNOWN_SIZE, KNOWN_REFERER, KNOWN_AGENT, KNOWN_DURATION,
	KNOWN_SERVER, KNOWN_PID, KNOWN_LINE, KNOWN_VERSION, KNOWN_FIELDS
};

struct keys {
	uint32_t found;		/* a bit for each known_field that was found */
	uint32_t to_set; /* a bit for each that needs another name or type */
	/* A bit for each key found by which formats are recognised. */
	uint32_t telling;
	/* A bit for each name's hash, to find names that come twice. */
	uint64_t names[4];
	bool twins;		/* a name may come twice */
	bool reserved; /* a key has a name that only fields of ours may have */
	struct key_rank {
		unsigned rank;	/* 0: it is called as in the table */
		unsigned scale;
		size_t field;
	} best[KNOWN_FIELDS];
	size_t holders[8];	/* fields that may hold known keys inside */
	unsigned n_holders;
	size_t first;		/* the first field of this format */
};

/*
 * To be called once, before any of the others.  It collects the keys of all
 * formats.
 */
void known_keys_prepare(void);

void keys_begin(struct keys *k, const struct record *r);
/*
 * For each hash, which keys with a known meaning have it: 0 none, as for most
 * hashes; 1 only keys of numbers, which need a change only when their value is
 * text; 2 others, too.
 */
enum { KNOWN_SLOTS = 1024 };
extern unsigned char known_hashes[KNOWN_SLOTS];

static inline unsigned
known_hash(struct span key)
{
	return ((unsigned)key.len * 37 + (unsigned char)key.p[0] * 5 +
	    (unsigned char)key.p[key.len - 1] * 101) % KNOWN_SLOTS;
}

/* Note the last field of the record, whose name has this hash. */
void keys_note_known(struct keys *k, const struct record *r, unsigned h);

/* Note the last field of the record, which is called name. */
static inline void
keys_note(struct keys *k, const struct record *r, struct span name)
{
	unsigned h;
	uint64_t bit;

	if (name.len == 0)
		return;
	h = known_hash(name);
	bit = UINT64_C(1) << (h & 63);
	k->twins |= (k->names[h >> 6 & 3] & bit) != 0;
	k->names[h >> 6 & 3] |= bit;
	if (known_hashes[h] >
	    (r->fields[r->n - 1].kind == FIELD_JSON ? 1 : 0))
		keys_note_known(k, r, h);
}

/*
 * Set names and types at the end.  as_text says that all values were text, so
 * that numbers of the table become numbers.
 */
void keys_end(struct keys *k, struct scan *s, bool as_text);

/*
 * As keys_end, for an object or pairs after a text with a time, a level and a
 * message.  Of the known keys only those of a status count, and the text's
 * fields keep their names.
 */
void keys_end_behind(struct keys *k, struct scan *s);
/*
 * Let the last field called name have this meaning, whatever other keys there
 * are.
 */
void keys_prefer(struct keys *k, const struct record *r, struct span name,
    enum known_field field);

/* Whether there was a key called format, as in a record of ours. */
bool keys_have_format(const struct keys *k);
/* Returns the format whose keys are all there, or NULL. */
const struct format *keys_format(const struct keys *k);
/* Returns the last of the keys of f if it was not there; else NULL. */
const char *keys_missing(const struct keys *k, const struct format *f);

/*
 * keys_may_have says whether a field of this name may be there, keys_have
 * whether it is there.
 */
bool keys_may_have(const struct keys *k, struct span name);
bool keys_have(const struct keys *k, const struct record *r, struct span name);

/* The known values that an object may hold, by the key that it belongs to. */
enum { HOLDS_STATUS = 1, HOLDS_CODE = 2, HOLDS_LEVEL = 4, HOLDS_MESSAGE = 8 };
unsigned known_holds(struct span key);
bool known_as(struct span key, enum known_field field);

/* Whether value is a status of HTTP: three digits, perhaps with a fraction. */
bool is_http_status(struct span value);
/*
 * Whether method is one of FTP, SMTP or SIP, whose answers are no status of
 * HTTP.  Without widely, those that others use as well are none: LIST, DATA ...
 */
bool is_other_method(struct span method, bool widely);

#endif
