"""A payment service of the public sector as XBezahldienste describes it, as a process with faults of its own.

`python -m tests.hub.payments.public_payments PORT`. It refuses what the description forbids: long or strange texts,
sums that do not add up, a request id that is known (PAYMENT_EXISTS), a token that ran out.
"""

import json
import re
import secrets
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs

import requests

from hub.payments.gateway.xbezahldienste import Access
from tests.servers import free_port, wait_for_port
from tests.spine.processes import Process

CLIENT = ("stadt", "geheimnis")


class Service(BaseHTTPRequestHandler):
    """One service for one originator."""

    tokens: ClassVar[set[str]] = set()
    asked = 0
    made: ClassVar[dict[str, dict[str, Any]]] = {}
    faults: ClassVar[dict[str, Any]] = {}

    def do_GET(self) -> None:
        """A transaction, or what the test wants to know."""
        if self.path == "/test":
            self._say(200, {"tokens": self.asked, "requests": [one["paymentRequest"] for one in self.made.values()]})
        elif self._is_allowed():
            found = self.made.get(self.path.rpartition("/")[2])
            self._say(200 if found else 404, found or {"code": "PAYMENT_NOT_FOUND"})

    def do_POST(self) -> None:
        """A token, a request, or a fault."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path == "/token":
            self._token(parse_qs(body))
        elif self.path == "/test":
            type(self).faults = json.loads(body)
            self.tokens.difference_update(list(self.tokens) if self.faults.get("forgets") else ())
            for one in self.made.values():
                one["paymentInformation"]["status"] = self.faults.get("status", one["paymentInformation"]["status"])
            self._say(200, {})
        elif self._is_allowed():
            self._begin(json.loads(body))

    def _token(self, form: dict[str, list[str]]) -> None:
        given = tuple(form.get(name, [""])[0] for name in ("client_id", "client_secret"))
        if given != CLIENT or form.get("grant_type") != ["client_credentials"]:
            return self._say(400, {"error": "invalid_client"})
        type(self).asked += 1
        made = secrets.token_hex(8)
        self.tokens.add(made)
        return self._say(200, {"access_token": made, "expires_in": self.faults.get("expires_in", 300)})

    def _begin(self, request: dict[str, Any]) -> None:
        if self.path != "/paymenttransaction/08125/kasse" or (why := _problem(request)):
            return self._say(400, {"code": "VALIDATION", "message": why})
        if any(one["paymentRequest"]["requestId"] == request["requestId"] for one in self.made.values()):
            return self._say(409, {"code": "PAYMENT_EXISTS"})
        number = secrets.token_hex(6)
        information = {"transactionId": number, "status": "INITIAL", "transactionRedirectUrl": "https://pay.example/x"}
        self.made[number] = {"paymentInformation": information, "paymentRequest": request}
        return self._say(201, self.made[number])

    def _is_allowed(self) -> bool:
        if self.faults.get("down"):
            self._say(503, {})
        elif self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            self._say(401, {"code": "UNAUTHORIZED"})
        else:
            return True
        return False

    def _say(self, code: int, content: object) -> None:
        body = b"<html>" if self.faults.get("nonsense") and code == 200 else json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _problem(request: dict[str, Any]) -> str:
    texts = {"requestId": (r"[\w-]{1,36}"), "purpose": r"[\w -]{1,27}", "description": r"[\w ,.-]{1,250}"}
    wrong = [name for name, pattern in texts.items() if not re.fullmatch(pattern, str(request.get(name)))]
    total = sum(round(100 * (one["totalNetAmount"] + one["totalTaxAmount"])) for one in request["items"])
    return ", ".join([*wrong, *([] if total == round(100 * request["grosAmount"]) else ["grosAmount"])])


@contextmanager
def service():
    """(access, tell, ask) of a running service: tell(**faults), ask() gives what it heard."""
    port = free_port()
    process, url = Process(["-m", "tests.hub.payments.public_payments", str(port)]), f"http://localhost:{port}"
    try:
        assert wait_for_port(port)
        access = Access(url, f"{url}/token", *CLIENT, "08125", "kasse")
        yield (
            access,
            lambda **faults: requests.post(f"{url}/test", json=faults, timeout=5),
            lambda: requests.get(f"{url}/test", timeout=5).json(),
        )
    finally:
        process.stop()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Service).serve_forever()
