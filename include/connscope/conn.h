/* SPDX-License-Identifier: Apache-2.0 */
/* The per-socket records that BPF programs keep and user space reads, and their enumerations. */
#ifndef connscope_CONN_H
#define connscope_CONN_H

#include "connscope/hist.h"

#define CONN_COMM_LEN 16 /* TASK_COMM_LEN of the kernel */
#define CONN_ADDR_LEN 16 /* IPv4 is kept as an IPv4-mapped IPv6 address */

enum conn_role {
	ROLE_NONE,
	ROLE_CLIENT, /* this host connected */
	ROLE_SERVER, /* this host accepted */
};

/* Which way the last payload went. */
enum conn_turn {
	TURN_NONE,
	TURN_SENT,
	TURN_RECEIVED,
};

/* What the listener of a server-role connection is bound to: together with the connection's own
 * local address this is the listener's address. */
enum conn_bound {
	BOUND_EXACT, /* the connection's local address */
	BOUND_ANY4,  /* 0.0.0.0 */
	BOUND_ANY6,  /* :: */
};

/* Who ended the connection: the first FIN, RST or timeout decides and is never rewritten, except
 * that a FIN which crosses ours turns local-fin into both-fin. */
enum conn_initiator {
	INITIATOR_NONE, /* still open */
	INITIATOR_LOCAL_FIN,
	INITIATOR_REMOTE_FIN,
	INITIATOR_BOTH_FIN,
	INITIATOR_LOCAL_RST,
	INITIATOR_REMOTE_RST,
	INITIATOR_TIMEOUT,
	INITIATOR_ABORT,
	INITIATOR_UNKNOWN,
	INITIATOR_MAX,
};

/* What more is known of the end. */
enum conn_cause {
	CAUSE_NONE,
	CAUSE_UNREAD_DATA,     /* closed with received data unread: RST instead of FIN */
	CAUSE_LINGER0,	       /* closed with SO_LINGER 0 */
	CAUSE_DISCONNECT,      /* connect(AF_UNSPEC) */
	CAUSE_NOT_ACCEPTED,    /* the listener closed with this connection in its queue */
	CAUSE_RETRANSMISSIONS, /* no acknowledgement for what was sent */
	CAUSE_WINDOW_PROBES,   /* no answer to zero-window probes */
	CAUSE_KEEPALIVE,       /* no answer to keepalive probes */
	CAUSE_USER_TIMEOUT,    /* TCP_USER_TIMEOUT */
	CAUSE_AFTER_FIN_DATA,  /* payload arrived after our own FIN */
	CAUSE_PROCESS_EXIT,    /* the kernel closed the descriptors of an ending process */
	CAUSE_MAX,
};

/* Why a connection attempt failed. */
enum conn_fail {
	FAIL_NONE,
	FAIL_REFUSED,
	FAIL_TIMEOUT,
	FAIL_UNREACHABLE,
	FAIL_NO_PORT,	/* no local port left, or the asked one is taken */
	FAIL_CANCELLED, /* closed by this host while connecting */
	FAIL_OTHER,
	FAIL_MAX,
};

/* Written under the socket's lock alone, and so together, but for CONN_STALE, of which the socket
 * makes no use any more; what others write as well is a byte of its own in struct conn. */
enum conn_flags {
	CONN_PARTIAL = 1 << 0,	    /* was open before tracing began */
	CONN_ENDED_BEFORE = 1 << 1, /* partial, and one side had closed before */
	CONN_IN_FLIGHT = 1 << 2,    /* a request was unanswered at closed_ns */
	CONN_RACED = 1 << 3,	    /* the keep-alive race */
	CONN_TIME_WAIT = 1 << 4,    /* this host holds the TIME_WAIT socket */
	/* 1 << 5 had a meaning in older recordings */
	CONN_DEAD = 1 << 6,	    /* its closed event is on the way: a snapshot leaves it out */
	CONN_MPTCP = 1 << 7,	    /* a subflow: turns are its MPTCP connection's, not its own */
	CONN_KEEPALIVE = 1 << 8,    /* SO_KEEPALIVE is on; set in what is sent, never kept */
	CONN_UNWATCHED = 1 << 9,    /* --no-turns: nothing looked at send and receive */
	CONN_STALE = 1 << 10,	    /* its end was missed, as a snapshot has said */
	CONN_BOUND_KNOWN = 1 << 11, /* server: `bound` is from its copy of the listener */
};

