"""An aggregator as a process of its own: `python -m tests.hub.parking.feeds.aggregator PORT DIRECTORY`.

It takes POST /push with HTTP Basic (town, s3cret:ü) and writes each body into DIRECTORY as 1.json, 2.json ... The file
DIRECTORY/mood says how it behaves: ok, 500, hang, drip, 422, partly (200 with errors), redirect, garbage.
"""

import base64
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

USER, PASSWORD = "town", "s3cret:ü"
EXPECTED = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
REFUSED = {"errors": [{"parking_site_uid": "lake", "message": "validation error\nfor lake"}]}


class Handler(BaseHTTPRequestHandler):
    """Answers as its mood says."""

    directory: Path

    def do_POST(self) -> None:
        """One push."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with (self.directory / "requests").open("a") as log:
            log.write(f"{self.path} {self.headers['Content-Type']}\n")
        mood = (self.directory / "mood").read_text()
        if self.headers.get("Authorization") != EXPECTED:
            self._answer(401, b"")
        elif mood == "ok":
            number = len(list(self.directory.glob("*.json"))) + 1
            (self.directory / f"{number}.json").write_bytes(body)
            self._answer(200, json.dumps({"summary": {}, "errors": []}).encode())
        elif mood == "hang":
            time.sleep(60)
        elif mood == "drip":
            self._drip()
        elif mood == "redirect":
            self.send_response(307)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif mood == "garbage":
            self.wfile.write(b"\x00\x01 no HTTP at all\r\n\r\n")
        else:
            code = {"partly": 200, "422": 422, "500": 500}[mood]
            self._answer(code, json.dumps(REFUSED if mood != "500" else {}).encode())

    def _answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(600):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.1)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


if __name__ == "__main__":
    Handler.directory = Path(sys.argv[2])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
