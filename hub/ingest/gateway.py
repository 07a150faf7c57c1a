"""The series server outside: InfluxDB's line protocol through influxdb-client (InfluxDB 2/3, VictoriaMetrics)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from hub.ingest.rules.series import Sample

SERVERS = {
    "influxdb": ("http", 8086),
    "influxdbs": ("https", 8086),
    "victoriametrics": ("http", 8428),
    "victoriametrics+https": ("https", 8428),
}


class SeriesServer:
    """influxdb://token@host:port/organisation/bucket or victoriametrics://host:port; ValueError for another address."""

    def __init__(self, url: str) -> None:
        from influxdb_client.client.influxdb_client import InfluxDBClient
        from influxdb_client.client.write_api import SYNCHRONOUS

        parts = urlsplit(url)
        if parts.scheme not in SERVERS:
            raise ValueError(f"HUB_TIMESERIES_URL: unknown scheme {parts.scheme!r}")
        names = [unquote(name) for name in parts.path.split("/") if name]
        if parts.scheme.startswith("influxdb") and len(names) != 2:
            raise ValueError("HUB_TIMESERIES_URL must look like influxdb://token@host:8086/organisation/bucket")
        organisation, self._bucket = names if len(names) == 2 else ("", "")
        scheme, port = SERVERS[parts.scheme]
        address = f"{scheme}://{parts.hostname}:{parts.port or port}"
        token = unquote(parts.username or "")
        self._client: Any = InfluxDBClient(url=address, token=token, org=organisation, enable_gzip=True, timeout=20_000)
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, points: Sequence[Sample]) -> None:
        """Sends points with moments in milliseconds, gzipped, and waits for the answer; OSError when it is away."""
        from influxdb_client.domain.write_precision import WritePrecision

        records = [
            {"measurement": point.measurement, "tags": point.tags, "fields": point.fields, "time": point.at}
            for point in points
        ]
        try:
            self._writer.write(bucket=self._bucket, record=records, write_precision=WritePrecision.MS)  # type: ignore[arg-type]  # a text in the library
        except Exception as error:  # the library lets errors of two others through
            raise OSError(f"the series server did not take the readings: {error}") from error

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()