/* Whether a connection stands in its group's open count, and if so, which payload is the usual one
 * to come next: that takes the short way of conn_received() and conn_sent(). With the last two a
 * request is in flight. */
enum conn_counted {
	COUNTED_NOT,
	COUNTED,
	COUNTED_ASKS,	  /* client, to send a request */
	COUNTED_ASKED,	  /* server, to receive a request */
	COUNTED_ANSWERED, /* client, to receive its response */
	COUNTED_ANSWERS,  /* server, to send its response */
};

/* Of such a connection exchanges, in flight and, of clients, raced are not known. */
#define CONN_TURNLESS (CONN_MPTCP | CONN_UNWATCHED)

#define IDLE_UNKNOWN   0xffffffffU
#define OTHERS_UNKNOWN 0xffffffffU

/*
 * One TCP connection. Times are CLOCK_MONOTONIC nanoseconds, 0 where not (yet) known. Ports are in
 * host order. What each payload looks at stands first.
 */
struct conn {
	__u64 last_ns; /* last payload byte in either direction: when it came; where a client sent
			* it, when; a server, when or up to a tick of the clock before */
	__u64 sent_bytes;
	__u64 received_bytes;
	__u32 exchanges;
	__u32 write_seq;   /* tcp_sock.write_seq up to which sent_bytes counts; once our own
			    * FIN has ended it, and so no more, tcp_sock.rcv_nxt of then */
	__u32 copied_seq;  /* tcp_sock.copied_seq up to which received_bytes counts */
	__u32 group;	   /* number of its group, 0 not yet resolved */
	__u32 burst_bytes; /* of the last turn; CONN_UNWATCHED: 2 GiBs that had moved before
			    * it was adopted, sent below, received above bit 16 */
	__u8 turn;	   /* enum conn_turn; with the next one, two bytes written as one */
	__u8 counted;	   /* enum conn_counted */
	__u8 role;	   /* enum conn_role */
	__u8 untimed;	   /* last_ns is not the time of the last payload */

	__u64 opened_ns;   /* SYN_SENT, or entry into the accept queue; partial: first seen */
	__u64 ready_ns;	   /* client: established; server: taken out by accept() */
	__u64 closed_ns;   /* first FIN, RST or timeout */
	__u64 cgroup;	   /* owner's cgroup v2 id, 0 unknown */
	__u32 netns;	   /* inode number of the network namespace */
	__u32 pid;	   /* owner, thread group id in the initial namespace, 0 unknown */
	__u32 tid;	   /* thread that connected or accepted, as pid; 0 unknown */
	__u32 depth;	   /* server: accept queue length with this connection in it, 0 unknown, or
			    * never in it: a subflow that joined an MPTCP connection */
	__u32 limit;	   /* server: the queue's limit at that moment */
	__u32 seen;	   /* generation of the last snapshot that read this record */
	__u32 idle_ms;	   /* from the last payload byte to closed_ns; IDLE_UNKNOWN */
	__u32 idle_others; /* at closed_ns: open connections of its group, without itself, that had
			    * no request in flight; OTHERS_UNKNOWN */
	__u16 local_port;
	__u16 remote_port;
	__u16 flags; /* enum conn_flags */
	__u8 state;  /* TCP_ESTABLISHED and so on, as in <netinet/tcp.h> */
	__u8 initiator;
	__u8 cause;
	__u8 fail;
	__u8 bound;	/* enum conn_bound, server role */
	__u8 family;	/* AF_INET, AF_INET6; an IPv4-mapped peer is AF_INET */
	__u8 queued;	/* has been established; server: entered the accept queue */
	__u8 ready;	/* client: established; server: accepted (see ready_ns) */
	__u8 seq_known; /* write_seq and copied_seq are set */
	__u8 late;	/* amended: payload met our own FIN */
	__u8 local_addr[CONN_ADDR_LEN];
	__u8 remote_addr[CONN_ADDR_LEN];
	char comm[CONN_COMM_LEN]; /* owner, empty unknown */
};

_Static_assert(sizeof(struct conn) == 176, "struct conn is a wire format");

