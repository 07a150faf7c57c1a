"""What is on the disk after the power came back, as JSON; the outbox is opened by the agent's own class."""

import contextlib
import json
import sqlite3
from pathlib import Path

from edge.outbox import Outbox

state = Path("/var/lib/stadtknoten")
outbox = Outbox(state / "outbox.db")
rows = {row.seq: json.loads(row.text).get("text", "") for row in outbox.rows(0, 1_000_000)}
about = {"last": outbox.last, "replaced": outbox.replaced}
outbox.close()
verdict = sqlite3.connect(state / "outbox.db").execute("PRAGMA integrity_check").fetchone()[0]
plain: list[str] = []
with contextlib.suppress(sqlite3.Error):
    plain = [text for (text,) in sqlite3.connect(state / "plain.db").execute("SELECT text FROM taken")]
print(json.dumps({**about, "verdict": verdict, "rows": rows, "plain": plain}))
