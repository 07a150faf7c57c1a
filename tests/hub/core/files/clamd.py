"""A clamd of our own, a process with faults: `python -m tests.hub.core.files.clamd ADDRESS MODE`.

ADDRESS is a port or the path of a unix socket. MODE: honest (finds EICAR), hang, cut (hangs up in the middle),
error, babble (an endless answer), slow (one byte of the answer a second).
"""

import contextlib
import socket
import sys
import threading
import time

from tests.hub.core.files.samples import EICAR


def _exactly(wire: socket.socket, length: int) -> bytes:
    content = b""
    while len(content) < length:
        part = wire.recv(length - len(content))
        if not part:
            raise ConnectionError
        content += part
    return content


def _stream(wire: socket.socket) -> bytes:
    assert _exactly(wire, 10) == b"zINSTREAM\0"
    content = b""
    while length := int.from_bytes(_exactly(wire, 4), "big"):
        content += _exactly(wire, length)
    return content


def _serve(wire: socket.socket, mode: str) -> None:
    with contextlib.suppress(OSError), wire:
        if mode == "cut":
            _exactly(wire, 12)
            return
        content = _stream(wire)
        if mode == "hang":
            time.sleep(60)
        elif mode == "error":
            wire.sendall(b"INSTREAM size limit exceeded. ERROR\0")
        elif mode == "babble":
            while True:
                wire.sendall(b"stream: " * 1000)
        else:
            answer = b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
            for byte in answer:
                wire.sendall(bytes((byte,)))
                time.sleep(1 if mode == "slow" else 0)


def main(address: str, mode: str) -> None:
    """Serves until it is killed."""
    if address.isdigit():
        server = socket.create_server(("127.0.0.1", int(address)))
    else:
        server = socket.socket(socket.AF_UNIX)
        server.bind(address)
        server.listen()
    while True:
        wire, _ = server.accept()
        threading.Thread(target=_serve, args=(wire, mode), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
