"""MQTT 3.1.1 over a stream, as much as a sensor needs: QoS 1 both ways. OSError whenever something is not in order.

Not umqtt.simple: that waits for each PUBACK without a limit, and a message that comes in between is lost to the caller.
"""

import struct

_CONNECT, _CONNACK, _PUBLISH, _PUBACK, _SUBSCRIBE, _DISCONNECT = 0x10, 0x20, 0x30, 0x40, 0x82, 0xE0
_KEEPALIVE_S = 60
_MAX_PACKET = 16 * 1024  # larger ones would not fit beside TLS


class Link:
    """One connection. Messages come out of `receive`."""

    def __init__(self, stream, client_id, username=None, password=None):
        self._stream, self._packet = stream, 0
        # A clean session: an ack that had waited for the sleeper would set its clock to the time of that ack.
        flags = 0x02 | (0x80 if username else 0) | (0x40 if password else 0)
        body = _text("MQTT") + bytes((4, flags)) + struct.pack(">H", _KEEPALIVE_S) + _text(client_id)
        for secret in (username, password):
            if secret:
                body += _text(secret)
        self._send(_CONNECT, body)
        kind, answer = self._next()
        if kind != _CONNACK or len(answer) != 2 or answer[1]:
            raise OSError("the broker refused the connection")

    def subscribe(self, topic):
        """The answer comes with `receive`, in any order with messages."""
        self._packet += 1
        self._send(_SUBSCRIBE, struct.pack(">H", self._packet) + _text(topic) + b"\x01")

    def publish(self, topic, payload, retain=False):
        """At least once (QoS 1)."""
        self._packet += 1
        self._send(_PUBLISH | 2 | retain, _text(topic) + struct.pack(">H", self._packet) + payload)

    def receive(self):
        """(topic, payload) of a message that came, None for anything else; OSError when nothing comes."""
        kind, body = self._next()
        if kind & 0xF0 != _PUBLISH:
            return None
        end = 2 + struct.unpack(">H", body[:2])[0]
        start = end
        if kind & 0x06:
            start += 2
            self._send(_PUBACK, body[end:start])
        return body[2:end].decode(), body[start:]

    def close(self):
        """Says goodbye and closes."""
        try:
            self._send(_DISCONNECT, b"")
        finally:
            self._stream.close()

    def _send(self, kind, body):
        self._stream.write(bytes((kind,)) + _length(len(body)) + body)

    def _next(self):
        kind, size, shift = self._exactly(1)[0], 0, 0
        while True:
            digit = self._exactly(1)[0]
            size |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                break
        if size > _MAX_PACKET:
            raise OSError("packet too large")
        return kind, self._exactly(size)

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            part = self._stream.read(size - len(data))
            if not part:
                raise OSError("connection ended")
            data += part
        return data


def _text(text):
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def _length(size):
    out = b""
    while True:
        size, digit = size >> 7, size & 0x7F
        out += bytes((digit | (0x80 if size else 0),))
        if not size:
            return out
