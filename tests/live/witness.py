#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An independent witness: what connscope reports, against what tcpdump saw.

    witness.py REPORT END...      END is  role,netns,capture,address[,address...]

REPORT is what `connscope conns --json` printed. Each END is one network namespace, the capture taken on
its own device, and the addresses of that device: what left it and what reached it, in the order in which
it did. From the captures alone, and for each end apart, this program derives

  * which connections there were, and who sent the SYN;
  * the payload bytes each way, each byte once however often it was sent;
  * the exchanges: a request burst and the first byte of its answer;
  * which FIN or RST ended the connection, and whether a request was unanswered then;
  * whether it was the keep-alive race, who got the TIME_WAIT socket, and whether it was refused.

and compares. Nothing may differ. Where the two are different by definition, because tcpdump sees packets
and connscope what applications do, the difference has a name, a reason and a narrow condition: see NAMED.

Exit status: 0 all agree, 1 something does not, 2 usage. The last part of the output shows that this
program would complain: it spoils the records in various ways and compares again.
"""
import collections
import copy
import json
import struct
import sys

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10

NAMED = {
    "unread": "payload reached the socket and was never read: a RST came, or this end had sent its FIN "
              "before the peer's, and closed; connscope counts what the application reads",
    "unsent": "payload was handed to the kernel and never sent, because a RST came first: "
              "connscope counts what the application writes",
    "close-notify": "the last message has the size of a TLS close_notify, which is no request",
    "FIN waited": "close() came before the peer's FIN or RST, but payload was unacknowledged then, and the "
                  "FIN had to wait behind it, or never left: connscope sees close(), the wire the FIN",
    "met unseen": "payload met a socket of this server that was closed, and answered with a RST: the "
                  "backend says (`reasons.race`) that it does not see that",
    "TIME_WAIT unseen": "a RST came after this end's FIN was acknowledged: the wire does not tell whether it "
                        "met the TIME_WAIT socket or one that the application held still",
    "piecemeal": "on this port the server reads and answers 64 bytes at a time, and the client writes "
                 "all before it reads: the path joins what applications do apart",
}
# As documented in README.md: 5 bytes of header, 2 of alert, a tag of 16, and 0, 1 or 8 more.
CLOSE_NOTIFY = (23, 24, 31)
PIECEMEAL_PORTS, MESSAGE_BYTES = range(8000, 9000), 64

Segment = collections.namedtuple("Segment", "out seq ack flags length")
# One end of one connection, by its addresses and ports.
Name = collections.namedtuple("Name", "local_addr local_port remote_addr remote_port")


# ---- captures ----

def address(raw):
    if len(raw) == 4:
        return "%d.%d.%d.%d" % tuple(raw)
    groups = struct.unpack("!8H", raw)
    # The load's addresses have one run of zeros, and nothing else to abbreviate.
    head = [("%x" % group) for group in groups]
    while "0" in head:
        first = head.index("0")
        last = first
        while last < 8 and head[last] == "0":
            last += 1
        return ":".join(head[:first]) + "::" + ":".join(head[last:])
    return ":".join(head)


def packets(path):
    """The IP packets of a capture file, cut to the captured length."""
    with open(path, "rb") as file:
        data = file.read()
    magic, link = struct.unpack_from("<I16xI", data)
    if magic != 0xa1b2c3d4 or link not in (12, 101):
        sys.exit("witness: %s: not a capture of raw IP packets" % path)
    at = 24
    while at < len(data):
        captured = struct.unpack_from("<8xI", data, at)[0]
        yield data[at + 16:at + 16 + captured]
        at += 16 + captured


def segments(path, local_addresses):
    """(name, segment) for each TCP segment, NAME as seen from this end."""
    known = {}
    for packet in packets(path):
        if packet[0] >> 4 == 4:
            tcp = (packet[0] & 15) * 4
            total = struct.unpack_from("!H", packet, 2)[0]
            source, target = packet[12:16], packet[16:20]
        else:
            tcp = 40
            total = 40 + struct.unpack_from("!H", packet, 4)[0]
            source, target = packet[8:24], packet[24:40]
        sport, dport, seq, ack, offset, flags = struct.unpack_from("!HHIIBB", packet, tcp)
        key = (source, target, sport, dport)
        if key not in known:
            ends = (address(source), sport), (address(target), dport)
            out = ends[0][0] in local_addresses
            known[key] = out, Name(*(ends[0] + ends[1] if out else ends[1] + ends[0]))
        out, name = known[key]
        yield name, Segment(out, seq, ack, flags, total - tcp - (offset >> 4) * 4)


def ahead(a, b):
    """How far the sequence number A is ahead of B: negative if it is behind."""
    return ((a - b + 0x80000000) & 0xffffffff) - 0x80000000


# ---- one end of one connection ----

class End:
    """What one end's kernel did and saw, in that kernel's own order.

    The order of the capture is nearly that, but a packet that arrives while the kernel is busy with a
    close() or send() waits until that is done, so that what the kernel sends next leaves after it and
    does not yet know of it. The acknowledgement number of each packet that leaves tells how far the
    kernel had got. So arrivals wait in `arrived` until a departure acknowledges them, or to the last.

    `story` is the result: ("S", n) payload sent for the first time, ("R", n) payload received in order,
    ("FIN>", None) and ("RST>", None) sent, ("<FIN", acked) and ("<RST", None) received. ACKED: the
    peer had acknowledged our own FIN by then.
    """

    def __init__(self, role, name, syn):
        self.role = role
        self.name = name
        self.client_isn = syn.seq
        self.first_out = self.first_in = None  # sequence numbers of the first payload bytes
        if role == "client":
            self.first_out = syn.seq + 1
        else:
            self.first_in = syn.seq + 1
        self.established = self.refused = self.dead = False
        self.reset = None  # how it died: a RST "sent", or in "answer" to a segment, or "received"
        self.met = 0  # payload of the peer's that met our own FIN, or...
        self.met_unsent = 0  # ... that would have, had the FIN not been waiting
        self.acked = 0  # of the payload sent
        self.waiting_at = None  # where in the story a FIN may have been waiting
        self.sent = self.received = 0  # payload bytes
        self.repeated = 0  # segments with payload that had been sent before
        self.fin_sent = self.fin_received = self.fin_acked = False
        self.fin_at = None  # where in the incoming stream the peer's FIN is
        self.later = []  # (start, end) of payload that arrived before what precedes it
        self.arrived = collections.deque()
        self.story = []

    def endings(self):
        return [event for event, _ in self.story if event not in "SR"]

    def waiting(self):
        """This end with the FIN in its story when close() came, as far as that can have been."""
        if self.waiting_at is None:
            return None
        end = copy.copy(self)
        before, after = self.story[:self.waiting_at], self.story[self.waiting_at:]
        end.story = before + [("FIN>", None)] + [event for event in after if event[0] != "FIN>"]
        end.met += end.met_unsent
        return end

    def closed_first(self):
        return self.endings()[:2] == ["FIN>", "<FIN"]

    def has_time_wait(self):
        """Whether this end got the TIME_WAIT socket. None where the wire does not tell."""
        if self.endings()[:1] != ["FIN>"] or not self.fin_acked:
            return False
        if self.fin_received or self.reset in (None, "answer"):
            return True
        # With its FIN acknowledged, the application may have closed the socket by now, or not.
        return False if self.reset == "sent" else None

    def depart(self, segment):
        if self.first_out is None:  # our SYN-ACK
            self.first_out = segment.seq + 1
        if segment.flags & RST and not segment.flags & ACK:
            self.answer(segment)
        elif self.dead:
            # The application's RST, which the answer to something that came meanwhile overtook.
            if segment.flags & RST and self.reset == "answer" and not self.endings():
                self.story.append(("RST>", None))
        elif not segment.flags & SYN:
            self.take_arrivals(segment.ack)
            if self.established and not self.dead:
                self.send(segment)

    def send(self, segment):
        if segment.flags & RST:
            self.dead = True
            self.reset = "sent"
            self.story.append(("RST>", None))
            return
        end = ahead(segment.seq, self.first_out) + segment.length
        self.repeated += segment.length > 0 and end <= self.sent
        if end > self.sent and segment.length:
            self.story.append(("S", end - self.sent))
            self.sent = end
        if segment.flags & FIN and not self.fin_sent:
            self.fin_sent = True
            self.story.append(("FIN>", None))

    def answer(self, segment):
        """A RST that answers the last segment to arrive: the socket was closed before that came."""
        if self.dead or not self.established:
            return
        # Its number is what that segment acknowledged: of this connection, or an earlier one.
        if not 0 <= ahead(segment.seq, self.first_out) <= self.sent + self.fin_sent:
            return
        last = self.arrived.pop() if self.arrived else None
        self.take_arrivals(None)
        if not self.dead:
            self.note_waiting(self.sent > self.acked)
            if last:
                self.note_met(last)
            self.reset = "answer"
            self.dead = True

    def arrive(self, segment):
        self.arrived.append(segment)
        if not self.established:  # nothing of ours depends on the order yet
            self.take_arrivals(None)

    def take_arrivals(self, acknowledged):
        """Those that the kernel has taken in when it sends ACKNOWLEDGED. None: all."""
        while self.arrived and not self.dead:
            if acknowledged is not None and not self.is_taken(self.arrived[0], acknowledged):
                return
            self.take(self.arrived.popleft())

    def is_taken(self, segment, acknowledged):
        if segment.flags & RST:
            return not self.accepts_reset(segment)  # else the kernel would send nothing any more
        end = ahead(segment.seq, self.first_in) + segment.length + bool(segment.flags & FIN)
        limit = ahead(acknowledged, self.first_in)
        position = self.received + self.fin_received
        if end <= max(limit, position):
            return True
        return ahead(segment.seq, self.first_in) > position  # out of order: not acknowledged yet

    def accepts_reset(self, segment):
        """As RFC 5961 has it, and Linux: exactly what is expected, or next to what SACK told."""
        at = ahead(segment.seq, self.first_in)
        expected = self.received + self.fin_received
        return (at == expected or (self.fin_received and at == expected - 1)
                or (self.later and at == max(end for start, end in self.later)))

    def take(self, segment):
        if not self.established and not self.establish(segment):
            return
        if segment.flags & RST:
            if self.accepts_reset(segment):
                self.note_waiting(self.sent > self.acked)
                self.dead = True
                self.reset = "received"
                self.story.append(("<RST", None))
            return
        if segment.flags & SYN:
            return
        outstanding = self.sent > self.acked
        self.acked = max(self.acked, ahead(segment.ack, self.first_out))
        if self.fin_sent and self.acked > self.sent:
            self.fin_acked = True
        self.note_met(segment)
        self.take_payload(segment, outstanding)

    def establish(self, segment):
        if self.role == "client":
            if segment.flags & ACK and ahead(segment.ack, self.first_out) == 0:
                self.refused = self.dead = bool(segment.flags & RST)
                if segment.flags & SYN:
                    self.first_in = segment.seq + 1
                    self.established = True
        elif segment.flags & (SYN | RST | ACK) == ACK:
            self.established = ahead(segment.ack, self.first_out) == 0
        return self.established

    def note_met(self, segment):
        """Payload that met our FIN, even if another segment has it: a FIN too far ahead tells so."""
        if not self.fin_received and (segment.length or segment.flags & FIN):
            new = ahead(segment.seq, self.first_in) + segment.length - self.received
            if self.fin_sent:
                self.met += max(0, new)
            elif self.waiting_at is not None:
                self.met_unsent += max(0, new)

    def note_waiting(self, outstanding):
        if outstanding and not self.endings():
            self.waiting_at = len(self.story)

    def take_payload(self, segment, outstanding):
        start = ahead(segment.seq, self.first_in)
        end = start + segment.length
        if end < self.received:
            return  # all old, and perhaps of an earlier connection between these ports
        if segment.flags & FIN:
            self.fin_at = end
            end += 1  # it takes a sequence number, and is acknowledged like payload
        if end <= self.received:
            return
        self.later.append((start, end))
        reach = self.received
        for start, end in sorted(self.later):
            if start <= reach:
                reach = max(reach, end)
        self.later = [(start, end) for start, end in self.later if end > reach]
        has_fin = self.fin_at is not None and reach > self.fin_at
        payload = reach - has_fin - self.received
        if payload > 0:
            self.received += payload
            self.story.append(("R", payload))
        if has_fin and not self.fin_received:
            self.note_waiting(outstanding)
            self.fin_received = True
            self.story.append(("<FIN", self.fin_acked))


def ends_of(capture, local_addresses):
    """Every connection of one capture, each with its story, in the order in which they began."""
    ends, current, calling = [], {}, {}
    for name, segment in segments(capture, local_addresses):
        if segment.flags & (SYN | ACK) == SYN:
            if segment.out:
                if name not in current or current[name].client_isn != segment.seq:
                    ends.append(End("client", name, segment))
                    current[name] = ends[-1]
                continue
            calling[name] = segment
        # An incoming SYN begins a connection when it is answered: it may meet one that lives still.
        if segment.out and segment.flags & (SYN | ACK) == SYN | ACK:
            syn = calling.get(name)
            if syn and ahead(segment.ack, syn.seq) == 1 and (
                    name not in current or current[name].client_isn != syn.seq):
                ends.append(End("server", name, syn))
                current[name] = ends[-1]
        if name in current and segment.flags & (SYN | ACK) != SYN:
            if segment.out:
                current[name].depart(segment)
            else:
                current[name].arrive(segment)
    for end in ends:
        end.take_arrivals(None)
    # A server's connection begins with the last part of the handshake.
    return [end for end in ends if end.role == "client" or end.established]


# ---- what that means in connscope's words ----

def judge(end, read):
    """The story in the words of a record, where the application read the first READ bytes."""
    asking = "S" if end.role == "client" else "R"
    facts = {"exchanges": 0, "initiator": None, "in_flight": False, "raced": False}
    turn, burst, arrived, used_close_notify = None, 0, 0, False
    for event, value in end.story:
        if event == "R":
            count = max(0, min(value, read - arrived))
            arrived += value
        else:
            count = value
        if event in ("S", "R"):
            if not count:
                continue
            if event != asking and turn == asking:
                facts["exchanges"] += 1
            burst = burst + count if turn == event else count
            turn = event
            if event == "S" and end.role == "client" and facts["initiator"] == "remote-fin":
                facts["raced"] = True
            continue
        if facts["initiator"]:
            if event == "<FIN" and facts["initiator"] == "local-fin" and not value:
                facts["initiator"] = "both-fin"
            continue
        facts["initiator"] = {"FIN>": "local-fin", "RST>": "local-rst",
                              "<FIN": "remote-fin", "<RST": "remote-rst"}[event]
        unread = max(0, arrived - read)
        # To a client what lies unread is an answer, to a server it is a request.
        size = unread if unread else burst if turn == asking else 0
        asked = size > 0 and not (unread and end.role == "client")
        facts["in_flight"] = asked and size not in CLOSE_NOTIFY
        used_close_notify = asked and size in CLOSE_NOTIFY
        if (facts["in_flight"] and end.role == "client" and facts["exchanges"]
                and event in ("<FIN", "<RST")):
            facts["raced"] = True
    if end.role == "server" and facts["initiator"] in ("local-fin", "both-fin") and end.met:
        facts["raced"] = True
    if end.refused:
        return {"exchanges": 0, "initiator": None, "fail_reason": "refused"}, False
    facts["fail_reason"] = None
    return facts, used_close_notify


def differences(end, record, named, blind):
    """[(key, what the record says, what the wire says)]; what has a NAME is counted there instead."""
    found = []
    received, sent = record["received_bytes"], record["sent_bytes"]
    if received < end.received and (end.reset or end.closed_first()):
        named["unread"] += 1
    elif received != end.received:
        found.append(("received_bytes", received, end.received))
    if sent > end.sent and end.reset:
        named["unsent"] += 1
    elif sent != end.sent:
        found.append(("sent_bytes", sent, end.sent))
    facts, used_close_notify = judge(end, received)
    named["close-notify"] += used_close_notify
    if end.name.remote_port in PIECEMEAL_PORTS or end.name.local_port in PIECEMEAL_PORTS:
        exchanges = 1 if end.role == "client" else received // MESSAGE_BYTES
        named["piecemeal"] += exchanges != facts["exchanges"]
        facts["exchanges"] = exchanges
    if blind and end.role == "server" and end.reset == "answer" and facts["raced"]:
        named["met unseen"] += not record["raced"]
        facts["raced"] = record["raced"]
    if not end.refused:
        time_wait = end.has_time_wait()
        named["TIME_WAIT unseen"] += time_wait is None
        facts["time_wait"] = record["time_wait"] if time_wait is None else time_wait
    facts["role"] = end.role
    facts["state"] = "failed" if end.refused else "closed"
    return found + [(key, record[key], fact) for key, fact in facts.items() if record[key] != fact]


def compare_one(end, record, named, blind):
    own = collections.Counter()
    found = differences(end, record, own, blind)
    if found and end.waiting():
        other = collections.Counter({"FIN waited": 1})
        if not differences(end.waiting(), record, other, blind):
            found, own = [], other
    named.update(own)
    return found


def name_of(record):
    return Name(*(record[field] for field in Name._fields))


def compare(ends, records, blind=False):
    """(complaints, named differences). BLIND: the report says that not every race is seen."""
    complaints, named = [], collections.Counter({name: 0 for name in NAMED})
    unmatched = collections.defaultdict(collections.deque)
    # Connections that follow each other on the same ports end in the order in which they began,
    # and the report has the last to end first.
    for record in reversed(records):
        unmatched[record["netns"], name_of(record)].append(record)
    for netns, end in ends:
        queue = unmatched[netns, end.name]
        if not queue:
            complaints.append("%s %s:%d > %s:%d: no record" % (end.role, *end.name))
            continue
        for key, said, seen in compare_one(end, queue.popleft(), named, blind):
            complaints.append("%s %s:%d > %s:%d: %s is %s, the wire says %s; %s"
                              % (end.role, *end.name, key, said, seen, tell(end.story)))
    if named["FIN waited"] > 1 + len(ends) // 400:
        complaints.append("%d times a FIN is said to have waited: too often" % named["FIN waited"])
    for (_, name), queue in unmatched.items():
        for record in queue:
            complaints.append("%s %s:%d > %s:%d: not on the wire" % (record["role"], *name))
    return complaints, named


def tell(story):
    told = ["%s%s" % (event, value if event in "SR" else "") for event, value in story]
    return " ".join(told if len(told) < 40 else told[:5] + ["..."] + told[-20:])


# ---- would it complain? ----

def spoilt(ends, records):
    """(what was done, records with that done to one of them), for several kinds of connection."""
    ways = {
        "initiator": lambda record: {"initiator": "remote-fin" if record["initiator"] == "local-fin"
                                     else "local-fin"},
        "exchanges + 1": lambda record: {"exchanges": record["exchanges"] + 1},
        "sent_bytes + 1": lambda record: {"sent_bytes": record["sent_bytes"] + 1},
        "received_bytes - 1": lambda record: {"received_bytes": record["received_bytes"] - 1},
        "in_flight": lambda record: {"in_flight": not record["in_flight"]},
        "raced": lambda record: {"raced": not record["raced"]},
        "time_wait": lambda record: {"time_wait": not record["time_wait"]},
        "role": lambda record: {"role": "client" if record["role"] == "server" else "server"},
        "local_port": lambda record: {"local_port": 1},
        "state": lambda record: {"state": "established"},
    }
    kept = {"client": set(), "server": set(), "reset server": set()}
    for netns, end in ends:
        if end.name.remote_port in PIECEMEAL_PORTS or end.name.local_port in PIECEMEAL_PORTS:
            continue
        if end.reset == "received" and end.role == "server":
            kept["reset server"].add((netns, end.name))
        elif not end.reset and not end.closed_first():
            kept[end.role].add((netns, end.name))
    for kind, names in kept.items():
        place = next((i for i, record in enumerate(records) if record["received_bytes"]
                      and (record["netns"], name_of(record)) in names), None)
        if place is None:
            continue
        # What of a connection that was reset is excused by definition, is not asked for.
        for what in ["exchanges + 1", "role", "state"] if kind == "reset server" else ways:
            copies = list(records)
            copies[place] = {**records[place], **ways[what](records[place])}
            yield "%s, %s" % (what, kind), copies
        yield "one missing, " + kind, records[:place] + records[place + 1:]
    yield "one too many", records + [copy.copy(records[0])]


def summary(ends, records, named, complaints):
    counts = collections.Counter({"ends": len(ends), "records": len(records)})
    for _, end in ends:
        facts, _ = judge(end, end.received)
        counts["%s %s" % (end.role, facts["initiator"] or "refused")] += 1
        counts["%s in flight" % end.role] += facts.get("in_flight", False)
        counts["%s raced" % end.role] += facts.get("raced", False)
        counts["IPv6" if ":" in end.name.local_addr else "IPv4"] += 1
        counts["repeated segments"] += end.repeated
    names = collections.Counter((netns, end.name) for netns, end in ends)
    counts["on the ports of another"] = len(ends) - len(names)
    counts["complaints"] = len(complaints)
    for name in NAMED:
        counts["named: " + name] = named[name]
    return counts


def main():
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    ends = []
    for argument in sys.argv[2:]:
        role, netns, capture, *addresses = argument.split(",")
        found = ends_of(capture, addresses)
        ends += [(int(netns), end) for end in found]
        if any(end.role != role for end in found):
            sys.exit("witness: %s: a connection whose SYN went the other way" % capture)
    with open(sys.argv[1], encoding="ascii") as file:
        *rows, meta = map(json.loads, file)
    records = [row for row in rows if row["type"] == "conn"]
    blind = "race" in meta["reasons"]
    complaints, named = compare(ends, records, blind)
    for what, count in summary(ends, records, named, complaints).items():
        print("%s\t%d" % (what, count))
    for what, copies in spoilt(ends, records):
        print("spoilt: %s\t%d" % (what, len(compare(ends, copies, blind)[0]) - len(complaints)))
    for complaint in complaints:
        print("complaint: " + complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
