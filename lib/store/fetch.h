/*
 * fetch - what is at a URL, held in memory or passed through a pipe
 *
 * A transfer that is cut goes on at its byte.  What changed meanwhile is held
 * from its beginning again; what goes through a pipe is given up then.
 *
 * Of a .gz with an index (gzip_index.h) only the pieces that are wanted are
 * fetched.  The others are holes in the file: a reader that chooses pieces as
 * we did, with the file's time of change, does not read them.
 */
#ifndef STORE_FETCH_H
#define STORE_FETCH_H

#include <pthread.h>

#include "aws/s3.h"
#include "aws/s3_list.h"
#include "input/gzip_index.h"
#include "net/kafka_reader.h"

/* What all fetches share; see fetcher_begin. */
struct fetcher {
	/* These members are the caller's. */
	const struct http_options *http;
	int64_t deadline_ms;	/* the longest time without progress */
	uint64_t hold_max;	/* what is larger is not held */
	const struct gzip_wanted *wanted;	/* NULL: everything */

	/* These members are ours. */
	struct http_pool *pool;
	pthread_mutex_t lock;
	pthread_cond_t room;
	uint64_t held;		/* bytes */
	uint64_t turn;		/* the fetch whose result is waited for */
	bool stopping;
	uint64_t requests, bytes;
	uint64_t unlisted;	/* bytes that are there, of no listed size */
	uint64_t by_index;	/* of how many nothing was wanted */
	uint64_t asked, useful;	/* see fetch_index.h */
};

/* Returns 0, or -1 with errno ENOMEM. */
int fetcher_begin(struct fetcher *r);
/* Say whose result is waited for: it takes memory that others have to spare. */
void fetcher_wait_for(struct fetcher *r, uint64_t turn);
void fetcher_stop(struct fetcher *r);	/* fetches under way fail soon */
void fetcher_end(struct fetcher *r);	/* once there is no fetch any more */

struct fetch {
	/* These members are the caller's, and stay valid. */
	struct fetcher *fetcher;
	uint64_t turn;
	struct s3 *s3;		/* NULL when url is a web server's */
	const char *key, *url;
	const char *authorization;	/* for the web server, or NULL */
	/*
	 * The url is Kafka's, and this is how to read it; or NULL.  It goes
	 * through a pipe, a line for each message.
	 */
	const struct kafka_reader_options *kafka;
	/* As a list told them: -1, -1 and "" when nothing did. */
	int64_t size, changed;
	char etag[S3_ETAG_MAX];

	/* The result. */
	int fd;			/* at offset 0; -1 for none */
	bool large;		/* fetch_hold has not fetched it: too large */
	char reason[320];	/* "" when nothing failed */

	/* These members are ours. */
	int to;
	bool begun, piped, unread, counted;
	bool other;		/* the answer is of other contents */
	pthread_t thread;
	uint64_t at, reserved;
	uint64_t end;		/* where what is asked for ends; 0: all of it */
	bool whole;		/* all comes, whatever part was asked for */
	int64_t total;		/* the size by the answer; -1: not known */
	char version[S3_ETAG_MAX];	/* its strong ETag, or "" */
	unsigned restarts;
	struct s3_call call;
	struct buf headers, place;
};

/*
 * Fetch it into a file without a name, fd.  Threads may call this.  It waits
 * while others hold too much.
 */
void fetch_hold(struct fetch *f);
/*
 * For fetch_hold: fetch the bytes from the offset from on up to end, 0 for that
 * of the contents, to their place in the file.  Where a server has no parts, or
 * the contents changed, all of it is fetched.  False with the reason, or when
 * that is not wanted or too large.
 */
bool fetch_part(struct fetch *f, uint64_t from, uint64_t end);
/* Begin to fetch it; fd becomes a pipe that it comes from.  Returns 0 or -1. */
int fetch_pipe(struct fetch *f);
/*
 * The fetch is no longer needed; of a pipe, whose fd the caller has closed, it
 * is known now whether all came, see reason.
 */
void fetch_end(struct fetch *f);

#endif
