"""What a connection to the hub's broker is made with."""

import ssl
from typing import Any

from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.config import Broker

SESSION_S = 3600


def session_options(protocol: MQTTProtocolVersion) -> dict[str, Any]:
    """The broker keeps acks, configuration and commands for an hour's outage; rows are the outbox's business."""
    if protocol != MQTTProtocolVersion.MQTTv5:
        return {}
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
    properties.SessionExpiryInterval = SESSION_S
    return {"clean_start": False, "properties": properties}


def password(broker: Broker) -> str | None:
    """The broker's password out of its file; OSError when it cannot be read."""
    if broker.password_file is None:
        return None
    return broker.password_file.read_text(encoding="utf-8").strip()


def tls(broker: Broker) -> ssl.SSLContext:
    """TLS 1.2 or newer with this node's certificate; read anew for every connection, because certificates change."""
    context = ssl.create_default_context(cafile=str(broker.ca_file) if broker.ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if broker.cert_file is not None:
        context.load_cert_chain(str(broker.cert_file), str(broker.key_file) if broker.key_file else None)
    return context
