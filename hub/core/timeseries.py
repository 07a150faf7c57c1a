"""Figures over time: hourly roll-ups in the database (sql://), InfluxDB or VictoriaMetrics.

A server keeps every point and rolls up when asked; the database keeps one row an hour and series.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote, urlencode, urlsplit
from urllib.request import urlopen

from sqlalchemy import BigInteger, Float, String, case, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Database, Session

HOUR_MS = 3_600_000
SERVERS = {
    "influxdb": ("http", 8086),
    "influxdbs": ("https", 8086),
    "victoriametrics": ("http", 8428),
    "victoriametrics+https": ("https", 8428),
}


@dataclass(frozen=True)
class Point:
    """One measured value at a moment (ms)."""

    measurement: str
    series: str
    at: int
    value: float


@dataclass(frozen=True)
class Hour:
    """What one hour's points add up to."""

    hour_ms: int
    count: int
    mean: float
    least: float
    most: float


class TimeSeries(Protocol):
    """What the modules ask of either backend."""

    def write(self, points: Sequence[Point]) -> None:
        """Adds points."""

    def hourly(self, measurement: str, series: str, start: int, end: int) -> list[Hour]:
        """Hours with points in start <= hour < end (ms), in order."""


def open_timeseries(url: str, database: Database) -> TimeSeries:
    """The backend that `url` names; ValueError for an unknown scheme."""
    scheme = urlsplit(url).scheme
    if scheme == "sql":
        return SqlTimeSeries(database)
    if scheme in SERVERS:
        return ServerTimeSeries(url)
    raise ValueError(f"HUB_TIMESERIES_URL: unknown scheme {scheme!r}; use sql://, influxdb:// or victoriametrics://")


class HourRow(Base):
    """The roll-up of one hour."""

    __tablename__ = "core_timeseries_hour"
    measurement: Mapped[str] = mapped_column(String(60), primary_key=True)
    series: Mapped[str] = mapped_column(String(63), primary_key=True)
    hour_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[float] = mapped_column(Float)
    least: Mapped[float] = mapped_column(Float)
    most: Mapped[float] = mapped_column(Float)


class SqlTimeSeries:
    """Roll-ups in the hub's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, points: Sequence[Point]) -> None:
        """Adds points to their hours."""
        if points:
            self._database.write(lambda session: _add(session, points))

    def hourly(self, measurement: str, series: str, start: int, end: int) -> list[Hour]:
        """Hours with points, in order."""
        where = (HourRow.measurement == measurement, HourRow.series == series)
        span = (HourRow.hour_ms >= start - start % HOUR_MS, HourRow.hour_ms < end)
        with self._database.read() as session:
            rows = session.execute(select(HourRow).where(*where, *span).order_by(HourRow.hour_ms)).scalars()
            return [Hour(row.hour_ms, row.count, row.total / row.count, row.least, row.most) for row in rows]


def _add(session: Session, points: Sequence[Point]) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(HourRow)
    new = statement.excluded
    change = {
        "count": HourRow.count + new.count,
        "total": HourRow.total + new.total,
        "least": case((new.least < HourRow.least, new.least), else_=HourRow.least),
        "most": case((new.most > HourRow.most, new.most), else_=HourRow.most),
    }
    keys = [HourRow.measurement, HourRow.series, HourRow.hour_ms]
    rows = [
        {
            "measurement": point.measurement,
            "series": point.series,
            "hour_ms": point.at - point.at % HOUR_MS,
            "count": 1,
            "total": point.value,
            "least": point.value,
            "most": point.value,
        }
        for point in points
    ]
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=change), rows)


class ServerTimeSeries:
    """A server that takes InfluxDB's line protocol through influxdb-client and keeps every point.

    influxdb://token@host:port/organisation/bucket is asked in Flux, victoriametrics://host:port over its own export
    interface, because it has no Flux. influxdbs:// and victoriametrics+https:// use TLS.
    """

    def __init__(self, url: str) -> None:
        from influxdb_client.client.influxdb_client import InfluxDBClient
        from influxdb_client.client.write_api import SYNCHRONOUS

        parts = urlsplit(url)
        self._speaks_flux = parts.scheme.startswith("influxdb")
        names = [unquote(name) for name in parts.path.split("/") if name]
        if self._speaks_flux and len(names) != 2:
            raise ValueError("HUB_TIMESERIES_URL must look like influxdb://token@host:8086/organisation/bucket")
        self._org, self._bucket = names if self._speaks_flux else ("", "")
        scheme, port = SERVERS[parts.scheme]
        self._address = f"{scheme}://{parts.hostname}:{parts.port or port}"
        self._client = InfluxDBClient(url=self._address, token=unquote(parts.username or ""), org=self._org)
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, points: Sequence[Point]) -> None:
        """Adds points, kept one by one by the server; OSError when it is away."""
        lines = [
            {
                "measurement": point.measurement,
                "tags": {"series": point.series},
                "fields": {"value": float(point.value)},
                "time": point.at * 1_000_000,
            }
            for point in points
        ]
        if lines:
            try:
                self._writer.write(bucket=self._bucket, record=lines)
            except Exception as error:  # the library lets errors of two others through
                raise OSError(f"the time series server did not take the figures: {error}") from error

    def hourly(self, measurement: str, series: str, start: int, end: int) -> list[Hour]:
        """Hours with points, in order."""
        begin = start - start % HOUR_MS
        asked = self._flux if self._speaks_flux else self._export
        return roll_up(point for point in asked(measurement, series, begin, end) if begin <= point[0] < end)

    def _flux(self, measurement: str, series: str, start: int, end: int) -> Iterator[tuple[int, float]]:
        """(moment in ms, value) of each point; names are parameters, not pasted text."""
        query = """
            from(bucket: bucket) |> range(start: time(v: start), stop: time(v: stop))
              |> filter(fn: (r) => r._measurement == measurement and r.series == series and r._field == "value")
        """
        span = {"start": start * 1_000_000, "stop": end * 1_000_000}
        names = {"bucket": self._bucket, "measurement": measurement, "series": series}
        for table in self._client.query_api().query(query, params={**span, **names}):
            for record in table.records:
                yield int(record.values["_time"].timestamp() * 1000), float(record.values["_value"])

    def _export(self, measurement: str, series: str, start: int, end: int) -> Iterator[tuple[int, float]]:
        """The same from VictoriaMetrics, which names a field measurement_field."""
        match = f"{measurement}_value{{series={json.dumps(series)}}}"
        query = urlencode({"match[]": match, "start": start / 1000, "end": end / 1000})
        with urlopen(f"{self._address}/api/v1/export?{query}", timeout=10) as answer:  # noqa: S310 (scheme set above)
            for line in answer:
                body = json.loads(line)
                yield from zip(body["timestamps"], body["values"], strict=True)


def roll_up(points: Iterable[tuple[int, float]]) -> list[Hour]:
    """Points (ms, value) as hours."""
    hours: dict[int, list[float]] = {}
    for at, value in points:
        hours.setdefault(at - at % HOUR_MS, []).append(value)
    return [
        Hour(hour, len(values), sum(values) / len(values), min(values), max(values))
        for hour, values in sorted(hours.items())
    ]
