/* SPDX-License-Identifier: Apache-2.0 */
/* A small HTTP server over evhttp, which itself bounds neither clients nor their time. */
#include "http.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "addr.h"
#include "clock.h"

#define BACKLOG 128

struct http_text {
	size_t shares;
	size_t len;
	char *data;
};

/* We hold a reference to what evhttp serves it by, to see when it has gone. */
struct client {
	struct bufferevent *bev; /* NULL: a free place */
	__u64 since_ms;
};

struct http {
	struct http_options options;
	struct event_base *base;
	struct evhttp *server;
	struct evconnlistener *listener; /* the server's */
	struct client clients[HTTP_CLIENTS_MAX];
	size_t client_count;
};

/* ---- texts ---- */

struct http_text *http_text__new(char *data, size_t len)
{
	struct http_text *text = malloc(sizeof(*text));

	if (text)
		*text = (struct http_text){ .shares = 1, .len = len, .data = data };
	return text;
}

struct http_text *http_text__share(struct http_text *text)
{
	text->shares++;
	return text;
}

void http_text__drop(struct http_text *text)
{
	if (!text || --text->shares)
		return;
	free(text->data);
	free(text);
}

static void drop_sent(const void *data, size_t len, void *context)
{
	(void)data;
	(void)len;
	http_text__drop(context);
}

/* ---- clients ---- */

/* evhttp asks for what it shall serve a new connection by. */
static struct bufferevent *take_client(struct event_base *base, void *context)
{
	struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	struct http *http = context;
	struct client *client = http->clients;

	if (!bev)
		return NULL;
	while (client->bev)
		client++;
	bufferevent_incref(bev);
	client->bev = bev;
	client->since_ms = clock_monotonic_ms();
	if (++http->client_count == HTTP_CLIENTS_MAX)
		evconnlistener_disable(http->listener);
	return bev;
}

/* Freed by evhttp: only our reference keeps it. */
static bool has_gone(const struct client *client)
{
	bufferevent_event_cb on_event;

	bufferevent_getcb(client->bev, NULL, NULL, &on_event, NULL);
	return !on_event;
}

static void drop_client(struct http *http, struct client *client)
{
	bufferevent_decref(client->bev);
	client->bev = NULL;
	http->client_count--;
}

void http__sweep(struct http *http, __u64 now_ms)
{
	for (size_t i = 0; i < HTTP_CLIENTS_MAX; i++) {
		struct client *client = &http->clients[i];

		if (!client->bev)
			continue;
		if (has_gone(client))
			drop_client(http, client);
		else if (now_ms > client->since_ms + HTTP_TIME_MAX_MS)
			shutdown(bufferevent_getfd(client->bev),
				 SHUT_RDWR); /* evhttp sees the end */
	}
	if (http->client_count < HTTP_CLIENTS_MAX)
		evconnlistener_enable(http->listener);
}

/* ---- requests ---- */

static const char *reason_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 503:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

static void send_answer(struct evhttp_request *request, const struct http_answer *answer)
{
	bool body = evhttp_request_get_command(request) != EVHTTP_REQ_HEAD;
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	struct evbuffer *out = evhttp_request_get_output_buffer(request);
	size_t len = answer->text ? answer->text->len : 0;
	char number[24];

	snprintf(number, sizeof(number), "%zu", len);
	evhttp_add_header(headers, "Content-Type", answer->type);
	evhttp_add_header(headers, "Content-Length", number);
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	/* A connection that lasts would use up the time of its next request. */
	evhttp_add_header(headers, "Connection", "close");
	if (!body || !len ||
	    evbuffer_add_reference(out, answer->text->data, len, drop_sent, answer->text))
		http_text__drop(answer->text);
	evhttp_send_reply(request, answer->status, reason_of(answer->status), NULL);
}

static void on_request(struct evhttp_request *request, void *context)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
	enum evhttp_cmd_type command = evhttp_request_get_command(request);
	struct http *http = context;
	struct http_answer answer = { .status = 405, .type = "text/plain" };

	if (command == EVHTTP_REQ_GET || command == EVHTTP_REQ_HEAD)
		answer = http->options.handler(http->options.context, path && path[0] ? path : "/",
					       evhttp_find_header(headers, "Accept"));
	else
		evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", "GET, HEAD");
	send_answer(request, &answer);
}

/* ---- start and end ---- */

static socklen_t fill_address(const struct http_options *options, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (addr_is_v4(options->addr)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(options->port);
		memcpy(&v4->sin_addr, options->addr + 12, sizeof(v4->sin_addr));
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(options->port);
	memcpy(&v6->sin6_addr, options->addr, sizeof(v6->sin6_addr));
	return sizeof(*v6);
}

static int listen_there(struct http *http)
{
	struct sockaddr_storage address;
	socklen_t len = fill_address(&http->options, &address);

	errno = 0;
	http->listener = evconnlistener_new_bind(http->base, NULL, NULL,
						 LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC |
							 LEV_OPT_REUSEABLE,
						 BACKLOG, (struct sockaddr *)&address, (int)len);
	if (!http->listener)
		return errno ? -errno : -ENOMEM;
	if (evhttp_bind_listener(http->server, http->listener))
		return 0;
	evconnlistener_free(http->listener);
	return -ENOMEM;
}

int http__new(struct event_base *base, const struct http_options *options, struct http **ret_http)
{
	struct http *http = calloc(1, sizeof(*http));
	int err = -ENOMEM;

	if (!http)
		return -ENOMEM;
	http->options = *options;
	http->base = base;
	http->server = evhttp_new(base);
	if (http->server)
		err = listen_there(http);
	if (err) {
		http__free(http);
		return err;
	}
	evhttp_set_max_headers_size(http->server, HTTP_HEADERS_MAX);
	evhttp_set_max_body_size(http->server, HTTP_BODY_MAX);
	/* Those that we refuse too: evhttp itself would say 501. */
	evhttp_set_allowed_methods(http->server, 0xffff);
	evhttp_set_bevcb(http->server, take_client, http);
	evhttp_set_gencb(http->server, on_request, http);
	*ret_http = http;
	return 0;
}

void http__free(struct http *http)
{
	if (!http)
		return;
	if (http->server)
		evhttp_free(http->server);
	for (size_t i = 0; i < HTTP_CLIENTS_MAX; i++) {
		if (http->clients[i].bev)
			drop_client(http, &http->clients[i]);
	}
	free(http);
}

__u16 http__port(const struct http *http)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	if (getsockname(evconnlistener_get_fd(http->listener), (struct sockaddr *)&address, &len))
		return 0;
	if (address.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&address)->sin_port);
	return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
}
