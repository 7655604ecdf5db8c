/*
 * answers - a web server in a thread, which gives the answers of a list
 *
 * The first request gets the first answer, and so on; the last one is for all
 * that follow.  Each connection has one request.
 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

struct answer {
	int status;		/* 0 ends a list; -1: no answer at all */
	/* Each with CR LF, or NULL; they may say another length. */
	const char *headers;
	const char *body;	/* or NULL */
};

static struct {
	const struct answer *next;
	int fd;
	pthread_t thread;
	char url[64];		/* without a slash at its end */
	char asked[16384];	/* "METHOD target\n" of each request */
	char heads[65536];	/* all of their headers */
} answers;

/* Read a request with its body.  Returns false at the end. */
static bool
answers_read(int fd)
{
	char head[16384] = "", drop[4096], *end = NULL, *length;
	size_t n = 0, left = 0, at = strlen(answers.asked);
	ssize_t got;

	while (end == NULL && n < sizeof head - 1 &&
	    (got = read(fd, head + n, sizeof head - 1 - n)) > 0) {
		n += (size_t)got;
		head[n] = '\0';
		end = strstr(head, "\r\n\r\n");
	}
	if (end == NULL)
		return false;
	if ((length = strcasestr(head, "\r\nContent-Length:")) != NULL)
		left = strtoul(length + 17, NULL, 10);
	left -= n - (size_t)(end + 4 - head);
	while (left > 0 && (got = read(fd, drop, left < sizeof drop ? left :
	    sizeof drop)) > 0)
		left -= (size_t)got;
	end[4] = '\0';
	snprintf(answers.asked + at, sizeof answers.asked - at, "%.*s\n",
	    (int)(strstr(head, " HTTP/") - head), head);
	at = strlen(answers.heads);
	snprintf(answers.heads + at, sizeof answers.heads - at, "%s", head);
	return true;
}

static void
answers_write(int fd, const struct answer *a)
{
	const char *body = a->body != NULL ? a->body : "";
	const char *headers = a->headers != NULL ? a->headers : "";

	dprintf(fd, "HTTP/1.1 %d x\r\n%sConnection: close\r\n", a->status,
	    headers);
	if (strstr(headers, "Content-Length:") == NULL &&
	    strstr(headers, "Transfer-Encoding:") == NULL)
		dprintf(fd, "Content-Length: %zu\r\n", strlen(body));
	dprintf(fd, "\r\n%s", body);
}

static void *
answers_serve(void *arg)
{
	int to;

	(void)arg;
	while ((to = accept(answers.fd, NULL, NULL)) >= 0) {
		const struct answer *a = answers.next;

		if (answers_read(to)) {
			if (a->status > 0)
				answers_write(to, a);
			if (a[1].status != 0)
				answers.next++;
		}
		close(to);
	}
	return NULL;
}

/* Begin to give the answers of a list. */
static void
answers_begin(const struct answer *list)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;

	signal(SIGPIPE, SIG_IGN);	/* a client may not read its answer */
	answers.next = list;
	answers.asked[0] = answers.heads[0] = '\0';
	answers.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(answers.fd, (struct sockaddr *)&a, n) < 0 ||
	    listen(answers.fd, 64) < 0 ||
	    getsockname(answers.fd, (struct sockaddr *)&a, &n) < 0 ||
	    pthread_create(&answers.thread, NULL, answers_serve, NULL) != 0) {
		printf("Bail out! no server\n");
		exit(1);
	}
	snprintf(answers.url, sizeof answers.url, "http://127.0.0.1:%u",
	    (unsigned)ntohs(a.sin_port));
}

/* End; then answers.asked is complete. */
static void
answers_end(void)
{
	shutdown(answers.fd, SHUT_RDWR);
	pthread_join(answers.thread, NULL);
	close(answers.fd);
}

#endif
