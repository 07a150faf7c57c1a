"""A process that books all the time and writes each answer down: `python -m tests.hub.payments.clerk URL FILE`.

Eight clients pay one cent each, half of them through the desk. A client repeats what it has no answer to.
"""

import os
import sys
import threading
from collections import defaultdict
from pathlib import Path

from hub.core import clock, events
from hub.core.db import Database
from hub.payments import api
from hub.payments.api import Item, Order

CLIENTS = 8
ITEMS = (Item("Eis", 1, "pool", "7"),)


def answered(file: Path) -> dict[int, set[int]]:
    """client -> the numbers of the payments that it has an answer to."""
    found: dict[int, set[int]] = defaultdict(set)
    for line in file.read_text().splitlines() if file.exists() else ():
        client, number = line.split()
        found[int(client)].add(int(number))
    return found


def order(client: int, number: int) -> Order:
    """What a client pays as its payment `number`."""
    return Order(f"{client} {number}", f"person:{client % 3}", "pool", f"{number}", "Eis", ITEMS)


def main() -> None:
    """Runs until it is killed."""
    database, file = Database(sys.argv[1]), Path(sys.argv[2])
    known, out = answered(file), os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    events.wire({})
    desk = api.Desk(database, lambda session, orders: api.wallet.pay_many(session, orders, clock.now_ms()))

    def client(mine: int) -> None:
        number = max(known[mine], default=-1) + 1
        while True:
            one = order(mine, number)
            if mine % 2:
                desk.put(one)
            else:
                database.write(lambda session: api.wallet.pay(session, one, clock.now_ms()))  # noqa: B023
            os.write(out, f"{mine} {number}\n".encode())
            number += 1

    threads = [threading.Thread(target=client, args=(mine,), daemon=True) for mine in range(CLIENTS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


if __name__ == "__main__":
    main()
