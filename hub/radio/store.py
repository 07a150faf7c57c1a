"""Tables of radio sensors and of decoders that were added without code."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, Integer, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.radio.rules import Bay, Frames, Options


class Device(Base):
    """A sensor, the bay that it watches, and what came of it."""

    __tablename__ = "radio_device"
    network: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    node: Mapped[str] = mapped_column(String(63))
    bay: Mapped[str] = mapped_column(String(63))
    decoder: Mapped[str] = mapped_column(String(40))
    options: Mapped[str] = mapped_column(Text, default="{}")
    frames: Mapped[str] = mapped_column(Text, default="{}")
    state: Mapped[str] = mapped_column(String(10), default="unknown")
    battery_low: Mapped[bool] = mapped_column(Boolean, default=False)
    tilted: Mapped[bool] = mapped_column(Boolean, default=False)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    battery_percent: Mapped[float | None] = mapped_column(Float)
    temperature_c: Mapped[float | None] = mapped_column(Float)
    last_at: Mapped[int | None] = mapped_column(BigInteger)


class Decoder(Base):
    """A table-driven decoder."""

    __tablename__ = "radio_decoder"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    spec: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, default=1)


def device(session: Session, network: str, device_id: str) -> Device | None:
    """One sensor, locked until the end of the transaction where the database can."""
    where = (Device.network == network, Device.id == device_id)
    return session.execute(select(Device).where(*where).with_for_update()).scalar_one_or_none()


def devices(session: Session) -> list[Device]:
    """All sensors."""
    return list(session.execute(select(Device).order_by(Device.bay, Device.id)).scalars())


def save_device(session: Session, facts: Mapping[str, Any], options: Options) -> None:
    """Adds a sensor or changes what it watches; its counters stay."""
    row = session.get(Device, (facts["network"], facts["id"]))
    if row is None:
        fresh = {"frames": "{}", "state": "unknown", "battery_low": False, "tilted": False, "seq": 0}
        row = Device(**facts, **fresh)
        session.add(row)
    for key, value in facts.items():
        setattr(row, key, value)
    row.options = json.dumps(asdict(options))


def remove_device(session: Session, network: str, device_id: str) -> bool:
    """True when there was one."""
    row = session.get(Device, (network, device_id))
    if row is not None:
        session.delete(row)
    return row is not None


def read_frames(row: Device) -> Frames:
    """What came of it so far."""
    return Frames(**json.loads(row.frames))


def write_frames(row: Device, frames: Frames) -> None:
    """Keeps it."""
    row.frames = json.dumps(asdict(frames))


def read_bay(row: Device) -> Bay:
    """What its bay was."""
    return Bay(row.state, row.battery_low, row.tilted)


def read_options(row: Device) -> Options:
    """Its thresholds."""
    return Options(**json.loads(row.options))


def spec(session: Session, name: str) -> dict[str, Any] | None:
    """A table-driven decoder."""
    row = session.get(Decoder, name)
    return json.loads(row.spec) if row is not None else None


def save_decoder(session: Session, name: str, content: Mapping[str, Any]) -> None:
    """Adds or replaces one."""
    row = session.get(Decoder, name)
    if row is None:
        session.add(Decoder(name=name, spec=json.dumps(content), version=1))
    else:
        row.spec, row.version = json.dumps(content), row.version + 1


def decoders(session: Session) -> list[str]:
    """The names of those that were added."""
    return list(session.execute(select(Decoder.name).order_by(Decoder.name)).scalars())