/* A place in the table of connections: bpf/table.bpf.h. */
struct conn_slot {
	__u64 sk;  /* address of the struct sock, 0 none */
	__u64 use; /* 1 above bit 56 when it is taken, and at bit 48 when what is in it belongs
		    * elsewhere; below, how many records that belong here are elsewhere: a byte for
		    * each power of two of the distance */
	struct conn conn;
};

_Static_assert(sizeof(struct conn_slot) == 192, "three cache lines");

#define CHUNK_SLOTS    64 /* read at a time: see snapshot_conns */
#define CONN_ARRAY_MAX ((64 << 20) / sizeof(struct conn_slot))

enum exchange_flags {
	EXCHANGE_CUT = 1 << 0,	/* its beginning was not seen: the request is larger */
	EXCHANGE_OPEN = 1 << 1, /* more of the response may come */
};

/* One exchange of a connection. Times are those of struct conn, 0 where not known: payload that no
 * hook saw has none. */
struct exchange {
	__u64 request_ns;  /* first byte */
	__u64 asked_ns;	   /* last byte of the request */
	__u64 response_ns; /* first byte */
	__u64 last_ns;	   /* last payload byte whose time is known */
	__u64 gap_ns;	   /* idle before it; the first has none */
	__u64 request_bytes;
	__u64 response_bytes;
	__u32 number; /* on this connection, from 1; of a partial one since tracing began; 0: not
		       * answered yet, and so no exchange */
	__u32 flags;  /* enum exchange_flags */
};

_Static_assert(sizeof(struct exchange) == 64, "struct exchange is a wire format");

enum listener_flags {
	LISTENER_ASKED = 1 << 0, /* backlog_asked is known */
	LISTENER_OPEN = 1 << 1,	 /* is in LISTEN */
};

enum refused {
	REFUSED_NONE,
	REFUSED_SYN,
	REFUSED_FINAL_ACK,
	REFUSED_MAX,
};

/* One listening socket. Key of the `listeners` map: the address of its struct sock. */
struct listener {
	__u64 cgroup;
	__u64 syn_drops;     /* SYNs refused because the accept queue was full */
	__u64 ack_drops;     /* final ACKs refused for the same reason */
	__u64 other_drops;   /* modular: further kfree_skb on the listener, see accept.bpf.h */
	__u64 drops;	     /* sock.sk_drops now */
	__u64 drops_start;   /* sock.sk_drops when tracing of it began */
	__s32 backlog_asked; /* argument of listen(2), as it was given */
	__u32 limit;	     /* sock.sk_max_ack_backlog */
	__u32 somaxconn;     /* net.core.somaxconn of its network namespace */
	__u32 depth;	     /* sock.sk_ack_backlog */
	__u32 netns;
	__u32 pid;
	__u16 port;
	__u16 flags;
	__u8 family;
	__u8 refused; /* enum refused: what an overflow event is about */
	__u8 pad[2];
	__u8 addr[CONN_ADDR_LEN];
	char comm[CONN_COMM_LEN];
};

_Static_assert(sizeof(struct listener) == 112, "struct listener is a wire format");

/* Connections that are reported together: key of the `group_slots` map. Fields that the report does
 * not group by are zero. */
struct group_key {
	__u32 netns; /* these four are compared as one */
	__u16 port;
	__u8 role;
	__u8 bound; /* server role: BOUND_EXACT, or the wildcard with addr all zero */
	__u64 cgroup;
	__u32 pid;
	__u32 pad;
	__u8 addr[CONN_ADDR_LEN];
	char comm[CONN_COMM_LEN];
};

_Static_assert(sizeof(struct group_key) == 56, "struct group_key is a wire format");

/* What is counted at each turn, or concurrently, and so cannot be had from single records. */
struct group {
	struct group_key key; /* role ROLE_NONE: nobody's */
	__s32 open;
	__s32 open_peak;
	__s32 active; /* of the open ones those with a request in flight */
	__s32 active_peak;
	__s32 subflows; /* of the open ones those of MPTCP, which are never active */
	__u32 pad;
	struct hist idle_gap_us;
	struct hist response_us; /* client role */
};

#define GROUP_NONE	0 /* not yet resolved */
#define GROUP_OTHER	1 /* what did not fit */
#define GROUP_FIRST	2
#define GROUP_ARRAY_LEN 1026 /* as many as there are by default */

#endif /* connscope_CONN_H */
