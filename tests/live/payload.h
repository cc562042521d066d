/* SPDX-License-Identifier: Apache-2.0 */
/* What the payload cases share: each connection of theirs moves an exact number of bytes. */
#ifndef connscope_PAYLOAD_H
#define connscope_PAYLOAD_H

#include "peer.h"

/* Ends the case: this kernel does not have what it needs. */
void skip_case(const char *reason) __attribute__((noreturn));

/* One request and its response; the second ends both sockets, the client first. */
void ask_and_answer(int client, int server);
void end_pair(int client, int server);

/* One operation through an io_uring of its own. */
void uring_send(int fd, size_t len);
void uring_send_punted(int fd, size_t len); /* by a worker of the kernel */
void uring_send_zerocopy(int fd, size_t len);
void uring_recv(int fd, size_t len);
void uring_recv_punted(int fd, size_t len);

/* Other protocols and kernel features below or above TCP. */
void case_reconnect(const struct options *options);
void case_fastopen_cookie(const struct options *options);
void case_fastopen_data(const struct options *options);
void case_fastopen_connect(const struct options *options);
void case_fastopen_refused(const struct options *options);
void case_fastopen_slow(const struct options *options);
void case_ktls(const struct options *options);
void case_sockmap(const struct options *options);
void case_sockmap_packets(const struct options *options);
void case_redirect(const struct options *options);
void case_redirect_packets(const struct options *options);
void case_msg_redirect(const struct options *options);
void case_mptcp(const struct options *options);
void case_mptcp_client(const struct options *options);
void case_mptcp_server(const struct options *options);
void case_mptcp_open(const struct options *options);
void case_mptcp_join(const struct options *options);
void case_smc(const struct options *options);
void case_sctp(const struct options *options);

#endif /* connscope_PAYLOAD_H */
