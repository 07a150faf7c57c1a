"""A phone that makes codes of a pass as hub/static/js/pass.js does, and a till without a connection."""

import base64
import json
import secrets

from hub.core.db import Database
from hub.till.api import offers, passes
from hub.till.gateway import Signer
from hub.till.rules import passes as rules


class Phone:
    """A phone with a key of its own, enrolled for a person."""

    def __init__(self, database: Database, person, now: int) -> None:
        self.signer = Signer.new()
        enrol = lambda session: passes.enrol(session, person, self.signer.public_key, "Handy", now)  # noqa: E731
        self.key = database.write(enrol)

    def code(self, at: int, who: str = "", number: bytes | None = None) -> str:
        """What its screen shows at a moment."""
        content = rules.payload(self.key, at, number or secrets.token_bytes(6), who)
        return rules.write(content, self.signer.sign(rules.CONTEXT + content))


class LonelyTill:
    """Signs what it sells."""

    def __init__(self) -> None:
        self.signer = Signer.new()

    def offer(self, number: str, at: int, way: str = "wallet", code: str = "", lines=(("adult", 1, 600),), **change):
        """(Offer, Content); `change` overrides what stands in it."""
        cents = sum(count * price for _, count, price in lines)
        facts = {"number": number, "at": at, "way": way, "code": code, "lines": [list(one) for one in lines]}
        body = json.dumps({**facts, "cents": cents, **change})
        made = offers.Offer(body, self.signer.sign(offers.CONTEXT + body.encode()))
        return made, offers.read(body)

    def sent(self, number: str, at: int, **facts) -> dict[str, str]:
        """The same for HTTP."""
        made, _ = self.offer(number, at, **facts)
        return {"body": made.body, "signature": base64.urlsafe_b64encode(made.signature).decode().rstrip("=")}
