"""ES256 keys and what is signed with them."""

import json
import secrets
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import JWSRegistry

from hub.core.db import Database, Session
from hub.core.sealing import Sealer
from hub.openid import rules, store

_ALGORITHMS = ["ES256"]
_PLAIN = "JWT"


class Keys:
    """Signs with the key of the day and publishes those that are in use; `secret` seals their private halves."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database, self._sealer = database, Sealer(secret, "openid keys")

    def public(self, now: int) -> list[dict[str, Any]]:
        """The public keys as JWKs; makes a new one when it is time."""
        rows = {row.kid: row for row in self._rows(now)}
        shown = rules.published([rules.SigningKey(row.kid, row.created_at) for row in rows.values()], now)
        return [json.loads(rows[key.kid].public) for key in shown]

    def sign(self, claims: dict[str, Any], now: int, kind: str = _PLAIN) -> str:
        """A signed JWT (ES256)."""
        key = self.signing(now)
        return jwt.encode({"alg": "ES256", "kid": key.kid, "typ": kind}, claims, key, _ALGORITHMS)

    def signing(self, now: int) -> ECKey:
        """The key that signs at this moment."""
        rows = {row.kid: row for row in self._rows(now)}
        chosen = rules.signing([rules.SigningKey(row.kid, row.created_at) for row in rows.values()], now)
        return ECKey.import_key(json.loads(self._sealer.open(rows[chosen.kid].sealed)))

    def read(self, token: str, now: int) -> dict[str, Any] | None:
        """The claims of an id token that we signed, also when it is over; None for any other."""
        keys = KeySet([ECKey.import_key(public) for public in self.public(now)])
        try:
            registry = JWSRegistry(algorithms=_ALGORITHMS)
            read = jwt.decode(token, keys, algorithms=_ALGORITHMS, registry=registry)
        except (JoseError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return read.claims if read.header.get("typ") == _PLAIN else None

    def _rows(self, now: int) -> list[store.KeyRow]:
        with self._database.read() as session:
            rows = list(store.keys(session))
        if rules.needs_new([rules.SigningKey(row.kid, row.created_at) for row in rows], now):
            self._database.write(lambda session: self._make(session, now))
            with self._database.read() as session:
                rows = list(store.keys(session))
        return rows

    def _make(self, session: Session, now: int) -> None:
        known = [rules.SigningKey(row.kid, row.created_at) for row in store.keys(session)]
        if not rules.needs_new(known, now):  # another process was quicker
            return
        kid = secrets.token_urlsafe(12)
        key = ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"}, private=True)
        private, public = json.dumps(key.as_dict(private=True)), json.dumps(key.as_dict(private=False))
        store.add_key(session, kid=kid, sealed=self._sealer.seal(private), public=public, created_at=now)


def tidy_keys(session: Session, now: int) -> int:
    """Deletes keys that neither sign nor are published any more; how many."""
    known = [rules.SigningKey(row.kid, row.created_at) for row in store.keys(session)]
    over = set(known) - set(rules.published(known, now))
    for key in over:
        store.remove_key(session, key.kid)
    return len(over)
