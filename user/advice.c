/* SPDX-License-Identifier: Apache-2.0 */
/* Settings, by rule and software: the special ones first, then one for any. */
#include "advice.h"

#include <string.h>

struct advice {
	const char *rule; /* id */
	enum software software;
	struct condition when[2 + 1];
	const char *text;
};

/* clang-format off */
static const struct advice advices[] = {
	/* ---- body-unread ---- */
	{ "body-unread", SOFTWARE_GO, {}, "read each Response.Body to its end (io.Copy to io.Discard), then Close it" },
	{ "body-unread", SOFTWARE_NODE, {}, "consume each response: res.resume() where its body is not of interest, not res.destroy()" },
	{ "body-unread", SOFTWARE_JAVA, {}, "read each InputStream to its end, error streams too, then close it" },
	{ "body-unread", SOFTWARE_PYTHON, {}, "read each body (response.content), also of errors; with stream=True to the end" },
	{ "body-unread", SOFTWARE_ANY, {}, "read each response to its end before the connection is closed or given back, those of errors too" },

	/* ---- not-reused-local ---- */
	{ "not-reused-local", SOFTWARE_NGINX, {}, "keepalive[ {active_peak} or more] in the upstream block, proxy_http_version 1.1 and proxy_set_header Connection \"\" beside proxy_pass; nginx 1.29.7 and later do all that by default" },
	{ "not-reused-local", SOFTWARE_HAPROXY, {}, "http-reuse safe, and no option httpclose or http-server-close" },
	{ "not-reused-local", SOFTWARE_ENVOY, {}, "no max_requests_per_connection of 1 for this cluster" },
	{ "not-reused-local", SOFTWARE_APACHE, {}, "ProxyPass with enablereuse=on, no disablereuse, no proxy-nokeepalive in the environment" },
	{ "not-reused-local", SOFTWARE_NODE, {}, "one http.Agent({ keepAlive: true }) for all requests, no agent: false; a server whose Keep-Alive header says timeout=1 or less (server.keepAliveTimeout) is never kept either" },
	{ "not-reused-local", SOFTWARE_GO, {}, "one http.Client for all requests, no DisableKeepAlives, and each Response.Body read to its end and closed" },
	{ "not-reused-local", SOFTWARE_JAVA, {}, "one HttpClient for all requests, http.keepAlive not false, each response read to its end" },
	{ "not-reused-local", SOFTWARE_PYTHON, {}, "one requests.Session (httpx.Client, aiohttp.ClientSession) for all requests instead of requests.get()" },
	{ "not-reused-local", SOFTWARE_RUBY, {}, "one Net::HTTP.start block, or net-http-persistent, for all requests" },
	{ "not-reused-local", SOFTWARE_PHP, {}, "keep the curl handle between calls of a request; between requests a local proxy with keep-alive, or persistent connections (pconnect, PDO::ATTR_PERSISTENT)" },
	{ "not-reused-local", SOFTWARE_ANY, {}, "keep connections after a response: a client with keep-alive, or a pool[ of {active_peak}]" },

	/* ---- not-reused-remote ---- */
	{ "not-reused-remote", SOFTWARE_NGINX, {}, "nginx before 1.29.7 asks the upstream to close, unless told otherwise: keepalive[ {active_peak} or more] in the upstream block, proxy_http_version 1.1 and proxy_set_header Connection \"\" beside proxy_pass; if that is so already, switch on keep-alive in the upstream" },
	{ "not-reused-remote", SOFTWARE_NODE, {}, "one http.Agent({ keepAlive: true }) for all requests: without an agent, and by default before version 19, Node asks the upstream to close; if that is so already, switch on keep-alive in the upstream" },
	{ "not-reused-remote", SOFTWARE_GO, {}, "no Request.Close and no Transport.DisableKeepAlives, which ask the upstream to close; if that is so already, switch on keep-alive in the upstream" },
	{ "not-reused-remote", SOFTWARE_HAPROXY, {}, "no option httpclose or http-server-close, which ask the upstream to close; if that is so already, switch on keep-alive in the upstream" },
	{ "not-reused-remote", SOFTWARE_APACHE, {}, "no disablereuse=on, force-proxy-request-1.0 or proxy-nokeepalive, which ask the upstream to close; if that is so already, switch on keep-alive in the upstream" },
	{ "not-reused-remote", SOFTWARE_ANY, {}, "see who asks for it: requests of HTTP/1.0 or with \"Connection: close\" (this side), or responses with it (the upstream: nginx keepalive_timeout 0, Apache KeepAlive Off); and switch keep-alive on there" },

	/* ---- request-cap ---- */
	{ "request-cap", SOFTWARE_NGINX, { { FACT_CAP_LOCAL_SHARE, AT_LEAST, 0.5, 0 } }, "keepalive_requests in the upstream block, default 1000: raise it" },
	{ "request-cap", SOFTWARE_ENVOY, { { FACT_CAP_LOCAL_SHARE, AT_LEAST, 0.5, 0 } }, "max_requests_per_connection of this cluster: raise it" },
	{ "request-cap", SOFTWARE_ANY, { { FACT_CAP_LOCAL_SHARE, AT_LEAST, 0.5, 0 } }, "where this client has a limit on requests a connection, raise it; where its sessions have that length, keep them in a pool" },
	{ "request-cap", SOFTWARE_ANY, {}, "the upstream's limit on requests a connection (nginx keepalive_requests, Apache MaxKeepAliveRequests, Node server.maxRequestsPerSocket): raise it" },

	/* ---- kept-in-vain ---- */
	{ "kept-in-vain", SOFTWARE_NODE, {}, "one http.Agent({ keepAlive: true }) for all requests, not a new one for each" },
	{ "kept-in-vain", SOFTWARE_GO, {}, "one http.Client and Transport for all requests, not a new one for each" },
	{ "kept-in-vain", SOFTWARE_JAVA, {}, "one HttpClient for all requests, not a new one for each" },
	{ "kept-in-vain", SOFTWARE_PYTHON, {}, "one requests.Session (httpx.Client, aiohttp.ClientSession) for all requests, not a new one for each" },
	{ "kept-in-vain", SOFTWARE_ANY, {}, "one pool for all requests: a client object, and with it a pool, for each request keeps connections that no other request finds" },

	/* ---- pool-too-small ---- */
	{ "pool-too-small", SOFTWARE_NGINX, { { FACT_ACTIVE_PEAK, AT_LEAST, 1, 0 } }, "in the upstream block: keepalive {active_peak}, or more, for each worker process" },
	{ "pool-too-small", SOFTWARE_NGINX, {}, "a larger keepalive in the upstream block; it is for each worker process" },
	{ "pool-too-small", SOFTWARE_GO, {}, "Transport.MaxIdleConnsPerHost, default 2:[ {active_peak}] or more" },
	{ "pool-too-small", SOFTWARE_NODE, {}, "http.Agent maxFreeSockets:[ {active_peak}] or more" },
	{ "pool-too-small", SOFTWARE_HAPROXY, {}, "pool-max-conn of the server line:[ {active_peak}] or more" },
	{ "pool-too-small", SOFTWARE_JAVA, {}, "http.maxConnections, default 5, or the pool's limit per route:[ {active_peak}] or more" },
	{ "pool-too-small", SOFTWARE_PYTHON, {}, "HTTPAdapter(pool_maxsize=...), default 10, or the client's max_keepalive_connections:[ {active_peak}] or more" },
	{ "pool-too-small", SOFTWARE_APACHE, {}, "ProxyPass with max= and smax=[ {active_peak}] or more" },
	{ "pool-too-small", SOFTWARE_ANY, {}, "the most idle connections that the pool keeps:[ {active_peak}] or more" },

	/* ---- the keep-alive race ---- */
	{ "race-seen*client", SOFTWARE_ANY, { { FACT_LONGEST_GAP, BELOW, 1000, 0 } }, "these were in steady use, so no idle timeout: see whether the upstream was restarted or reloaded then, or closes after a number of requests; it should finish what is open first, and this side should send again what may be sent twice" },
	{ "race-seen*server", SOFTWARE_ANY, { { FACT_LONGEST_GAP, BELOW, 1000, 0 } }, "these were in steady use, so no idle timeout: see whether this server was restarted or reloaded then, or closes after a number of requests; take it out of the balancing first, or let clients know by the response before (Connection: close)" },
	{ "race-*client", SOFTWARE_NGINX, {}, "keepalive_timeout in the upstream block, default 60s: less than the upstream's[ {remote_timeout_ms}]; or raise the upstream's above it" },
	{ "race-*client", SOFTWARE_GO, {}, "Transport.IdleConnTimeout, default 90s: less than the upstream's[ {remote_timeout_ms}]; or raise the upstream's above it" },
	{ "race-*client", SOFTWARE_HAPROXY, {}, "raise the upstream's idle timeout[ of {remote_timeout_ms}]: pool-purge-delay closes half of the idle connections each time, so it bounds none; 0 keeps none" },
	{ "race-*client", SOFTWARE_ENVOY, {}, "common_http_protocol_options.idle_timeout of the cluster, default 1h: less than the upstream's[ {remote_timeout_ms}]; or raise the upstream's above it" },
	{ "race-*client", SOFTWARE_APACHE, {}, "ProxyPass with ttl= less than the upstream's[ {remote_timeout_ms}]; or raise the upstream's above it" },
	{ "race-*client", SOFTWARE_NODE, {}, "http.Agent({ keepAlive: true, timeout: ... }): less than the upstream's[ {remote_timeout_ms}]; or raise the upstream's above it" },
	{ "race-*client", SOFTWARE_JAVA, {}, "jdk.httpclient.keepalive.timeout, or the pool's eviction of idle connections: less than the upstream's[ {remote_timeout_ms}]; or raise the upstream's above it" },
	{ "race-*client", SOFTWARE_ANY, {}, "whoever sends requests must give up idle connections first: this side after less than the upstream's[ {remote_timeout_ms}], or the upstream (nginx keepalive_timeout, Node server.keepAliveTimeout, Apache KeepAliveTimeout, gunicorn --keep-alive) after more than this side" },
	{ "race-*server", SOFTWARE_NGINX, {}, "keepalive_timeout, default 75s: longer than clients and load balancers keep idle connections[ ({longest_reused_gap_ms} at least; many do for 60s)]" },
	{ "race-*server", SOFTWARE_NODE, {}, "server.keepAliveTimeout, default 5s: longer than clients and load balancers keep idle connections[ ({longest_reused_gap_ms} at least; many do for 60s)]; headersTimeout longer still" },
	{ "race-*server", SOFTWARE_APACHE, {}, "KeepAliveTimeout, default 5s: longer than clients and load balancers keep idle connections[ ({longest_reused_gap_ms} at least; many do for 60s)]" },
	{ "race-*server", SOFTWARE_GO, {}, "Server.IdleTimeout: longer than clients and load balancers keep idle connections[ ({longest_reused_gap_ms} at least; many do for 60s)]" },
	{ "race-*server", SOFTWARE_PYTHON, {}, "gunicorn --keep-alive, default 2s, uvicorn --timeout-keep-alive, default 5s: longer than clients and load balancers keep idle connections[ ({longest_reused_gap_ms} at least; many do for 60s)]" },
	{ "race-*server", SOFTWARE_RUBY, {}, "puma persistent_timeout: longer than clients and load balancers keep idle connections[ ({longest_reused_gap_ms} at least; many do for 60s)]" },
	{ "race-*server", SOFTWARE_HAPROXY, {}, "timeout http-keep-alive: longer than clients and load balancers keep idle connections[ ({longest_reused_gap_ms} at least; many do for 60s)]" },
	{ "race-*server", SOFTWARE_JAVA, {}, "keepAliveTimeout of the connector: longer than clients and load balancers keep idle connections[ ({longest_reused_gap_ms} at least; many do for 60s)]" },
	{ "race-*server", SOFTWARE_ANY, {}, "the idle timeout of this server: longer than clients and load balancers keep idle connections[ ({longest_reused_gap_ms} at least; many do for 60s)]" },

	/* ---- ends ---- */
	{ "peer-vanishes", SOFTWARE_ANY, { { FACT_KEEPALIVE_TIMEOUTS, AT_LEAST, 1, FACT_RETRANSMISSION_TIMEOUTS } }, "find what forgets idle connections, and stay below its limit: an idle timeout of the pool, or keepalive probes more often than that (TCP_KEEPIDLE, net.ipv4.tcp_keepalive_time)" },
	{ "peer-vanishes", SOFTWARE_ANY, {}, "find what drops the packets or took the peer down; to notice sooner: a timeout for responses, TCP_USER_TIMEOUT" },
	{ "no-keepalive", SOFTWARE_NGINX, {}, "proxy_socket_keepalive on (clients: so_keepalive=on of listen)" },
	{ "no-keepalive", SOFTWARE_HAPROXY, {}, "option tcpka, or clitcpka and srvtcpka" },
	{ "no-keepalive", SOFTWARE_ANY, {}, "SO_KEEPALIVE with TCP_KEEPIDLE of a minute or so, or an idle timeout of the pool" },

	/* ---- the accept queue ---- */
	{ "accept-*", SOFTWARE_APACHE, { { FACT_ACCEPT_WAIT_P50, AT_LEAST, 10000, 0 } }, "it accepts too slowly[, {accepting_threads|process or thread|processes or threads} did]: raise MaxRequestWorkers (and ServerLimit, ThreadsPerChild)" },
	{ "accept-*", SOFTWARE_NGINX, { { FACT_ACCEPT_WAIT_P50, AT_LEAST, 10000, 0 } }, "it accepts too slowly[, {accepting_threads|process|processes} did]: worker_processes auto, worker_connections; look for what blocks a worker" },
	{ "accept-*", SOFTWARE_PYTHON, { { FACT_ACCEPT_WAIT_P50, AT_LEAST, 10000, 0 } }, "it accepts too slowly[, {accepting_threads|process or thread|processes or threads} did]: gunicorn --workers, --threads" },
	{ "accept-*", SOFTWARE_PHP, { { FACT_ACCEPT_WAIT_P50, AT_LEAST, 10000, 0 } }, "it accepts too slowly[, {accepting_threads|process|processes} did]: raise pm.max_children" },
	{ "accept-*", SOFTWARE_RUBY, { { FACT_ACCEPT_WAIT_P50, AT_LEAST, 10000, 0 } }, "it accepts too slowly[, {accepting_threads|thread|threads} did]: more puma workers and threads" },
	{ "accept-*", SOFTWARE_NODE, { { FACT_ACCEPT_WAIT_P50, AT_LEAST, 10000, 0 } }, "it accepts too slowly: look for what holds up the event loop, or run several processes (node:cluster)" },
	{ "accept-*", SOFTWARE_ANY, { { FACT_ACCEPT_WAIT_P50, AT_LEAST, 10000, 0 } }, "it accepts too slowly[, {accepting_threads|thread|threads} did, one connection each {accept_gap_us}]: more of them, or less work between two accept() calls" },
	{ "accept-*", SOFTWARE_ANY, { { FACT_ASKED, ABOVE, 1, FACT_LIMIT } }, "it accepts in time, the limit is small for its bursts: raise net.core.somaxconn to {backlog_asked} in its network namespace, then restart it" },
	{ "accept-*", SOFTWARE_ANY, { { FACT_LIMIT, AT_LEAST, 1, FACT_SOMAXCONN } }, "it accepts in time, the limit is small for its bursts, and is all that net.core.somaxconn allows: raise that above {somaxconn} in its network namespace, its own backlog too where that is no larger, then restart it" },
	{ "accept-*", SOFTWARE_ANY, {}, "it accepts in time, the limit is small for its bursts: ask for a larger backlog (nginx listen ... backlog=, Apache ListenBacklog, Node listen({ backlog }), gunicorn --backlog, php-fpm listen.backlog), at most net.core.somaxconn[ {somaxconn}]" },
	{ "backlog-clamped", SOFTWARE_ANY, {}, "sysctl net.core.somaxconn={backlog_asked} in its network namespace (a container has its own), then restart the listener" },
	{ "backlog-small", SOFTWARE_NGINX, {}, "listen ... backlog={somaxconn}" },
	{ "backlog-small", SOFTWARE_APACHE, {}, "ListenBacklog {somaxconn}" },
	{ "backlog-small", SOFTWARE_NODE, {}, "server.listen({ backlog: {somaxconn} })" },
	{ "backlog-small", SOFTWARE_PYTHON, {}, "gunicorn --backlog {somaxconn}; http.server and socketserver: request_queue_size" },
	{ "backlog-small", SOFTWARE_JAVA, {}, "Tomcat acceptCount, or the backlog of ServerSocket: {somaxconn}" },
	{ "backlog-small", SOFTWARE_PHP, {}, "listen.backlog = {somaxconn}" },
	{ "backlog-small", SOFTWARE_HAPROXY, {}, "backlog {somaxconn}" },
	{ "backlog-small", SOFTWARE_ANY, {}, "a larger backlog in listen(), up to {somaxconn}" },

	/* ---- openings ---- */
	{ "connect-fails", SOFTWARE_ANY, { { FACT_FAIL_SHARE, AT_LEAST, 1, 0 }, { FACT_OTHER_FAMILY, AT_LEAST, 1, FACT_FAILED } }, "let the server listen on this address, too, or take it out of what the name resolves to (AAAA records, /etc/hosts)" },
	{ "connect-fails", SOFTWARE_ANY, { { FACT_NO_PORT, AT_LEAST, 0.5, FACT_FAILED } }, "reuse connections; for more ports: a wider net.ipv4.ip_local_port_range, more addresses, net.ipv4.tcp_tw_reuse=1" },
	{ "connect-fails", SOFTWARE_ANY, { { FACT_REFUSED, AT_LEAST, 0.5, FACT_FAILED } }, "nothing listens there: see whether the upstream runs (ss -lt there), and take it out of the balancing until it does" },
	{ "connect-fails", SOFTWARE_ANY, { { FACT_CONNECT_TIMEOUTS, AT_LEAST, 0.5, FACT_FAILED } }, "nothing answers: see whether the host is up, whether a firewall drops, whether the listener's queue overflows (connscope accept there)" },
	{ "connect-fails", SOFTWARE_ANY, {}, "see the route (ip route get) and what a router says of it" },
	{ "time-wait", SOFTWARE_ANY, {}, "reuse connections (connscope reuse tells how far they are); if that cannot be, net.ipv4.tcp_tw_reuse=1, a wider net.ipv4.ip_local_port_range, or more addresses for either side" },
	{ "handshake-cost", SOFTWARE_ANY, {}, "keep connections longer: larger pools and idle timeouts; TLS session resumption; or a proxy nearby that keeps them" },

	/* ---- the tracer's own account ---- */
	{ "lost-events", SOFTWARE_ANY, { { FACT_LOST, AT_LEAST, 1, 0 } }, "--ring-size larger than now, or filters (-P, -n)" },
	{ "lost-events", SOFTWARE_ANY, { { FACT_FOLDED, AT_LEAST, 1, 0 } }, "--max-endpoints larger than now, or filters (-P, -n)" },
	{ "lost-events", SOFTWARE_ANY, {}, "--max-conns larger than now, or filters (-P, -n)" },
	{ "missed-runs", SOFTWARE_ANY, {}, "where exactness matters: another --backend, or less of other tracing on this host" },
	{ "no-turns", SOFTWARE_ANY, {}, "record without --no-turns" },
	{ "short-look", SOFTWARE_ANY, {}, "look longer, or see whether the filters are right" },
};
/* clang-format on */

/* "race-*client": those that begin so, of a row of that role. */
static bool is_of(const char *pattern, const struct rule *rule)
{
	const char *star = strchr(pattern, '*');
	size_t len = star ? (size_t)(star - pattern) : strlen(pattern);

	if (strncmp(pattern, rule->id, len) || (!star && rule->id[len]))
		return false;
	if (!star || !star[1])
		return true;
	return rule->scopes == (strcmp(star + 1, "server") ? SCOPE_CLIENT : SCOPE_SERVER);
}

const char *advice_find(const struct rule *rule, enum software software, const struct facts *facts)
{
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		const struct advice *advice = &advices[i];

		if (is_of(advice->rule, rule) &&
		    (!advice->software || advice->software == software) &&
		    conditions_met(advice->when, facts))
			return advice->text;
	}
	return "";
}
