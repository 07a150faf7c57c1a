"""XBezahldienste: how German public services speak to payment services (FITKO, version 1.0.0).

From its published description: POST /paymenttransaction/{originatorId}/{endPointId} takes a PaymentRequest and gives a
PaymentTransaction {paymentInformation, paymentRequest}; GET .../{transactionId} gives it again; status is INITIAL,
PAYED, FAILED or CANCELED; PAYMENT_EXISTS answers a request id that is known. Amounts are decimals, `grosAmount` and
the items' net and tax amounts; texts are limited to few characters.

Assumed, because the description leaves it to each service: OAuth2 client credentials (RFC 6749, 4.4) with the secret
in the body; the transaction's path; that a PAYED transaction is paid in full. There are no notices, no refunds and no
cancelling in this interface: the status is asked for, money goes back by the town's own cashier.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.core import clock, i18n
from hub.payments.gateway import AwayError, DeclinedError, ForgedError, Found, Notice, Order, Started, http
from hub.payments.rules import money
from hub.payments.rules.payment import CURRENCY, Item, Report, Status, tax_share

_STATUS = {
    "INITIAL": Status.PENDING,
    "PAYED": Status.CAPTURED,
    "FAILED": Status.FAILED,
    "CANCELED": Status.CANCELLED,
}
_MARGIN_MS = 30_000


@dataclass(frozen=True)
class Access:
    """Where the service is and who we are there."""

    url: str
    token_url: str
    client_id: str
    secret: str
    originator: str
    end_point: str


class XBezahldienste:
    """A payment service of the public sector."""

    name = "xbezahldienste"

    def __init__(self, access: Access) -> None:
        self._access = access
        self._base = f"{access.url.rstrip('/')}/paymenttransaction/{access.originator}/{access.end_point}"
        self._lock, self._token, self._until = threading.Lock(), "", 0

    def start(self, order: Order) -> Started:
        """Places a payment request."""
        request_id = _word(order.key, 36)
        request = {
            "requestId": request_id,
            "requestTimestamp": i18n.local(clock.now_ms()).isoformat(timespec="seconds"),
            "currency": CURRENCY,
            "grosAmount": float(money.decimal(order.cents)),
            "purpose": _word(order.title, 27, " "),
            "description": _word(order.title, 250, " ,."),
            "redirectUrl": order.return_url,
            "items": [_item(number, one) for number, one in enumerate(order.items, 1)],
        }
        return self._begun(self._call("POST", "", request))

    def status(self, ref: str) -> Found:
        """Asks; what was paid is the request's sum."""
        content = self._call("GET", f"/{ref}")
        information, request = content.get("paymentInformation"), content.get("paymentRequest")
        if not isinstance(information, Mapping) or not isinstance(request, Mapping):
            raise AwayError("the payment service's answer lacks something")
        try:
            status = _STATUS[str(information.get("status"))]
            cents = money.from_decimal(f"{float(request['grosAmount']):.2f}")
        except (KeyError, TypeError, ValueError) as error:
            raise AwayError("the payment service's answer makes no sense") from error
        captured = cents if status == Status.CAPTURED else 0
        return Found(Report(status, captured, 0, str(request.get("currency", ""))))

    def notice(self, _headers: Mapping[str, str], _body: bytes, _now: int) -> Notice:
        """There are none."""
        raise ForgedError("this payment service sends no notices")

    def refund(self, _ref: str, _cents: int, _key: str) -> None:
        """The interface has none."""
        raise DeclinedError("money goes back by the town's cashier")

    def cancel(self, _ref: str) -> None:
        """Nothing to do: an unpaid transaction ends by itself."""

    def charge(self, _token: str, _order: Order) -> Started:
        """The interface has none."""
        raise DeclinedError("this payment service keeps no agreements")

    def _begun(self, content: Mapping[str, Any]) -> Started:
        information = content.get("paymentInformation")
        if not isinstance(information, Mapping) or not information.get("transactionId"):
            raise AwayError("the payment service's answer lacks something")
        return Started(str(information["transactionId"])[:80], str(information.get("transactionRedirectUrl") or ""))

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        bearer, url = self._bearer(), self._base + path
        try:
            return http.call(method, url, headers={"Authorization": f"Bearer {bearer}"}, body=body)
        except http.UnknownError:  # it has forgotten the token: once more with a new one
            self._forget(bearer)
            return http.call(method, url, headers={"Authorization": f"Bearer {self._bearer()}"}, body=body)

    def _forget(self, bearer: str) -> None:
        with self._lock:
            if self._token == bearer:
                self._until = 0

    def _bearer(self) -> str:
        with self._lock:
            if clock.now_ms() >= self._until - _MARGIN_MS:
                form = {
                    "grant_type": "client_credentials",
                    "client_id": self._access.client_id,
                    "client_secret": self._access.secret,
                }
                answer = http.call("POST", self._access.token_url, headers={}, form=form)
                self._token = str(answer.get("access_token", ""))
                self._until = clock.now_ms() + int(answer.get("expires_in", 60)) * 1000
            return self._token


def _item(number: int, one: Item) -> dict[str, object]:
    tax = tax_share(one.cents, one.tax)
    net, share = float(money.decimal(one.cents - tax)), float(money.decimal(tax))
    return {
        "id": str(number),
        "reference": _word(one.operation, 36),
        "description": _word(one.text, 250, " ,."),
        "taxRate": int(one.tax),
        "quantity": 1,
        "totalNetAmount": net,
        "totalTaxAmount": share,
        "singleNetAmount": net,
        "singleTaxAmount": share,
    }


def _word(text: str, length: int, more: str = "") -> str:
    """The characters that the interface takes."""
    return re.sub(rf"[^\w\-{re.escape(more)}]", "-", text)[:length]
