#include "stream/frame.h"

#include <endian.h>
#include <errno.h>
#include <libdeflate.h>

#include "base/digest.h"

struct head {
	uint32_t len, crc;
	uint64_t stream, position, time_ms;
};

static const uint32_t has_time = (uint32_t)1 << 31;
enum { OLD_HEAD = 24 };

uint64_t
frame_stream(const char *host, struct span first_line)
{
	unsigned char digest[SHA256_SIZE];
	struct buf b = { 0 };
	uint64_t id = 0;

	buf_adds(&b, host);
	buf_addc(&b, '\n');
	buf_addspan(&b, first_line);
	sha256(b.p, b.len, digest);
	memcpy(&id, digest, sizeof id);
	buf_free(&b);
	return le64toh(id);
}

/* Of the length, the rest of the head, and the data. */
static uint32_t
checksum(const struct head *h, size_t head_size, const char *data, size_t n)
{
	uint32_t crc = libdeflate_crc32(0, &h->len, sizeof h->len);

	crc = libdeflate_crc32(crc, &h->stream, head_size - 8);
	/* Of NULL it would begin anew. */
	return n > 0 ? libdeflate_crc32(crc, data, n) : crc;
}

int
frame_pack(struct buf *to, const struct frame *f)
{
	struct head h = {
		.len = htole32((uint32_t)f->data.len | has_time),
		.stream = htole64(f->stream),
		.position = htole64(f->position),
		.time_ms = htole64((uint64_t)f->time_ms),
	};

	_Static_assert(sizeof h == FRAME_HEAD, "no padding");
	if (f->data.len > FRAME_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	h.crc = htole32(checksum(&h, sizeof h, f->data.p, f->data.len));
	if (buf_reserve(to, sizeof h + f->data.len) < 0)
		return -1;
	buf_add(to, &h, sizeof h);
	return buf_addspan(to, f->data);
}

int
frame_unpack(struct frame *f, struct span *bytes)
{
	struct head h = { 0 };
	size_t len, head;

	if (bytes->len < OLD_HEAD)
		return 0;
	memcpy(&h, bytes->p, OLD_HEAD);
	len = le32toh(h.len);
	head = (len & has_time) != 0 ? sizeof h : OLD_HEAD;
	len &= ~has_time;
	if (len > FRAME_MAX)
		return -1;
	if (bytes->len < head + len)
		return 0;
	memcpy(&h, bytes->p, head);
	f->data = span_of(bytes->p + head, len);
	if (le32toh(h.crc) != checksum(&h, head, f->data.p, len))
		return -1;
	f->stream = le64toh(h.stream);
	f->position = le64toh(h.position);
	f->time_ms = (int64_t)le64toh(h.time_ms);
	bytes->p += head + len;
	bytes->len -= head + len;
	return 1;
}

size_t
frame_find(struct span bytes)
{
	struct frame f;

	for (size_t i = 1; i < bytes.len; i++) {
		struct span rest = span_of(bytes.p + i, bytes.len - i);

		if (frame_unpack(&f, &rest) > 0)
			return i;
	}
	return bytes.len;
}

size_t
frame_count(struct span bytes)
{
	struct head h = { 0 };
	size_t n = 0, len;

	for (; bytes.len >= OLD_HEAD; n++) {
		memcpy(&h, bytes.p, OLD_HEAD);
		if (h.len == 0)		/* a block that was never written */
			return 1;
		len = le32toh(h.len);
		len = (len & has_time) != 0 ? sizeof h + (len & ~has_time) :
		    OLD_HEAD + len;
		if (len > bytes.len)
			return 1;
		bytes = span_of(bytes.p + len, bytes.len - len);
	}
	return bytes.len == 0 && n > 0 ? n : 1;
}

bool
frame_has_wrong_length(struct span bytes)
{
	struct head h;

	if (bytes.len < sizeof h || bytes.len - sizeof h > FRAME_MAX)
		return false;
	memcpy(&h, bytes.p, sizeof h);
	h.len = htole32((uint32_t)(bytes.len - sizeof h) | has_time);
	return le32toh(h.crc) == checksum(&h, sizeof h, bytes.p + sizeof h,
	    bytes.len - sizeof h);
}
