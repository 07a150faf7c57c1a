"""`make lab`: the street with gate, portal and watch, a shell on a visitor's device, and the landing page in a browser.

The page is at http://localhost:8088/ (or the next free port): a small forwarder moves each request onto the visitor's
device, so that the portal sees the visitor and not this machine.
"""

import http.client
import http.server
import os
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.lab.lab import PORTAL_HOST, Client, Lab, why_impossible

_HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "host"}
_HELP = """
The visitor's shell. Try:
  curl -i http://captive.apple.com/hotspot-detect.html     what a phone's probe gets
  curl -X POST -i http://{host}/verbinden                 press the button
  curl http://10.99.0.1:8000/                              the internet
In your browser: {url}   (exit ends the lab; nothing stays behind)
"""


class Forward(http.server.BaseHTTPRequestHandler):
    """One request of the browser, asked again from the visitor's device."""

    def do_GET(self) -> None:
        """Pass on."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        inner = http.client.HTTPConnection("10.77.0.1", 80, timeout=10)
        inner.request(self.command, self.path, body, {**headers, "Host": PORTAL_HOST})
        answer = inner.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {*_HOP_BY_HOP, "content-length"}:
                self.send_header(name, value.replace(f"http://{PORTAL_HOST}/", "/"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 (the name that http.server calls)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def forward(descriptor: int) -> None:
    """Serve on a listening socket of the outer network; connections go out where this process lives."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forward, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=descriptor)
    server.serve_forever()


def open_browser_door(client: Client) -> tuple[subprocess.Popen[bytes], int]:
    """The forwarder on the client's device, listening on this machine's loopback; (process, port)."""
    with _listener() as listener:
        inside = ["ip", "netns", "exec", client.space]
        command = [*inside, sys.executable, "-m", "tests.lab", "forward", str(listener.fileno())]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])
        return process, int(listener.getsockname()[1])


def _listener() -> socket.socket:
    for port in (8088, 0):
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError:
            continue
    raise OSError("no free port")


def main() -> None:
    """A lab for a person."""
    if reason := why_impossible():
        sys.exit(reason)
    with TemporaryDirectory(prefix="stadtknoten-lab-") as directory, Lab(Path(directory)) as lab:
        lab.start_gate()
        lab.start_portal()
        lab.start_watch()
        client = lab.client(1).join()
        process, port = open_browser_door(client)
        try:
            print(_HELP.format(host=PORTAL_HOST, url=f"http://localhost:{port}/"), flush=True)
            shell = os.environ.get("SHELL", "/bin/sh")
            subprocess.run(["ip", "netns", "exec", client.space, shell], check=False)
        finally:
            process.terminate()
            process.wait(5)


if __name__ == "__main__":
    if sys.argv[1:2] == ["forward"]:
        forward(int(sys.argv[2]))
    else:
        main()
