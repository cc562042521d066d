/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said of a single connection, and the words for it. */
#ifndef connscope_CONN_STATE_H
#define connscope_CONN_STATE_H

#include <stdbool.h>
#include <linux/types.h>

struct conn;

/* Beside those of <netinet/tcp.h>. */
enum conn_state {
	STATE_QUEUED = 14, /* established, but not accepted yet */
	STATE_FAILED,
	STATE_MAX,
};

/* Below STATE_MAX, 0: not known. GONE: its struct sock is no more. */
unsigned int conn_state(const struct conn *conn, bool gone);
/* Why the turns of CONN are not known, and so neither exchanges nor what was in flight; else NULL.
 */
const char *conn_turnless(const struct conn *conn);
/* Why it is not known whether CONN raced; else NULL. A server's race shows after its own FIN. */
const char *conn_race_unknown(const struct conn *conn);
/* A request is in flight, or was at the end. False where that is not known. */
bool conn_has_request(const struct conn *conn);
/* Since the last payload byte: until NOW_NS, or where it is GONE until its end. False: not known.
 */
bool conn_idle_ms(const struct conn *conn, bool gone, __u64 now_ns, __u64 *ret_ms);

/* NULL: there is none. */
/* "client" or "server". */
const char *role_word(__u8 role);
const char *state_word(unsigned int state);
const char *initiator_word(unsigned int initiator);
const char *cause_word(unsigned int cause);
const char *fail_word(unsigned int fail);

/* Bit N: WORD names state N; "open" names all but closed and failed ones. 0: it names none. */
unsigned int states_of_word(const char *word);
unsigned int initiators_of_word(const char *word);

#endif /* connscope_CONN_STATE_H */
