/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small HTTP server for numbers: GET and HEAD, one request a connection, everything bounded, so
 * that a client can be slow or hostile without anybody else noticing.
 */
#ifndef connscope_HTTP_H
#define connscope_HTTP_H

#include <stddef.h>
#include <linux/types.h>

#include "connscope/conn.h"

#define HTTP_HEADERS_MAX 8192  /* bytes of the request line and all headers */
#define HTTP_BODY_MAX	 4096  /* bytes; there is no use for one */
#define HTTP_CLIENTS_MAX 64    /* more wait until one of them has gone */
#define HTTP_TIME_MAX_MS 10000 /* from connect to close */

struct event_base;
struct http;

/* Text that several answers may share. */
struct http_text;

/* DATA, which must come from malloc(), becomes the text's. NULL when out of memory. */
struct http_text *http_text__new(char *data, size_t len);
struct http_text *http_text__share(struct http_text *text);
/* Frees it when nobody shares it any more; NULL is fine. */
void http_text__drop(struct http_text *text);

struct http_answer {
	int status;
	const char *type;	/* media type */
	struct http_text *text; /* the server drops it */
};

/* Answers a GET of PATH, which begins with a slash; ACCEPT is the Accept header or NULL. */
typedef struct http_answer http_handler(void *context, const char *path, const char *accept);

struct http_options {
	__u8 addr[CONN_ADDR_LEN];
	__u16 port; /* 0: any that is free */
	http_handler *handler;
	void *context;
};

/* Listens. -errno of bind(2) or listen(2), or -ENOMEM; not logged. */
int http__new(struct event_base *base, const struct http_options *options, struct http **ret_http);
/* NULL is fine. */
void http__free(struct http *http);

__u16 http__port(const struct http *http);

/* To be called now and then: ends what has taken too long, and lets those in who wait. */
void http__sweep(struct http *http, __u64 now_ms);

#endif /* connscope_HTTP_H */
