"""The hub's connection to the broker: one paho client, set up alike by ingest, worker and tests."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion


def is_embedded(url: str) -> bool:
    """True when the hub itself runs the broker (amqtt, MQTT 3.1.1, loopback only)."""
    return urlsplit(url).scheme == "embedded"


def address(url: str) -> tuple[str, int]:
    """(host, port) of a broker URL; ports default to 1883 and 8883."""
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or (8883 if parts.scheme == "mqtts" else 1883)


@dataclass(frozen=True)
class Certificates:
    """Files for an mqtts:// broker; None = the system's authorities, no client certificate."""

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


NO_CERTIFICATES = Certificates()


def client(
    url: str, client_id: str, certificates: Certificates = NO_CERTIFICATES, *, manual_ack: bool = False
) -> mqtt.Client:
    """An unconnected client for `url`: MQTT v5, 3.1.1 on the embedded broker; keeps its session at the broker."""
    embedded = is_embedded(url)
    made = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=False if embedded else None,
        protocol=MQTTProtocolVersion.MQTTv311 if embedded else MQTTProtocolVersion.MQTTv5,
        manual_ack=manual_ack,
    )
    parts = urlsplit(url)
    if parts.username:
        made.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
    if parts.scheme == "mqtts":
        files = (certificates.authority, certificates.certificate, certificates.key)
        ca, cert, key = (str(file) if file else None for file in files)
        made.tls_set(ca_certs=ca, certfile=cert, keyfile=key)
    made.reconnect_delay_set(min_delay=1, max_delay=30)
    return made
