"""The outbox in flash: a row is forgotten only when the hub says that it has committed it.

One file: a first line with the outbox's name and the highest seq when it was written, then JSON lines [seq, kind, rank,
body as text], appended to; a torn last line was never sent and does not count. Bounded: repeated readings go first, the
oldest block of all only when there are none; what goes is reported by a `skip`.
"""

import binascii
import json
import os

REPEAT, CHANGE, SKIP = 0, 2, 3
_MAX_ROWS = 100  # about 22 KB of heap, bodies stay text
_WHOLE, _TORN, _DAMAGED = 0, 1, 2


class Outbox:
    """`rows` are the waiting ones, oldest first; `acked` is what the hub has said since the last `settle`."""

    def __init__(self, path="/outbox", max_rows=_MAX_ROWS):
        self._path, self._max_rows, self.acked = path, max_rows, 0
        head, self.rows, state = _load(path)
        self.id, floor = head or (_new_id(), 0)
        self.last = self.rows[-1][0] if self.rows else floor
        if state == _DAMAGED:
            self._renew()
        elif state == _TORN:
            self._rewrite()

    def put(self, kind, body, rank):
        """Stores a message durably under the next number."""
        if len(self.rows) + 1 >= self._max_rows:
            self._make_room(body)
        self._add(kind, rank, json.dumps(body))
        with open(self._path, "a") as file:
            file.write(json.dumps(self.rows[-1]) + "\n")

    def message(self, row):
        """(kind, body) as it is sent."""
        return row[1], dict(json.loads(row[3]), outbox=self.id, seq=row[0])

    def hear(self, outbox, seq):
        """The hub has committed everything up to `seq`; `settle` acts on it."""
        if outbox == self.id:
            self.acked = max(self.acked, seq)

    @property
    def waiting(self):
        """How many rows the hub is not known to have."""
        return sum(row[0] > self.acked for row in self.rows)

    def settle(self):
        """Forgets what was acked, in one rewrite for a whole connection; True when nothing waits any more."""
        if self.acked > self.last:
            self._renew()
        elif self.rows and self.acked >= self.rows[0][0]:
            self.rows = [row for row in self.rows if row[0] > self.acked]
            self._rewrite()
        self.acked = 0
        return not self.rows

    def _add(self, kind, rank, text):
        self.last += 1
        self.rows.append((self.last, kind, rank, text))

    def _make_room(self, now):
        """Replaces a block of rows by one skip, stamped like the message `now` that needs the room."""
        victims = _victims(self.rows, max(2, self._max_rows // 10))
        ranges = [json.loads(row[3])["from"] for row in victims if row[2] == SKIP]
        reason = "outbox full: repeated readings" if victims[0][2] == REPEAT else "outbox full"
        body = {key: now[key] for key in ("ts", "synced", "boot", "up_ms") if key in now}
        body.update({"from": min([victims[0][0]] + ranges), "to": victims[-1][0], "reason": reason})  # noqa: RUF005 (not in every MicroPython)
        self.rows = [row for row in self.rows if row not in victims]
        self._add("skip", SKIP, json.dumps(body))
        self._rewrite()

    def _renew(self):
        """A damaged file, or an old copy (the hub knows higher numbers): its rows go on under a new name."""
        rows = [row for row in self.rows if row[2] != SKIP]
        self.rows, self.last, self.id = [], 0, _new_id()
        for row in rows:
            self._add(row[1], row[2], row[3])
        self._rewrite()

    def _rewrite(self):
        """The file is either the old or the new one, whenever the power goes (littlefs commits at close)."""
        with open(self._path + ".new", "w") as file:
            file.write(json.dumps([self.id, self.last]) + "\n")
            for row in self.rows:
                file.write(json.dumps(row) + "\n")
        os.rename(self._path + ".new", self._path)


def _victims(rows, block):
    """The oldest neighbours among the repeated readings, else the oldest rows."""
    run = []
    for row in rows:
        if row[2] == REPEAT and (not run or row[0] == run[-1][0] + 1) and len(run) < block:
            run.append(row)
        elif len(run) > 1:
            return run
        else:
            run = [row] if row[2] == REPEAT else []
    return run if len(run) > 1 else rows[:block]


def _load(path):
    """((name, acked), rows, state): what can be read, and whether there was more."""
    rows, state = [], _WHOLE
    try:
        with open(path) as file:
            for line in file:
                if not line.endswith("\n"):
                    state = _TORN
                    break
                try:
                    rows.append(json.loads(line))
                    state = state if isinstance(rows[-1], list) else _DAMAGED
                except ValueError:
                    state = _DAMAGED
    except OSError:
        return None, [], _TORN
    rows = [row for row in rows if isinstance(row, list)]
    if not rows or len(rows[0]) != 2:
        return None, [row for row in rows if len(row) == 4], _DAMAGED
    return rows[0], rows[1:], state


def _new_id():
    return binascii.hexlify(os.urandom(8)).decode()
