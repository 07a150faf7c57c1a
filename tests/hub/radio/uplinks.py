"""Uplinks as the networks' servers publish them.

ChirpStack: the example of the v4 documentation, "Event types / up". The Things Stack: the example of its "Data formats"
page. Shortened to the parts around the payload.
"""

import base64
import json

EUI = "24e124713b492571"
MOMENT = "2027-01-15T08:00:00.123456+00:00"


def chirpstack(
    data: bytes, counter: int | None, port: int, address: str = "01020304", eui: str = EUI
) -> tuple[str, bytes]:
    """(topic, payload) of an uplink."""
    body: dict[str, object] = {
        "deduplicationId": "57433366-50a6-4dc2-8145-2df1bbc70d9e",
        "time": MOMENT,
        "deviceInfo": {"tenantId": "t", "applicationId": "a1", "deviceName": "bay 7", "devEui": eui},
        "devAddr": address,
        "adr": True,
        "dr": 5,
        "confirmed": False,
        "data": base64.b64encode(data).decode(),
        "rxInfo": [
            {"gatewayId": "0016c001f153a14c", "rssi": -67, "snr": 7.8},
            {"gatewayId": "aa555a0000000000", "rssi": -98},
        ],
    }
    body |= {"fCnt": counter} if counter else {}  # zero is left out
    body |= {"fPort": port} if port else {}
    return f"application/a1/device/{eui}/event/up", json.dumps(body).encode()


def things_stack(
    data: bytes, counter: int | None, port: int, session: str = "AXBSH1Pk6Z0G166", device: str = "bay-7"
) -> tuple[str, bytes]:
    """(topic, payload) of an uplink."""
    message: dict[str, object] = {
        "session_key_id": session,
        "frm_payload": base64.b64encode(data).decode(),
        "rx_metadata": [
            {"gateway_ids": {"gateway_id": "gtw1"}, "rssi": -35},
            {"gateway_ids": {"gateway_id": "gtw2"}, "rssi": -91},
        ],
        "received_at": "2027-01-15T08:00:00.123456789Z",
    }
    message |= {"f_cnt": counter} if counter else {}
    message |= {"f_port": port} if port else {}
    ids = {
        "device_id": device,
        "application_ids": {"application_id": "parking"},
        "dev_eui": EUI.upper(),
        "dev_addr": "260BABCD",
    }
    body = {"end_device_ids": ids, "correlation_ids": ["as:up:01"], "received_at": MOMENT, "uplink_message": message}
    return f"v3/parking@ttn/devices/{device}/up", json.dumps(body).encode()


def sensit(device: str = "s-114", **fields: object) -> tuple[str, bytes]:
    """(topic, payload) of a SENSIT reading."""
    return f"sensit/thermarium/{device}", json.dumps({"timestamp": MOMENT, **fields}).encode()
