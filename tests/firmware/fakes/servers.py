"""Byte-level servers behind the fake TLS: an MQTT broker with the hub behind it, and a web server for bundles."""

import binascii
import json
import struct

import world

from edge import wire

_DURABLE = wire.DURABLE_KINDS


def open_stream(port):
    return Broker() if port == 8883 else Web()


class _Stream:
    def __init__(self):
        self._in = self._out = b""

    def read(self, size):
        if not self._out:
            world.spend(5000)
            raise OSError(110)
        part, self._out = self._out[:size], self._out[size:]
        return part

    def readline(self):
        end = self._out.find(b"\n") + 1
        return self.read(end)

    def close(self):
        world.say("closed")


class Broker(_Stream):
    """Says every message that it gets, and lets the hub of the scene answer."""

    def write(self, data):
        self._in += data
        while len(self._in) >= 2:
            size, start, shift = 0, 1, 0
            while True:
                digit = self._in[start]
                size |= (digit & 0x7F) << shift
                start, shift = start + 1, shift + 7
                if not digit & 0x80:
                    break
            if len(self._in) < start + size:
                return
            kind, body = self._in[0], self._in[start : start + size]
            self._in = self._in[start + size :]
            self._packet(kind, body)

    def _packet(self, kind, body):
        if kind == 0x10:
            size = struct.unpack(">H", body[10:12])[0]
            world.say("connect", client=body[12 : 12 + size].decode(), clean=bool(body[7] & 2))
            self._out += b"\x20\x02\x00" + bytes((world.scene.get("refuse", 0),))
        elif kind == 0x82:
            topic = body[4:-1].decode()
            world.say("subscribe", topic=topic, qos=body[-1])
            self._out += b"\x90\x03" + body[:2] + b"\x01"
            self._node = topic.split("/")[2]
            for message, payload in world.scene.get("retained", {}).items():
                self._deliver(message, payload if isinstance(payload, str) else json.dumps(payload))
        elif kind & 0xF0 == 0x30:
            self._published(kind, body)
        elif kind == 0x40:
            world.say("puback")
        elif kind == 0xE0:
            world.say("disconnect")

    def _published(self, kind, body):
        size = struct.unpack(">H", body[:2])[0]
        topic, payload = body[2 : 2 + size].decode(), body[4 + size :].decode()
        world.say("publish", topic=topic, payload=payload, qos=kind >> 1 & 3, retain=bool(kind & 1))
        self._out += b"\x40\x02" + body[2 + size : 4 + size]
        hub = world.scene.get("hub")
        message = json.loads(payload)
        if hub is not None and topic.split("/")[3] in _DURABLE:
            ack = {"outbox": message["outbox"], "seq": message["seq"]}
            if "ms" in hub:
                ack["ts"] = wire.format_ms(hub["ms"] + world.now_ms())
            ack.update(hub.get("ack", {}))
            self._deliver("ack", json.dumps(ack))

    def _deliver(self, kind, payload):
        topic = wire.down(self._node, kind).encode()
        body = struct.pack(">H", len(topic)) + topic + b"\x00\x07" + payload.encode()
        size, length = len(body), b""
        while True:
            size, digit = size >> 7, size & 0x7F
            length += bytes((digit | (0x80 if size else 0),))
            if not size:
                break
        self._out += b"\x32" + length + body


class Web(_Stream):
    """Gives the files of the scene, cut off where it says so."""

    def write(self, data):
        path = data.split(b" ")[1].decode()
        world.say("get", path=path)
        text = world.scene.get("web", {}).get(path)
        if text is None:
            self._out = b"HTTP/1.0 404 Not Found\r\n\r\n"
            return
        content = binascii.a2b_base64(text.encode())
        cut = world.scene.get("web_cut", len(content))
        self._out = b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content[:cut]
