"""The real server as a process, real sockets."""

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[3]


class Town:
    """A running live server and the file that its snapshots come from."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.file = directory / "snapshot.json"
        self.say(b'{"sites":[]}')
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        command = [sys.executable, "-m", "tests.hub.live.server", str(self.file), str(self.port), *options]
        self.process = subprocess.Popen(command, cwd=ROOT)

    def say(self, body: bytes) -> None:
        draft = self.file.with_suffix(".new")
        draft.write_bytes(body)
        draft.replace(self.file)

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return connection.getresponse()

    def health(self) -> dict[str, object]:
        with contextlib.suppress(OSError):
            return dict(json.loads(self.get("/healthz").read()))
        return {}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Town]]:
    towns: list[Town] = []

    def begin(*options: str) -> Town:
        town = Town(tmp_path, *options)
        towns.append(town)
        eventually(lambda: town.health().get("ok") is True)
        return town

    yield begin
    for town in towns:
        town.process.terminate()
        town.process.wait(10)


def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(400):
        if condition():
            return
        time.sleep(0.025)
    raise AssertionError("it never happened")


def event(stream: http.client.HTTPResponse) -> dict[str, str]:
    """The next event of an SSE stream; comments and `retry` alone do not count."""
    fields: dict[str, str] = {}
    while True:
        name, _, value = stream.readline().decode().rstrip("\n").partition(": ")
        if not name and "data" in fields:
            return fields
        if name:
            fields[name] = value
        else:
            fields = {}


def test_a_client_gets_a_snapshot_at_once_and_another_at_each_change(start: Callable[..., Town]) -> None:
    town = start()
    stream = town.get("/api/parking/stream")
    assert stream.getheader("content-type") == "text/event-stream"
    first = event(stream)
    town.say(b'{"sites":[1]}')
    second = event(stream)
    assert (first["event"], first["data"]) == ("snapshot", '{"sites":[]}')
    assert second["data"] == '{"sites":[1]}'
    assert first["id"] != second["id"]


def test_a_client_that_returns_with_its_last_id_gets_what_it_missed(start: Callable[..., Town]) -> None:
    town = start()
    stream = town.get("/api/parking/stream")
    first = event(stream)
    stream.close()
    for body in (b"[1]", b"[2]"):
        tag = town.get("/api/parking/sites").getheader("etag")
        town.say(body)
        eventually(lambda tag=tag: town.get("/api/parking/sites").getheader("etag") != tag)
    again = town.get("/api/parking/stream", Last_Event_ID=first["id"])
    assert [event(again)["data"], event(again)["data"]] == ["[1]", "[2]"]


def test_a_client_that_brings_an_id_of_an_older_process_gets_the_newest(start: Callable[..., Town]) -> None:
    assert event(start().get("/api/parking/stream", Last_Event_ID="abc-77"))["data"] == '{"sites":[]}'


def test_the_snapshot_is_polled_with_an_etag(start: Callable[..., Town]) -> None:
    town = start()
    answer = town.get("/api/parking/sites")
    assert answer.read() == b'{"sites":[]}'
    unchanged = town.get("/api/parking/sites", If_None_Match=str(answer.getheader("etag")))
    assert (unchanged.status, unchanged.read()) == (304, b"")
    assert town.get("/api/parking/elsewhere").status == 404


def test_only_the_public_page_may_read_across_origins(start: Callable[..., Town]) -> None:
    town = start()
    ours = town.get("/api/parking/stream", Origin="http://localhost:8080")
    theirs = town.get("/api/parking/stream", Origin="http://evil.example")
    assert ours.getheader("access-control-allow-origin") == "http://localhost:8080"
    assert theirs.getheader("access-control-allow-origin") is None


def test_an_idle_stream_hears_a_heartbeat(start: Callable[..., Town]) -> None:
    stream = start("--heartbeat", "0.1").get("/api/parking/stream")
    event(stream)
    assert stream.readline() == b": still here\n"


def test_a_failing_source_ends_no_stream(start: Callable[..., Town]) -> None:
    town = start()
    stream = town.get("/api/parking/stream")
    event(stream)
    town.file.unlink()
    time.sleep(0.3)
    town.say(b"[3]")
    assert event(stream)["data"] == "[3]"


def test_sigterm_ends_open_streams_properly_and_then_the_process(start: Callable[..., Town]) -> None:
    town = start()
    streams = [town.get("/api/parking/stream") for _ in range(50)]
    for stream in streams:
        event(stream)
    town.process.send_signal(signal.SIGTERM)
    assert town.process.wait(2) == 0
    for stream in streams:
        assert stream.read() == b""  # an end of the body, not a broken connection


def test_a_client_that_left_is_forgotten(start: Callable[..., Town]) -> None:
    town = start()
    stream = town.get("/api/parking/stream")
    event(stream)
    assert town.health()["streams"] == 1
    stream.close()
    eventually(lambda: town.health()["streams"] == 0)


def test_a_client_that_does_not_read_is_dropped_and_the_others_go_on(start: Callable[..., Town]) -> None:
    town = start("--send", "0.3")
    lazy = socket.socket()
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.connect(("127.0.0.1", town.port))
    lazy.sendall(b"GET /api/parking/stream HTTP/1.1\r\nHost: x\r\n\r\n")
    eager = town.get("/api/parking/stream")
    event(eager)
    eventually(lambda: town.health()["streams"] == 2)
    for number in range(400):
        town.say(b"%d" % number + b"x" * 400_000)
        assert event(eager)["data"].startswith(str(number))
        if town.health()["streams"] == 1:
            break
    assert town.health()["streams"] == 1
    lazy.close()


def test_a_taken_port_stops_the_start_with_one_clear_error(start: Callable[..., Town], tmp_path: Path) -> None:
    town = start()
    command = [sys.executable, "-m", "tests.hub.live.server", str(town.file), str(town.port)]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert second.stderr.splitlines()[-1].startswith("OSError: [Errno 98] Address already in use")
