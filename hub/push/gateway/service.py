"""Handing a notice over to a push service: encrypted for the device (RFC 8291), signed by the hub (RFC 8292)."""

from dataclasses import dataclass
from typing import NamedTuple

import requests
from pydantic import AnyHttpUrl
from webpush import WebPush, WebPushSubscription
from webpush.types import WebPushKeys
from webpush.vapid import VAPID

from hub.push import rules
from hub.push.gateway import keys

_TIMEOUT_S = (5, 10)  # to connect, to wait for the answer


@dataclass(frozen=True)
class Answer:
    """What the push service said; retry_after is the header as it came."""

    status: int
    retry_after: str


class ServiceAwayError(Exception):
    """The push service could not be reached or did not answer in time."""


class _Origin(NamedTuple):
    scheme: str
    host: str


class _Vapid:
    """The library leaves the port out of `aud`, which RFC 8292 wants to be the whole origin."""

    def __init__(self, private: bytes, public: bytes) -> None:
        self._vapid = VAPID(private, public)

    def get_authorization_header(self, endpoint: AnyHttpUrl, subscriber: str, expiration: int) -> str:
        host = f"{endpoint.host}" if endpoint.port == 443 else f"{endpoint.host}:{endpoint.port}"
        return str(self._vapid.get_authorization_header(_Origin(endpoint.scheme, host), subscriber, expiration))


class PushService:
    """`seed`: the hub's key; `contact`: a mail address that the service's operator can write to."""

    def __init__(self, seed: bytes, contact: str, timeout_s: tuple[float, float] = _TIMEOUT_S) -> None:
        private, public = keys.as_pem(seed)
        self._maker = WebPush(private, public, subscriber=contact, ttl=rules.LIFE_MS // 1000)
        self._maker.vapid = _Vapid(private, public)
        self._timeout_s = timeout_s

    def send(self, to: rules.Subscription, body: bytes, topic: str) -> Answer:
        """Hands one notice over; follows no redirect. ServiceAwayError, ValueError for keys that are none."""
        address = WebPushSubscription(
            endpoint=AnyHttpUrl(to.endpoint), keys=WebPushKeys(auth=to.auth, p256dh=to.p256dh)
        )
        made = self._maker.get(body, address)
        headers = {**made.headers, "topic": topic, "urgency": "normal", "content-type": "application/octet-stream"}
        try:
            with requests.post(
                to.endpoint,
                data=made.encrypted,
                headers=headers,
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,  # nobody reads the body
            ) as answer:
                return Answer(answer.status_code, answer.headers.get("Retry-After", ""))
        except requests.RequestException as error:
            raise ServiceAwayError(type(error).__name__) from error
