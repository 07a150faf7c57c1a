"""One connection to the hub: status, waiting rows, acks, configuration. A PUBACK proves nothing, the hub's ack does."""

import time

import mqtt
import network
import secure

from edge import wire

_JOIN_MS, _ACK_MS = 10_000, 5_000
_WINDOW = 20  # rows on their way at once


class Wifi:
    """The radio is on inside `with`; `up` tells whether the network was joined."""

    def __init__(self, device, feed):
        self._wlan, self._device, self._feed, self.up = network.WLAN(network.STA_IF), device, feed, False

    def __enter__(self):
        self._wlan.active(True)
        try:
            self._wlan.connect(self._device["wifi"]["ssid"], self._device["wifi"]["key"])
        except OSError as error:  # the ESP32's driver raises when it is in a bad state
            print("wifi:", error)
            return self
        until = time.ticks_add(time.ticks_ms(), _JOIN_MS)
        while not self.up and time.ticks_diff(until, time.ticks_ms()) > 0:
            self.up = self._wlan.isconnected()
            self._feed()
            time.sleep_ms(0 if self.up else 50)
        return self

    def __exit__(self, *_error):
        self._wlan.active(False)
        if self._device["board"] == "pico_w":
            self._wlan.deinit()  # only this takes the power from its radio chip (micropython #10927)


def exchange(device, outbox, now, rules, about, feed):
    """Sends what waits and hears what the hub has to say; True when the hub has committed everything."""
    try:
        _talk(device, outbox, now, rules, about, feed)
    except OSError as error:
        print("uplink:", error)
    return outbox.settle()


def _talk(device, outbox, now, rules, about, feed):
    broker, node = device["broker"], device["name"]
    stream = secure.connect(device, broker["host"], broker["port"], feed)
    link = mqtt.Link(stream, node + "-" + outbox.id, broker.get("username"), broker.get("password"))
    try:
        link.subscribe(wire.all_down(node))
        link.publish(wire.up(node, "status"), _status(outbox, now, rules, about), retain=True)
        for start in range(0, len(outbox.rows), _WINDOW):
            batch = outbox.rows[start : start + _WINDOW]
            for row in batch:
                kind, body = outbox.message(row)
                link.publish(wire.up(node, kind), wire.encode(kind, body))
            if not _await_ack(link, outbox, batch[-1][0], now, rules, feed):
                break
        link.publish(wire.up(node, "status"), _status(outbox, now, rules, about), retain=True)
    finally:
        link.close()


def _await_ack(link, outbox, seq, now, rules, feed):
    """Listens until the hub has everything up to `seq`; False when it takes too long."""
    until = time.ticks_add(time.ticks_ms(), _ACK_MS)
    while outbox.acked < seq and time.ticks_diff(until, time.ticks_ms()) > 0:
        feed()
        message = link.receive()
        if message is not None:
            _hear(message[0], message[1], outbox, now, rules)
    return outbox.acked >= seq


def _hear(topic, payload, outbox, now, rules):
    """Acts on a message of the hub; one that breaks the contract is ignored."""
    kind = topic.rsplit("/", 1)[-1]
    try:
        if kind == "ack":
            body = wire.decode("ack", payload)
            outbox.hear(body["outbox"], body["seq"])
            if body.get("ts"):
                now.hear(body["ts"])
        elif kind == "config":
            rules.hear(wire.decode("config", payload))
    except wire.WireError as error:
        print("ignored", topic, error)


def _status(outbox, now, rules, about):
    body = dict(about, state="online", outbox=outbox.id, protocol="MQTT 3.1.1 TLS", waiting=outbox.waiting)
    body.update(rules.status())
    body["uptime_s"] = now.up_ms() // 1000
    return wire.encode("status", now.stamp(body))
