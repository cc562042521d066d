# SPDX-License-Identifier: Apache-2.0
"""Requests in rounds: pulse.py PORT CONNS GAP[:HOLD]...

Keeps CONNS connections to PORT, and posts on all of them at once. Then, for each GAP, it waits so many
milliseconds and does it again; with HOLD, it has the server that server.js is held up for so long before.
Prints how many answers of which status it got.
"""
import collections, http.client, sys, time

HOLD_PORT = 9001


def hold(milliseconds):
    control = http.client.HTTPConnection("127.0.0.1", HOLD_PORT, timeout=60)
    control.request("GET", f"/hold/{milliseconds}")
    control.getresponse().read()
    control.close()


def main():
    port, conns = int(sys.argv[1]), int(sys.argv[2])
    clients = [http.client.HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(conns)]
    answers = collections.Counter()
    for gap in ["0", *sys.argv[3:]]:
        wait, _, busy = gap.partition(":")
        time.sleep(int(wait) / 1000)
        if busy:
            hold(busy)
        for client in clients:
            client.request("POST", "/", b"x")
        for client in clients:
            response = client.getresponse()
            response.read()
            answers[response.status] += 1
    print(*(f"{status}:{count}" for status, count in sorted(answers.items())))


main()
