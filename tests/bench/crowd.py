"""The visitors of the bench: 250 devices in one namespace, each with its own interface, MAC and address.

`crowd.py click FIRST LAST TOGETHER`: each presses the button and loads a page of the internet; prints the milliseconds
from the click to the first byte, one JSON list. `crowd.py flood DEVICE SECONDS`: one device asks as fast as it can.
`crowd.py load PORT SECONDS PATH`: requests a second over 8 kept connections on the loopback.
"""

import asyncio
import json
import re
import socket
import sys
import time
import urllib.parse
from collections.abc import Awaitable, Callable

PORTAL, INTERNET = ("10.77.0.1", 80), ("10.99.0.1", 8001)
Click = Callable[[int], Awaitable[float | None]]
_PATIENCE_S = 20
_CLICK = (
    b"POST /verbinden HTTP/1.1\r\nHost: wlan.test\r\nContent-Length: 0\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n"
)
_GET = b"GET / HTTP/1.1\r\nHost: wlan.test\r\nConnection: close\r\n\r\n"


async def ask(device: int, address: tuple[str, int], request: bytes) -> bytes:
    """The first bytes of an answer, over a new connection of this device."""
    loop, connection = asyncio.get_running_loop(), socket.socket()
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, f"m{device}".encode())
    try:
        await loop.sock_connect(connection, address)
        await loop.sock_sendall(connection, request)
        return await loop.sock_recv(connection, 4096)
    finally:
        connection.close()


async def click(device: int) -> float | None:
    """Milliseconds from the click to the internet, None if it did not come."""
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(_PATIENCE_S):
            answer = await ask(device, PORTAL, _CLICK)
            if not answer.startswith((b"HTTP/1.1 303", b"HTTP/1.0 303")):
                return None
            if b"hello" not in await ask(device, INTERNET, _GET):
                return None
    except OSError:
        return None
    return (time.perf_counter() - begun) * 1000


async def whole(device: int, address: tuple[str, int], target: str) -> str:
    """A whole answer over a new connection of this device."""
    loop, connection = asyncio.get_running_loop(), socket.socket()
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, f"m{device}".encode())
    with connection:
        await loop.sock_connect(connection, address)
        head = f"Host: {address[0]}:{address[1]}\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n"  # it ends without them
        request = f"GET {target} HTTP/1.1\r\n{head}Connection: close\r\n\r\n"
        await loop.sock_sendall(connection, request.encode())
        parts = []
        while part := await loop.sock_recv(connection, 65536):
            parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")


def next_step(page: str) -> str | None:
    """Where the first form or the redirect of a page leads, with its hidden fields."""
    if moved := re.search(r"(?m)^Location: http://[^/]+(\S+)", page):
        return moved[1]
    form = re.search(r'<form action="(?:http://[^/]+)?([^"]+)" method="get">(.*?)</form>', page, re.DOTALL)
    if form is None:
        return None
    fields = re.findall(r'name="([^"]+)" value="([^"]*)"', form[2])
    return f"{form[1]}?{urllib.parse.urlencode(fields)}"


async def rival_click(device: int) -> float | None:
    """The same for openNDS: its own page is there, then its forms are sent until the internet answers."""
    try:
        async with asyncio.timeout(15):
            gate = ("10.77.0.1", 2050)
            page = await whole(device, gate, next_step(await whole(device, ("10.99.0.1", 80), "/")) or "/")
            begun = time.perf_counter()
            for _ in range(2):  # the button, and the page after it
                page = await whole(device, gate, next_step(page) or "/")
            while True:
                try:
                    async with asyncio.timeout(1):
                        if b"hello" in await ask(device, INTERNET, _GET):
                            return (time.perf_counter() - begun) * 1000
                except OSError:
                    await asyncio.sleep(0.05)
    except OSError:
        return None


async def clicks(first: int, last: int, together: bool, one: Click = click) -> list[float | None]:
    """One click of each device, one after the other or all at once."""
    if together:
        return list(await asyncio.gather(*(one(device) for device in range(first, last + 1))))
    found = []
    for device in range(first, last + 1):
        found.append(await one(device))
        await asyncio.sleep(0.01)
    return found


async def flood(device: int, seconds: float) -> int:
    """Pages that one device got with 30 requests in flight."""
    end, got = time.monotonic() + seconds, 0

    async def again() -> None:
        nonlocal got
        while time.monotonic() < end:
            try:
                async with asyncio.timeout(1):
                    await ask(device, PORTAL, _GET)
                    got += 1
            except OSError:
                await asyncio.sleep(0)

    await asyncio.gather(*(again() for _ in range(30)))
    return got


async def load(port: int, seconds: float, path: str) -> float:
    """Answers a second over kept connections."""
    request = f"GET {path} HTTP/1.1\r\nHost: wlan.test\r\nAccept-Encoding: gzip\r\nAccept-Language: de\r\n\r\n".encode()
    end, got = time.monotonic() + seconds, 0

    async def again() -> None:
        nonlocal got
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            size = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
            await reader.readexactly(size)
            assert head.startswith(b"HTTP/1.1 200"), head
            got += 1
        writer.close()

    await asyncio.gather(*(again() for _ in range(8)))
    return got / seconds


if __name__ == "__main__":
    what, *values = sys.argv[1:]
    if what == "click":
        print(json.dumps(asyncio.run(clicks(int(values[0]), int(values[1]), values[2] == "True"))))
    elif what == "rival":
        print(json.dumps(asyncio.run(clicks(int(values[0]), int(values[1]), values[2] == "True", rival_click))))
    elif what == "flood":
        print(asyncio.run(flood(int(values[0]), float(values[1]))))
    else:
        print(asyncio.run(load(int(values[0]), float(values[1]), values[2])))
