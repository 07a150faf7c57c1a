"""For the end-to-end test: what the agent meant to report, on disk before the outbox commits it."""

import json
import os
from pathlib import Path

from edge.outbox import Row


class ReferenceLog:
    """One JSON line for each durable message, on disk before the outbox commits it.

    A kill between the two leaves a line whose seq is given again to the next message: of two lines with one
    (outbox, seq) the last is true.
    """

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def write(self, outbox: str, rows: list[Row]) -> None:
        """Appends the rows and waits for the disk."""
        lines = [json.dumps({"kind": row.kind, **row.body(outbox)}, separators=(",", ":")) for row in rows]
        os.write(self._descriptor, ("\n".join(lines) + "\n").encode())
        os.fsync(self._descriptor)
