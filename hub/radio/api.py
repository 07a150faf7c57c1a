"""Radio's door: uplinks become messages of our own contract; administrators add sensors and decoders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from edge import wire
from hub.core import audit
from hub.core.db import Session
from hub.radio import rules, store
from hub.radio.rules import RadioError, Reading

__all__ = [
    "NETWORKS",
    "OUTBOX",
    "TOPICS",
    "DeviceNow",
    "NewDevice",
    "RadioError",
    "Reading",
    "Translated",
    "add_decoder",
    "add_device",
    "decoder_names",
    "devices",
    "remove_device",
    "translate",
    "try_decoder",
]

TOPICS, NETWORKS = rules.TOPICS, rules.NETWORKS
OUTBOX = "radio-"  # begins the outbox of every radio sensor; many of them share one node


@dataclass(frozen=True)
class Translated:
    """A durable message of our own contract."""

    node: str
    kind: str
    body: dict[str, object]


@dataclass(frozen=True)
class NewDevice:
    """A sensor to map to a bay; `thresholds_mm` = (occupied below, free above), `repeat_s` = how often it reports."""

    network: str
    id: str
    node: str
    bay: str
    decoder: str
    thresholds_mm: tuple[int, int] | None = None
    repeat_s: int | None = None


@dataclass(frozen=True)
class DeviceNow:
    """A sensor as the pages show it; last_at in ms."""

    network: str
    id: str
    node: str
    bay: str
    decoder: str
    state: str
    received: int
    duplicates: int
    missed: int
    battery_percent: float | None
    temperature_c: float | None
    last_at: int | None


def translate(session: Session, topic: str, payload: bytes, received_at: int) -> list[Translated]:
    """What an uplink means for the bay of its device; empty for a duplicate or a message without a reading.

    RadioError for an unknown device or a payload that its decoder cannot read. The device's row is locked, so that two
    workers with the same frame from two gateways agree.
    """
    found = rules.open_envelope(topic, payload)
    if found is None:
        return []
    row = store.device(session, found.network, found.device)
    if row is None:
        raise RadioError("unknown device")
    frames = store.read_frames(row)
    if isinstance(found, rules.Join):
        store.write_frames(row, frames.joined(found.session))
        return []
    at = found.at if found.at is not None else received_at
    if found.counter is None:  # a network without counters: the moment is the number
        found_new = row.last_at is None or at > row.last_at
        frames = _counted(frames, found_new)
    else:
        frames, found_new = frames.accept(found.session, found.counter)
    store.write_frames(row, frames)
    if not found_new:
        return []
    reading = rules.decode(row.decoder, store.spec(session, row.decoder), found)
    return _messages(row, reading, at)


def _counted(frames: rules.Frames, is_new: bool) -> rules.Frames:
    values = {"received": frames.received + is_new, "duplicates": frames.duplicates + (not is_new)}
    return rules.Frames(frames.epoch, frames.session, frames.highest, frames.seen, missed=frames.missed, **values)


def _messages(row: store.Device, reading: Reading, at: int) -> list[Translated]:
    options = store.read_options(row)
    bay = rules.observe(store.read_bay(row), reading, options)
    row.state, row.battery_low, row.tilted = bay.state, bay.battery_low, bay.tilted
    row.last_at = max(at, row.last_at or 0)
    if reading.battery_percent is not None:
        row.battery_percent = reading.battery_percent
    if reading.temperature_c is not None:
        row.temperature_c = reading.temperature_c
    said: dict[str, object] = {"bay": row.bay, "state": bay.state, "repeat_s": options.repeat_s}
    if reading.distance_mm is not None and reading.distance_mm < 100_000:
        said["distance_m"] = reading.distance_mm / 1000
    bodies: list[tuple[str, dict[str, object]]] = [("bay", said)]
    bodies += [("alarm", {"code": code, "text": text}) for code, text in bay.news]
    made = []
    for kind, body in bodies:
        row.seq += 1  # our own numbers never begin anew, whatever the device's counter does
        numbered = {"outbox": f"{OUTBOX}{row.network}-{row.id}", "seq": row.seq, "ts": wire.format_ms(at), **body}
        wire.check(kind, numbered)
        made.append(Translated(row.node, kind, numbered))
    return made


def add_device(session: Session, new: NewDevice, actor: str, now: int) -> None:
    """Maps a device to a bay; RadioError in a plain sentence."""
    name = new.id.strip().lower()
    if new.network not in NETWORKS:
        raise RadioError(f"unknown network {new.network}; known: {', '.join(NETWORKS)}")
    if not wire.is_name(name) or len(name) > 40:
        raise RadioError("a device's id has 1 to 40 of a-z 0-9 _ -")
    if not wire.is_name(new.node) or not wire.is_name(new.bay):
        raise RadioError("node and bay are named as in the town's data")
    if new.decoder not in rules.BUILT_IN and store.spec(session, new.decoder) is None:
        known = ", ".join((*rules.BUILT_IN, *store.decoders(session)))
        raise RadioError(f"unknown decoder {new.decoder}; known: {known}")
    facts = {"network": new.network, "id": name, "node": new.node, "bay": new.bay, "decoder": new.decoder}
    store.save_device(session, facts, _options(new))
    subject, details = _subject(new.network, name), {"bay": new.bay, "decoder": new.decoder}
    audit.note(session, "radio.device-added", actor=actor, subject=subject, now=now, details=details)


def _options(new: NewDevice) -> rules.Options:
    chosen = rules.Options(repeat_s=new.repeat_s or rules.REPEAT_S.get(new.decoder, rules.Options.repeat_s))
    if new.thresholds_mm is not None:
        chosen = replace(chosen, occupied_below_mm=new.thresholds_mm[0], free_above_mm=new.thresholds_mm[1])
    if not 60 <= chosen.repeat_s <= 7 * 86_400:
        raise RadioError("a sensor reports at least once a week and at most once a minute")
    if not chosen.sound:
        raise RadioError("'occupied below' must be over 0 and at least 150 mm less than 'free above'")
    return chosen


def remove_device(session: Session, network: str, device_id: str, actor: str, now: int) -> bool:
    """Forgets a device; False when there was none."""
    name = device_id.strip().lower()
    if not store.remove_device(session, network, name):
        return False
    audit.note(session, "radio.device-removed", actor=actor, subject=_subject(network, name), now=now)
    return True


def _subject(network: str, device_id: str) -> str:
    """As the audit log names a device."""
    return f"device:{network}-{device_id}"


def add_decoder(session: Session, name: str, spec: Mapping[str, Any], actor: str, now: int) -> None:
    """Adds or replaces a table-driven decoder; RadioError in a plain sentence."""
    if not wire.is_name(name) or len(name) > 40 or name in rules.BUILT_IN:
        raise RadioError("a decoder's name has 1 to 40 of a-z 0-9 _ - and is not one of the built-in ones")
    rules.check_spec(spec)
    store.save_decoder(session, name, spec)
    audit.note(session, "radio.decoder-added", actor=actor, subject=f"decoder:{name}", now=now)


def decoder_names(session: Session) -> Sequence[str]:
    """Built-in ones first."""
    return (*rules.BUILT_IN, *store.decoders(session))


def try_decoder(session: Session, decoder: str, port: int, payload: bytes, fields: Mapping[str, Any]) -> Reading:
    """What a payload would mean; nothing is kept. RadioError when it cannot be read."""
    uplink = rules.Uplink("chirpstack", "try", "", 0, port, payload, fields)
    return rules.decode(decoder, store.spec(session, decoder), uplink)


def devices(session: Session) -> list[DeviceNow]:
    """Every sensor."""
    return [_now(row, store.read_frames(row)) for row in store.devices(session)]


def _now(row: store.Device, frames: rules.Frames) -> DeviceNow:
    return DeviceNow(
        network=row.network,
        id=row.id,
        node=row.node,
        bay=row.bay,
        decoder=row.decoder,
        state=row.state,
        received=frames.received,
        duplicates=frames.duplicates,
        missed=frames.missed,
        battery_percent=row.battery_percent,
        temperature_c=row.temperature_c,
        last_at=row.last_at,
    )
