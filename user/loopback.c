/* SPDX-License-Identifier: Apache-2.0 */
/* A loopback connection of our own, to see which hooks run. */
#include "loopback.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "cleanup.h"

static int make_listener(struct sockaddr_in *ret_addr)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len)) {
		int err = -errno;

		close(fd);
		return err;
	}
	*ret_addr = addr;
	return fd;
}

static int pass_byte(int from, int to)
{
	char byte = 0;

	if (send(from, &byte, 1, MSG_NOSIGNAL) != 1 || recv(to, &byte, 1, 0) != 1)
		return errno ? -errno : -EIO;
	return 0;
}

int loopback_exchange(void)
{
	struct timeval patience = { .tv_sec = 1 }; /* a packet filter may drop what we send */
	auto_close int server = -1, child = -1;
	struct sockaddr_in addr;
	int client, err;
	char byte;

	server = make_listener(&addr);
	if (server < 0)
		return server;
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client < 0)
		return -errno;
	setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	err = connect(client, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
	if (!err) {
		child = accept4(server, NULL, NULL, SOCK_CLOEXEC);
		err = child < 0 ? -errno : 0;
	}
	if (!err) {
		setsockopt(child, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		err = pass_byte(client, child);
	}
	if (!err)
		err = pass_byte(child, client);
	close(client);
	/* The end of file is the client's FIN; our close then takes the client through TIME_WAIT.
	 */
	if (!err && recv(child, &byte, 1, 0) != 0)
		err = -EIO;
	return err;
}
