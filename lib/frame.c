#include "frame.h"

#include <endian.h>
#include <errno.h>
#include <libdeflate.h>

struct head {
	uint32_t len, crc;
	uint64_t stream, position;
};

/* Of the length, the rest of the head, and the data. */
static uint32_t
checksum(const struct head *h, const char *data, size_t n)
{
	uint32_t crc = libdeflate_crc32(0, &h->len, sizeof h->len);

	crc = libdeflate_crc32(crc, &h->stream, 16);
	return libdeflate_crc32(crc, data, n);
}

int
frame_pack(struct buf *to, const struct frame *f)
{
	struct head h = {
		.len = htole32((uint32_t)f->data.len),
		.stream = htole64(f->stream),
		.position = htole64(f->position),
	};

	_Static_assert(sizeof h == FRAME_HEAD, "no padding");
	if (f->data.len > FRAME_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	h.crc = htole32(checksum(&h, f->data.p, f->data.len));
	if (buf_reserve(to, sizeof h + f->data.len) < 0)
		return -1;
	buf_add(to, &h, sizeof h);
	return buf_addspan(to, f->data);
}

int
frame_unpack(struct frame *f, struct span *bytes)
{
	struct head h;
	size_t len;

	if (bytes->len < sizeof h)
		return 0;
	memcpy(&h, bytes->p, sizeof h);
	len = le32toh(h.len);
	if (len > FRAME_MAX)
		return -1;
	if (bytes->len - sizeof h < len)
		return 0;
	f->data = span_of(bytes->p + sizeof h, len);
	if (le32toh(h.crc) != checksum(&h, f->data.p, len))
		return -1;
	f->stream = le64toh(h.stream);
	f->position = le64toh(h.position);
	bytes->p += sizeof h + len;
	bytes->len -= sizeof h + len;
	return 1;
}
