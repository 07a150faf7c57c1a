"""The demonstration's provider (hub/demo/sandbox_provider), shaped like the usual card providers."""

import json
from collections.abc import Mapping
from typing import Any

from hub.payments.gateway import AwayError, ForgedError, Found, Notice, Order, Started, http, signature
from hub.payments.rules.payment import CURRENCY, Report, Status

HEADER = "X-Sandbox-Signature"


class Sandbox:
    """`key` authenticates us to the provider and signs its notices."""

    name = "sandbox"

    def __init__(self, url: str, key: bytes) -> None:
        self._url, self._key = url.rstrip("/"), key

    def start(self, order: Order) -> Started:
        """A page on which one pays."""
        return _started(self._call("POST", "/v1/payments", _facts(order), order.key))

    def status(self, ref: str) -> Found:
        """Asks."""
        return _found(self._call("GET", f"/v1/payments/{ref}"))

    def notice(self, headers: Mapping[str, str], body: bytes, now: int) -> Notice:
        """Checks and reads a notice."""
        signature.check(self._key, headers.get(HEADER, ""), body, now)
        try:
            content = json.loads(body)
            about = content["payment"]
            return Notice(str(content["id"])[:80], str(about["id"]), str(about["key"]), _found(about))
        except (ValueError, KeyError, TypeError, AwayError) as error:
            raise ForgedError("the notice cannot be read") from error

    def refund(self, ref: str, cents: int, key: str) -> None:
        """Sends money back."""
        self._call("POST", f"/v1/payments/{ref}/refunds", {"amount": cents}, key)

    def cancel(self, ref: str) -> None:
        """Gives it up."""
        self._call("POST", f"/v1/payments/{ref}/cancel", {})

    def charge(self, token: str, order: Order) -> Started:
        """Collects by token."""
        return _started(self._call("POST", "/v1/charges", _facts(order) | {"token": token}, order.key))

    def _call(self, method: str, path: str, body: object = None, key: str = "") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._key.hex()}"} | ({"Idempotency-Key": key} if key else {})
        return http.call(method, self._url + path, headers=headers, body=body)


def _facts(order: Order) -> dict[str, object]:
    return {
        "key": order.key,
        "amount": order.cents,
        "currency": CURRENCY,
        "title": order.title,
        "return_url": order.return_url,
        "notice_url": order.notice_url,
        "language": order.language,
        "keep": order.keep,
    }


def _started(content: Mapping[str, Any]) -> Started:
    try:
        return Started(str(content["id"]), str(content.get("url", "")))
    except KeyError as error:
        raise AwayError("the provider's answer lacks something") from error


def _found(content: Mapping[str, Any]) -> Found:
    try:
        captured, returned = int(content["captured"]), int(content.get("returned", 0))
        report = Report(Status(content["status"]), max(0, captured), max(0, returned), str(content["currency"]))
        return Found(report, str(content.get("token") or ""))
    except (KeyError, TypeError, ValueError) as error:
        raise AwayError("the provider's answer makes no sense") from error
