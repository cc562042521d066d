/* SPDX-License-Identifier: Apache-2.0 */
/* Loopback connections of our own, to see which hooks run and what they deliver. */
#include "loopback.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "cleanup.h"

/* A packet filter may drop what we send. */
static void set_patience(int fd)
{
	struct timeval patience = { .tv_sec = 1 };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static int local_addr(int fd, struct sockaddr_in *ret_addr)
{
	socklen_t len = sizeof(*ret_addr);

	return getsockname(fd, (struct sockaddr *)ret_addr, &len) ? -errno : 0;
}

__u16 loopback_port(int fd)
{
	struct sockaddr_in addr = {};

	return local_addr(fd, &addr) ? 0 : ntohs(addr.sin_port);
}

int loopback_listen(int backlog, int *ret_fd)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	set_patience(fd);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, backlog)) {
		int err = -errno;

		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

int loopback_connect(int listener, int *ret_fd)
{
	struct sockaddr_in addr;
	int err = local_addr(listener, &addr);
	int fd = err ? -1 : socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (err)
		return err;
	if (fd < 0)
		return -errno;
	set_patience(fd);
	/* The handshake with ourselves is over before connect(2) returns. */
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) && errno != EINPROGRESS)
		err = -errno;
	if (!err && fcntl(fd, F_SETFL, 0))
		err = -errno;
	if (err)
		close(fd);
	else
		*ret_fd = fd;
	return err;
}

int loopback_accept(int listener, int *ret_fd)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	set_patience(fd);
	*ret_fd = fd;
	return 0;
}

int loopback_send(int from, int to, size_t len)
{
	char bytes[64] = {};
	ssize_t moved = send(from, bytes, len, MSG_NOSIGNAL);

	if (moved == (ssize_t)len && to >= 0)
		moved = recv(to, bytes, len, MSG_WAITALL);
	if (moved == (ssize_t)len)
		return 0;
	return moved < 0 ? -errno : -EIO;
}

int loopback_exchange(void)
{
	auto_close int server = -1, child = -1;
	int client = -1, err;
	char byte;

	err = loopback_listen(1, &server);
	if (!err)
		err = loopback_connect(server, &client);
	if (!err)
		err = loopback_accept(server, &child);
	if (!err)
		err = loopback_send(client, child, 1);
	if (!err)
		err = loopback_send(child, client, 1);
	if (client >= 0)
		close(client);
	/* The end of file is the client's FIN; our close then takes the client through TIME_WAIT.
	 */
	if (!err && recv(child, &byte, 1, 0) != 0)
		err = -EIO;
	return err;
}
