"""Figures over time: hourly roll-ups in the database (sql://) or an InfluxDB-compatible server (influxdb://).

A server keeps every point and rolls up when asked; the database keeps one row an hour and series.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote, urlsplit

from sqlalchemy import BigInteger, Float, String, case, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Database, Session

HOUR_MS = 3_600_000


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
    if scheme in ("influxdb", "influxdbs"):
        return InfluxTimeSeries(url)
    raise ValueError(f"HUB_TIMESERIES_URL: unknown scheme {scheme!r}; use sql:// or influxdb://")


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


class InfluxTimeSeries:
    """A server that speaks InfluxDB 2: influxdb://token@host:port/org/bucket (influxdbs:// for TLS).

    Raises OSError-like errors of the library when the server is away; the caller tries again later.
    """

    def __init__(self, url: str) -> None:
        from influxdb_client.client.influxdb_client import InfluxDBClient
        from influxdb_client.client.write_api import SYNCHRONOUS

        parts = urlsplit(url)
        names = [unquote(name) for name in parts.path.split("/") if name]
        if len(names) != 2:
            raise ValueError("HUB_TIMESERIES_URL must look like influxdb://token@host:8086/organisation/bucket")
        self._org, self._bucket = names
        scheme = "https" if parts.scheme == "influxdbs" else "http"
        address = f"{scheme}://{parts.hostname}:{parts.port or 8086}"
        self._client = InfluxDBClient(url=address, token=unquote(parts.username or ""), org=self._org)
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, points: Sequence[Point]) -> None:
        """Adds points, kept one by one by the server."""

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
            self._writer.write(bucket=self._bucket, record=lines)

    def hourly(self, measurement: str, series: str, start: int, end: int) -> list[Hour]:
        """Hours with points, in order; asked in Flux, with parameters instead of pasted text."""
        query = """
            data = from(bucket: bucket) |> range(start: time(v: start), stop: time(v: stop))
              |> filter(fn: (r) => r._measurement == measurement and r.series == series and r._field == "value")
            data |> window(every: 1h) |> reduce(
              identity: {count: 0, total: 0.0, least: 1e308, most: -1e308},
              fn: (r, accumulator) => ({
                count: accumulator.count + 1,
                total: accumulator.total + r._value,
                least: if r._value < accumulator.least then r._value else accumulator.least,
                most: if r._value > accumulator.most then r._value else accumulator.most,
              }))
        """
        span = {"start": (start - start % HOUR_MS) * 1_000_000, "stop": end * 1_000_000}
        names = {"bucket": self._bucket, "measurement": measurement, "series": series}
        tables = self._client.query_api().query(query, params={**span, **names})
        hours = []
        for table in tables:
            for record in table.records:
                begin = int(record.values["_start"].timestamp() * 1000)
                count, total = int(record.values["count"]), float(record.values["total"])
                least, most = float(record.values["least"]), float(record.values["most"])
                hours.append(Hour(begin - begin % HOUR_MS, count, total / count, least, most))
        return sorted(hours, key=lambda hour: hour.hour_ms)
