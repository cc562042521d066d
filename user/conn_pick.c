/* SPDX-License-Identifier: Apache-2.0 */
/* Which single connections are shown. */
#include "conn_pick.h"

#include "conn_state.h"
#include "connscope/conn.h"

bool conn_pick__is_any(const struct conn_pick *pick)
{
	return !pick->states && !pick->initiators && !pick->in_flight && !pick->min_idle_ms;
}

bool conn_pick__takes(const struct conn_pick *pick, const struct conn *conn, bool gone,
		      __u64 now_ns)
{
	__u64 idle_ms;

	if (pick->states && !(pick->states >> conn_state(conn, gone) & 1))
		return false;
	if (pick->initiators && !(pick->initiators >> conn->initiator & 1))
		return false;
	if (pick->in_flight && !conn_has_request(conn))
		return false;
	if (!pick->min_idle_ms)
		return true;
	return conn_idle_ms(conn, gone, now_ns, &idle_ms) && idle_ms >= pick->min_idle_ms;
}
