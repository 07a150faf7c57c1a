"""Raw MQTT messages as a stranger may send them: 10,000 of them, and ingest stores, refuses or ignores each."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge import wire
from hub import app, intake
from hub.core.db import Database
from hub.fleet import api as fleet
from hub.ingest import api
from hub.ingest.api import Incoming
from hub.parking import api as parking
from hub.radio import api as radio
from tests.hub import town

NOW = 1_800_000_000_000
EXAMPLES, A_BATCH = 500, 20
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELD = st.sampled_from(sorted({field for fields in wire.FIELDS.values() for field in fields}))
GOOD = {
    "outbox": "aa",
    "seq": 1,
    "ts": "2027-01-15T08:00:00.000Z",
    "bay": "lake-001",
    "state": "free",
    "boot": "b",
    "up_ms": 5,
}
BODY = st.dictionaries(FIELD, JSON, max_size=8).map(lambda change: json.dumps({**GOOD, **change}).encode())
PLAIN = st.tuples(st.integers(1, 99), st.booleans(), st.integers(0, 2**40)).map(
    lambda drawn: json.dumps({**GOOD, "seq": drawn[0], "synced": drawn[1], "up_ms": drawn[2]}).encode()
)
PAYLOAD = st.binary(max_size=80) | BODY | PLAIN
KIND = st.sampled_from([*wire.UP_KINDS, "weather", ""])
NODE = st.sampled_from(["lake-b1", "hall-b1", "plaza", "stranger", "", "%u", "Ä"])
TOPIC = (
    st.tuples(st.sampled_from(["node/v1", "node/v2", "node", "hub/v1"]), NODE, KIND).map("/".join)
    | st.sampled_from([one.replace("+", "x") for one in radio.TOPICS])
    | st.text(max_size=20)
)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    from hub.core import events
    from hub.core.db import Base

    app.load_tables()
    Base.metadata.create_all(made.engine)
    events.wire(app.EVENTS)
    directory = town.write(tmp_path / "town")
    made.write(lambda session: fleet.seed(session, directory))
    made.write(lambda session: parking.seed(session, directory))
    device = radio.NewDevice("chirpstack", "x", "lake-b1", "lake-001", "bosch_tps110")
    made.write(lambda session: radio.add_device(session, device, "person:1", 0))
    return made


@pytest.mark.thorough
def test_ten_thousand_raw_messages_crash_nothing_and_each_is_accounted_for(database: Database) -> None:
    sent = 0

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(TOPIC, PAYLOAD, st.booleans()), min_size=A_BATCH, max_size=A_BATCH))
    def check(messages: list[tuple[str, bytes, bool]]) -> None:
        nonlocal sent
        batch = [Incoming(topic, payload, NOW, retained) for topic, payload, retained in messages]
        database.write(api.Batch(batch, intake.known_senders(database), NOW).store)
        sent += len(batch)

    check()
    with database.read() as session:
        for node in ("lake-b1", "hall-b1", "plaza"):
            for one in api.proof(session, node, NOW).outboxes:
                gaps = [gap for gap in api.open_gaps(session, 10**6) if (gap.node, gap.outbox) == (node, one.outbox)]
                missing = sum(gap.last - gap.first + 1 for gap in gaps)
                assert one.highest == one.stored + one.aside + one.held + one.skipped + missing
        parking.sites(session, NOW)
        fleet.nodes(session, NOW)
    assert sent >= EXAMPLES * A_BATCH
    database.close()


def test_a_random_stream_of_bytes_is_no_message_at_all() -> None:
    chance = random.Random(5)
    for _ in range(10_000):
        payload = chance.randbytes(chance.randrange(60))
        for kind in wire.FIELDS:
            with pytest.raises(wire.WireError):
                wire.decode(kind, payload)
