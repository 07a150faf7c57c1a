"""`python -m hub.demo.sandbox_provider --port N --key-file FILE --state-dir DIR`: the provider's process."""

import argparse
import hmac
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hub.demo.sandbox_provider import page
from hub.demo.sandbox_provider.book import Book, Payment
from hub.demo.sandbox_provider.notices import Faults, Notifier, public

_MAX_BODY = 64 * 1024
_WAIT_FOR_KEY_S = 60


class Provider:
    """Payments and what happens to them."""

    def __init__(self, book: Book, key: bytes, url: str) -> None:
        self.book, self.key, self.url = book, key, url
        self.faults = Faults()
        self.notifier = Notifier(key, self.faults)

    def start(self, key: str, facts: Payment) -> Payment:
        """A payment with a page, or the one that this key made before."""
        made, is_new = self.book.make(key, facts)
        if is_new:
            made["url"] = f"{self.url}/pay/{made['id']}"
            self.book.put(made)
        return made

    def charge(self, key: str, facts: Payment) -> Payment:
        """A payment by token, captured or failed at once."""
        made, is_new = self.book.make(key, facts)
        if is_new:
            self._end(made, "captured" if self.book.token_works(str(facts.get("token_used"))) else "failed")
        return self.book.get(made["id"]) or made

    def press(self, payment: Payment, verb: str) -> None:
        """What the payer pressed on the page."""
        if verb == "late":
            if payment["status"] == "pending":
                self.book.change(payment["id"], status="pending", is_late=True)
                self.notifier.tell(self.book.get(payment["id"]) or payment)
                threading.Thread(target=self._late, args=(payment,), daemon=True).start()
        elif verb in ("pay", "fail", "cancel"):
            self._end(payment, {"pay": "captured", "fail": "failed", "cancel": "cancelled"}[verb])

    def _late(self, payment: Payment) -> None:
        time.sleep(self.faults.late_s)
        self._end(payment, "captured")

    def _end(self, payment: Payment, status: str) -> None:
        cents = self.faults.amount if self.faults.amount is not None else payment["amount"]
        facts: dict[str, Any] = {"status": status, "captured": cents if status == "captured" else 0}
        if self.faults.currency:
            facts["currency"] = self.faults.currency
        ended = self.book.change(payment["id"], **facts)
        if ended is not None:
            self.notifier.tell(ended)


class Handler(BaseHTTPRequestHandler):
    """Routes; the class attribute `provider` is set when the server starts."""

    provider: Provider
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A payment, as JSON for the shop or as a page for the payer."""
        parts = self._parts()
        payment = self.provider.book.get(parts[-1]) if len(parts) > 1 else None
        if parts[:1] == ["healthz"]:
            self._json(200, {"ok": True})
        elif payment is None:
            self._json(404, {"error": "unknown payment"})
        elif parts[0] == "pay":
            self._html(page.render(payment))
        elif self._is_shop():
            self._json(200, public(payment))

    def do_POST(self) -> None:
        """Everything that changes something."""
        parts, body = self._parts(), self.rfile.read(min(int(self.headers.get("Content-Length") or 0), _MAX_BODY))
        if parts[:1] == ["pay"] and len(parts) == 2:
            self._press(parts[1], parse_qs(body.decode()).get("do", [""])[0])
        elif self._is_shop():
            try:
                self._shop(parts[1:], json.loads(body or b"{}"))
            except (KeyError, TypeError, ValueError):
                self._json(400, {"error": "this request makes no sense"})

    def _shop(self, parts: list[str], facts: dict[str, Any]) -> None:
        provider, key = self.provider, self.headers.get("Idempotency-Key") or ""
        if parts == ["payments"]:
            self._json(200, public(provider.start(key, _asked(facts))))
        elif parts == ["charges"]:
            self._json(200, public(provider.charge(key, _asked(facts) | {"token_used": facts["token"]})))
        elif parts == ["faults"]:
            for name, value in facts.items():
                setattr(provider.faults, name, value)
            self._json(200, {"ok": True})
        elif parts[:1] == ["tokens"] and len(parts) == 2:
            provider.book.end_token(parts[1])
            self._json(200, {"ok": True})
        elif parts[2:] == ["refunds"]:
            done = provider.book.refund(parts[1], key, int(facts["amount"]))
            self._json(200 if done else 409, {"ok": done})
        elif parts[2:] == ["cancel"]:
            provider.press(provider.book.get(parts[1]) or {"id": "", "amount": 0}, "cancel")
            self._json(200, {"ok": True})
        else:
            self._json(404, {"error": "unknown path"})

    def _press(self, ref: str, verb: str) -> None:
        payment = self.provider.book.get(ref)
        if payment is None:
            self._json(404, {"error": "unknown payment"})
            return
        self.provider.press(payment, verb)
        self.send_response(303)
        self.send_header("Location", payment["return_url"])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _is_shop(self) -> bool:
        given = self.headers.get("Authorization") or ""
        if self.provider.faults.down and self._parts()[1:] != ["faults"]:
            self._json(503, {"error": "down"})
            return False
        if hmac.compare_digest(given.encode(), f"Bearer {self.provider.key.hex()}".encode()):
            return True
        self._json(401, {"error": "who are you?"})
        return False

    def _parts(self) -> list[str]:
        return [part for part in urlsplit(self.path).path.split("/") if part]

    def _json(self, code: int, content: dict[str, Any]) -> None:
        self._send(code, json.dumps(content).encode(), "application/json")

    def _html(self, text: str) -> None:
        self._send(200, text.encode(), "text/html; charset=utf-8")

    def _send(self, code: int, body: bytes, kind: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _asked(facts: dict[str, Any]) -> Payment:
    names = ("key", "amount", "currency", "title", "return_url", "notice_url", "language", "keep")
    found = {name: facts[name] for name in names}
    if int(found["amount"]) < 1:
        raise ValueError("nothing to pay")
    return found


def _key(file: Path) -> bytes:
    """The key that the hub makes at its first start."""
    deadline = time.monotonic() + _WAIT_FOR_KEY_S
    while time.monotonic() < deadline:
        if file.exists() and len(key := file.read_bytes()) == 32:
            return key
        time.sleep(0.2)
    raise OSError(f"{file} is missing")


def main() -> int:
    """Serves until it is ended."""
    arguments = argparse.ArgumentParser(
        prog="sandbox_provider", description="A payment provider for the demonstration."
    )
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--key-file", type=Path, required=True)
    arguments.add_argument("--state-dir", type=Path, required=True)
    arguments.add_argument("--public-url", default="")
    chosen = arguments.parse_args()
    url = chosen.public_url or f"http://localhost:{chosen.port}"
    Handler.provider = Provider(Book(chosen.state_dir / "sandbox.db"), _key(chosen.key_file), url)
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer(("127.0.0.1", chosen.port), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
