"""People and proofs for the account's tests."""

from hub.account import api
from hub.account.api import registration
from hub.account.api.codes import REGISTER, Granted
from hub.account.api.keyring import new_handle
from hub.core import events
from hub.core.db import Database

NOW = 1_800_000_000_000
DAY = 86_400_000
PHONE = "192.0.2.7"
RING = api.Keyring(b"k" * 32)
PASSWORD = "vier zufällige wörter am see"


class Ear:
    """Hears what the account announces."""

    def __init__(self) -> None:
        self.heard: list[object] = []
        kinds = (api.CodeMade, api.AlreadyRegistered, api.Invited, api.SecurityChanged, api.SessionsEnded)
        events.wire({kind: (lambda _session, event: self.heard.append(event),) for kind in kinds})

    def last(self, kind: type) -> object:
        return [one for one in self.heard if isinstance(one, kind)][-1]

    def count(self, kind: type) -> int:
        return sum(isinstance(one, kind) for one in self.heard)


def register(database: Database, mail: str, password: str | None = PASSWORD, now: int = NOW) -> int:
    """A new account with a password; returns the person's number."""
    hashed = api.secrets.hash_password(password, mail, None) if password else ""

    def make(session) -> int:
        ticket = api.codes.seal(RING, Granted(REGISTER, mail), now)
        person_id = registration.start(
            session, Granted(REGISTER, mail), ticket, new_handle(), "de", now, registration.PASSWORD
        )
        if hashed:
            api.secrets.set_password(session, person_id, hashed, now)
        return person_id

    return database.write(make)


def person(database: Database, person_id: int, *, now: int = NOW, methods: tuple[str, ...] = ("pwd",)) -> api.Person:
    """The person with a new session."""
    proof = api.Proof(person_id, frozenset(methods), trusted=True)
    token = database.write(lambda session: api.sessions.open_session(session, proof, now))
    found = api.sessions.session_person(database, token, now)
    assert found is not None
    return found
