/*
 * gzip_index - where the pieces of a gzip member begin and what they can hold,
 * told in the member's own header
 *
 * A gzip header may hold extra fields (RFC 1952, 2.3.1.1); programs that do not
 * know a field skip it.  Ours is "LT": 24 bytes for each piece, six numbers of
 * 32 bits, low byte first, as in struct gzip_piece; the flags are the high byte
 * of the first.  The unused rest of the field is zero.  A piece is deflate data
 * (deflate_piece.h) that can be unpacked alone; the first follows the header at
 * once, and DEFLATE_END follows the last.
 *
 * Files of earlier versions have a field "LF" of 16 bytes for each piece: the
 * two sizes, and the least and the greatest time, which are 0 when not all
 * times are known.
 */
#ifndef INPUT_GZIP_INDEX_H
#define INPUT_GZIP_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gzip_piece_flag {
	/*
	 * The times of the piece's lines are known.  Those that name a zone, or
	 * seconds since 1970, are from first to last; those that name none are
	 * from local_first to local_last.  Each flag says that there are such
	 * times.  Without both, nothing is known.
	 */
	PIECE_ZONED = 1,
	PIECE_LOCAL = 2,
	/*
	 * Some local times name no year: it was taken to be the nearest to the
	 * time of the file's last change.
	 */
	PIECE_YEARLESS = 4,
	/* Its first lines have the time of the last line before the piece. */
	PIECE_INHERITS = 8,
	/* What later lines mean depends on lines of this piece. */
	PIECE_CARRIES = 16,
	/* Some line may be a server error (server_error.h). */
	PIECE_ERROR = 32,
};

struct gzip_piece {
	uint32_t packed, unpacked;	/* sizes in bytes */
	/* Seconds since 1970: the least and the greatest. */
	uint32_t first, last;
	/* The same, as if the zone were UTC. */
	uint32_t local_first, local_last;
	unsigned flags;			/* of enum gzip_piece_flag */
	bool wanted;			/* see gzip_index_choose */
};

struct gzip_index {
	struct gzip_piece *piece;
	size_t n, room; /* pieces used, and how many there is room for */
	unsigned run;		/* how many pieces share one entry */
	uint64_t start;		/* the offset of the first piece in the file */
};

enum {
	GZ_HEADER = 10,
	GZ_TRAILER = 8,
	/* So many bytes of a file tell how long a header with an index is. */
	GZ_INDEX_HEAD = 16,
	/* The longest such header. */
	GZ_INDEX_MOST = GZ_HEADER + 2 + 65535,
};

/*
 * Make room for the pieces to come; as a header holds no more than 2730 of
 * them, several pieces may have to share an entry.  So they do, too, when there
 * come more.  Returns 0, or -1 with errno ENOMEM.
 */
int gzip_index_new(struct gzip_index *x, uint64_t pieces);
void gzip_index_add(
    struct gzip_index *x, uint64_t nth, const struct gzip_piece *piece);

/* The size of a header with the index. */
size_t gzip_index_size(const struct gzip_index *x);
/* Complete a header whose first GZ_HEADER bytes are set. */
void gzip_index_put(const struct gzip_index *x, unsigned char *header);

/*
 * The size of the header with an index that a file begins with, of which
 * GZ_INDEX_HEAD bytes are at head; 0 when it has no index.
 */
size_t gzip_index_header(const void *head);
/*
 * Read the index in the first n bytes of a file, at least as many as
 * gzip_index_header says; size is the whole file's.  All pieces are wanted.
 * Returns 0, or -1 when there is no index that fits the file, or one that has a
 * piece larger than 5 MiB, which gzip_writer never makes.
 */
int gzip_index_parse(
    struct gzip_index *x, const void *bytes, size_t n, uint64_t size);
/*
 * The same of an open file.  It is checked against the trailer, too, whose
 * CRC-32 of the whole is given.
 */
int gzip_index_read(struct gzip_index *x, int fd, uint32_t *crc);
void gzip_index_free(struct gzip_index *x);

/* Which lines are wanted. */
struct gzip_wanted {
	/* Seconds since 1970, until excluded; INT64_MIN and INT64_MAX: any. */
	int64_t from, until;
	/* The same for times that name no zone, as if that were UTC. */
	int64_t local_from, local_until;
	bool errors;		/* only server errors */
	bool year_given;	/* what names no year is not of the nearest */
};

/*
 * Mark the pieces that have to be read: those that can hold a wanted line, and
 * those that such lines depend on.  near is the time of the last change that
 * the reader takes for the file's, to which times without a year are near;
 * INT64_MIN when it is not known.  Returns how many are wanted.
 */
size_t gzip_index_choose(
    struct gzip_index *x, const struct gzip_wanted *wanted, int64_t near);

#endif
