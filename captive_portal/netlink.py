"""Reading from the kernel over netlink(7): neighbours, nftables counters, one element of a map.

libnftables fetches whole sets for such questions (6 to 10 ms with 250 devices); these take a fraction of a millisecond.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator

_HEADER, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=HH")
_REQUEST, _DUMP, _DONE, _ERROR = 0x1, 0x300, 3, 2
_BUFFER = 1 << 18
_PATIENCE_S = 2
_NESTED, _TYPE_MASK = 0x8000, 0x3FFF

_ROUTE, _NETFILTER = 0, 12  # protocols
_GET_NEIGHBOURS = 30
_NFTABLES, _INET = 10 << 8, 1
_GET_ELEMENT, _GET_OBJECTS = _NFTABLES | 13, _NFTABLES | 19
_OBJECT_NAME, _OBJECT_DATA, _COUNTER_BYTES = 2, 4, 1


def neighbour_messages() -> list[bytes]:
    """Every struct ndmsg of the neighbour table, with its attributes."""
    return list(_ask(_ROUTE, _GET_NEIGHBOURS, _DUMP, bytes(12)))


def neighbour_message(interface: int, address: bytes) -> bytes | None:
    """The struct ndmsg of one address on one interface; None if the kernel has not seen it."""
    family = socket.AF_INET if len(address) == 4 else socket.AF_INET6
    body = struct.pack("=BxxxiHBB", family, interface, 0, 0, 0) + _attribute(1, address)
    try:
        return next(_ask(_ROUTE, _GET_NEIGHBOURS, 0, body), None)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return None
        raise


def counters(table: str) -> dict[str, int]:
    """name -> bytes of the named counters of an inet table; OSError if the kernel refuses."""
    found = {}
    for message in _ask(_NETFILTER, _GET_OBJECTS, _DUMP, _netfilter() + _attribute(1, _text(table))):
        values = dict(attributes(message, 4))
        size = dict(attributes(values.get(_OBJECT_DATA, b""), 0)).get(_COUNTER_BYTES, b"")
        if len(size) == 8:
            found[values[_OBJECT_NAME].rstrip(b"\0").decode()] = int.from_bytes(size, "big")
    return found


def has_element(table: str, name: str, key: bytes) -> bool:
    """Whether an inet table's set or map holds `key` now; OSError if the kernel refuses otherwise."""
    element = _attribute(1 | _NESTED, _attribute(1 | _NESTED, _attribute(1, key)))
    elements = _attribute(3 | _NESTED, element)
    body = _netfilter() + _attribute(1, _text(table)) + _attribute(2, _text(name)) + elements
    try:
        return any(True for _ in _ask(_NETFILTER, _GET_ELEMENT, 0, body))
    except OSError as error:
        if error.errno == errno.ENOENT:
            return False
        raise


def attributes(message: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """(type, value) of the attributes from `offset` on; ends at the first that does not fit."""
    while offset + _ATTRIBUTE.size <= len(message):
        length, kind = _ATTRIBUTE.unpack_from(message, offset)
        if length < _ATTRIBUTE.size or offset + length > len(message):
            return
        yield kind & _TYPE_MASK, message[offset + _ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3


def _ask(protocol: int, kind: int, flags: int, body: bytes) -> Iterator[bytes]:
    """The messages of the kernel's answer, without their headers."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol) as netlink:
        netlink.settimeout(_PATIENCE_S)
        netlink.send(_HEADER.pack(_HEADER.size + len(body), kind, _REQUEST | flags, 1, 0) + body)
        while True:
            answer, offset = netlink.recv(_BUFFER), 0
            while offset + _HEADER.size <= len(answer):
                length, said, *_ = _HEADER.unpack_from(answer, offset)
                end = offset + max(length, _HEADER.size)
                if said in (_DONE, _ERROR):
                    _raise_if_refused(said, answer[offset + _HEADER.size : end])
                    return
                yield answer[offset + _HEADER.size : end]
                offset = (end + 3) & ~3
            if not flags & _DUMP:
                return


def _raise_if_refused(said: int, content: bytes) -> None:
    number = -int.from_bytes(content[:4], "little", signed=True)
    if said == _ERROR and number:
        raise OSError(number, os.strerror(number))


def _netfilter() -> bytes:
    return bytes([_INET, 0, 0, 0])


def _text(text: str) -> bytes:
    return text.encode() + b"\0"


def _attribute(kind: int, value: bytes) -> bytes:
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + bytes(-length % 4)
