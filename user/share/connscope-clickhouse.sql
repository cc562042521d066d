-- SPDX-License-Identifier: Apache-2.0
-- Connection records of many hosts in ClickHouse: the table that `connscope conns --json` loads into by
-- JSONEachRow, a rollup per minute and endpoint that grows with endpoints, not with connections, and a table
-- for the single events of `connscope trace --json`. With --from FILE both print those of a recording.
--
--   clickhouse-client --multiquery <connscope-clickhouse.sql
--
-- Insert each connection once, when it has ended: the rollup counts what is inserted. fleet.md has the
-- pipe. It sets input_format_skip_unknown_fields=1, so that fields of newer versions of connscope do no
-- harm. Columns have the names of the JSON fields and are Nullable where these can be null. true and
-- false become 1 and 0.
--
-- Written for ClickHouse 18.16 and later. With a recent one, better: LowCardinality(String) for host, role,
-- state, comm, initiator, cause, fail_reason; Bool; IPv6 for addresses; DateTime64(3) for ts and opened_ts
-- (with date_time_input_format=best_effort); TTL time + INTERVAL 30 DAY, in the place of dropping
-- partitions by hand; async_insert=1 where many hosts insert little.

CREATE DATABASE IF NOT EXISTS connscope;

CREATE TABLE IF NOT EXISTS connscope.conns
(
    host String,                      -- not of connscope: what collects the records adds it
    type String,
    ts String,                        -- of the report, RFC 3339
    time DateTime MATERIALIZED toDateTime(replaceOne(substring(ts, 1, 19), 'T', ' '), 'UTC'),
    local_addr String,
    local_port UInt16,
    remote_addr String,
    remote_port UInt16,
    role String,
    state String,
    comm Nullable(String),
    pid Nullable(UInt32),
    tid Nullable(UInt32),
    container Nullable(String),
    netns UInt32,
    partial UInt8,
    opened_ts Nullable(String),
    age_ms Nullable(UInt64),
    exchanges Nullable(UInt32),
    idle_ms Nullable(UInt64),
    initiator Nullable(String),
    cause Nullable(String),
    in_flight Nullable(UInt8),
    idle_at_close_ms Nullable(UInt64),
    idle_others Nullable(UInt32),
    raced Nullable(UInt8),
    time_wait Nullable(UInt8),
    fail_reason Nullable(String),
    sent_bytes Nullable(UInt64),
    received_bytes Nullable(UInt64),
    connect_us Nullable(UInt64),
    accept_wait_us Nullable(UInt64),
    depth Nullable(UInt32),
    keepalive Nullable(UInt8),
    mptcp UInt8
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(time)
ORDER BY (host, role, time);

-- Reuse, as connscope counts it: exchanges, and connections that carried any, of those seen from their
-- opening; (exchanges - carriers) / exchanges is the ratio. Read it with sum() and GROUP BY: rows of one key
-- are put together in the background, some time after the insert.
CREATE TABLE IF NOT EXISTS connscope.endpoints
(
    minute DateTime,
    host String,
    role String,
    addr String,                      -- of the peer for clients, of this host for servers
    port UInt16,
    comm String,
    container String,
    connections_total UInt64,
    failed_total UInt64,
    partial_total UInt64,
    exchanges_total UInt64,
    carriers_total UInt64,
    partial_exchanges_total UInt64,
    closed_local_total UInt64,
    closed_remote_total UInt64,
    in_flight_total UInt64,
    raced_total UInt64,
    sent_bytes_total UInt64,
    received_bytes_total UInt64
)
ENGINE = SummingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (host, role, addr, port, comm, container, minute);

CREATE MATERIALIZED VIEW IF NOT EXISTS connscope.endpoints_of_conns TO connscope.endpoints AS
SELECT
    toStartOfMinute(time) AS minute,
    host,
    role,
    if(role = 'client', remote_addr, local_addr) AS addr,
    if(role = 'client', remote_port, local_port) AS port,
    ifNull(comm, '') AS comm,
    ifNull(container, '') AS container,
    countIf(state != 'failed') AS connections_total,
    countIf(state = 'failed') AS failed_total,
    countIf(partial = 1) AS partial_total,
    sumIf(ifNull(exchanges, 0), partial = 0) AS exchanges_total,
    countIf(ifNull(exchanges, 0) > 0 AND partial = 0) AS carriers_total,
    sumIf(ifNull(exchanges, 0), partial = 1) AS partial_exchanges_total,
    countIf(ifNull(initiator, '') IN ('local-fin', 'local-rst')) AS closed_local_total,
    countIf(ifNull(initiator, '') IN ('remote-fin', 'remote-rst')) AS closed_remote_total,
    sum(ifNull(in_flight, 0)) AS in_flight_total,
    sum(ifNull(raced, 0)) AS raced_total,
    sum(ifNull(sent_bytes, 0)) AS sent_bytes_total,
    sum(ifNull(received_bytes, 0)) AS received_bytes_total
FROM connscope.conns
WHERE type = 'conn'
GROUP BY minute, host, role, addr, port, comm, container;

CREATE TABLE IF NOT EXISTS connscope.events
(
    host String,
    type String,                      -- event, or gap: so many are missing here
    ts String,                        -- of the event itself
    time DateTime MATERIALIZED toDateTime(replaceOne(substring(ts, 1, 19), 'T', ' '), 'UTC'),
    event String,
    missing Nullable(UInt64),
    local_addr Nullable(String),
    local_port Nullable(UInt16),
    remote_addr Nullable(String),
    remote_port Nullable(UInt16),
    role Nullable(String),
    comm Nullable(String),
    pid Nullable(UInt32),
    container Nullable(String),
    netns Nullable(UInt32),
    partial Nullable(UInt8),
    opened_ts Nullable(String),
    number Nullable(UInt32),
    request_bytes Nullable(UInt64),
    response_bytes Nullable(UInt64),
    response_us Nullable(UInt64),
    idle_gap_ms Nullable(UInt64),
    continued Nullable(UInt8),
    connect_us Nullable(UInt64),
    accept_wait_us Nullable(UInt64),
    depth Nullable(UInt32),
    limit Nullable(UInt32),
    backlog_asked Nullable(Int32),
    refused Nullable(String),
    refused_count Nullable(UInt64),
    fail_reason Nullable(String),
    age_ms Nullable(UInt64),
    exchanges Nullable(UInt32),
    initiator Nullable(String),
    cause Nullable(String),
    idle_at_close_ms Nullable(UInt64),
    in_flight Nullable(UInt8),
    raced Nullable(UInt8),
    time_wait Nullable(UInt8),
    amended Nullable(UInt8),
    sent_bytes Nullable(UInt64),
    received_bytes Nullable(UInt64),
    mptcp Nullable(UInt8)
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(time)
ORDER BY (host, event, time);
