"""Requests one after the other on 32 connections for some seconds: `python -m tests.bench.flood` (JSON on stdin).

{"port", "seconds", "name"} asks the empty endpoint; with "key" and "cards" each request is a payment of its own.
"""

import itertools
import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator

CONNECTIONS = 32


def requests(facts: dict) -> Iterator[bytes]:
    """The requests, without end."""
    if "key" not in facts:
        empty = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        yield from itertools.repeat(empty)
    cards = facts["cards"]
    for number in itertools.count():
        body = json.dumps(
            {
                "key": f"{facts['name']}-{number}",
                "card": cards[number % len(cards)],
                "text": "Laden",
                "cents": 5,
                "tax": "19",
            }
        ).encode()
        yield (
            f"POST /api/payments/charges HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {facts['key']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def main() -> None:
    """Prints how many answers came and how many were no 2xx."""
    facts = json.load(sys.stdin)
    following, chosen = requests(facts), selectors.DefaultSelector()
    for _ in range(CONNECTIONS):
        line = socket.create_connection(("127.0.0.1", facts["port"]))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        chosen.register(line, selectors.EVENT_READ)
        line.sendall(next(following))
    good = bad = 0
    end = time.monotonic() + facts["seconds"]
    while time.monotonic() < end:
        for event, _ in chosen.select(1):
            line = event.fileobj
            answer = line.recv(65536)
            head, _, body = answer.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            while len(body) < length:
                body += line.recv(65536)
            if answer[9:10] == b"2":
                good += 1
            else:
                bad += 1
            line.sendall(next(following))
    print(json.dumps({"good": good, "bad": bad}))


if __name__ == "__main__":
    main()
