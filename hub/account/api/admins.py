"""Admins that the command line makes."""

import secrets

from hub.account import rules
from hub.account.api.guard import hasher
from hub.account.api.keyring import new_handle
from hub.account.api.people import ADMIN, record
from hub.account.api.sessions import end_others
from hub.account.store import people
from hub.core import audit
from hub.core.clock import now_ms
from hub.core.db import Database, Session


def create_admin(database: Database, name: str, password: str | None = None) -> str:
    """Makes an admin; returns the password (made up when None). ValueError says what is wrong."""
    name = rules.normal_name(name)
    chosen, hashed = _checked(name, password)

    def add(session: Session) -> None:
        if people.person_named(session, name) is not None:
            raise ValueError(f"there is already somebody named {name}; `admin reset {name}` gives a new password")
        now = now_ms()
        row = people.add_person(
            session, name=name, handle=new_handle(), password_hash=hashed, created_at=now, seen_at=now
        )
        people.add_role(session, row.id, ADMIN)
        record(session, row.id, "role-given", now, by=audit.CLI, details={"role": ADMIN})

    database.write(add)
    return chosen


def reset_admin(database: Database, name: str, password: str | None = None) -> str:
    """Gives a new password without a second factor, opens the account and ends its sessions; returns the password."""
    name = rules.normal_name(name)
    chosen, hashed = _checked(name, password)

    def reset(session: Session) -> None:
        person = people.person_named(session, name)
        if person is None:
            raise ValueError(f"there is nobody named {name}; `admin create {name}` makes an account")
        people.change_person(session, person.id, password_hash=hashed, disabled=False, otp_secret="", otp_step=0)
        record(session, person.id, "password-set", now_ms(), by=audit.CLI)
        end_others(session, person.id, now_ms())

    database.write(reset)
    return chosen


def disable(database: Database, name: str) -> None:
    """Closes an account and ends its sessions. ValueError for an unknown name."""

    def close(session: Session) -> None:
        person = people.person_named(session, rules.normal_name(name))
        if person is None:
            raise ValueError(f"there is nobody named {name}")
        people.change_person(session, person.id, disabled=True)
        record(session, person.id, "closed", now_ms(), by=audit.CLI)
        end_others(session, person.id, now_ms())

    database.write(close)


def _checked(name: str, password: str | None) -> tuple[str, str]:
    """(password, its hash); ValueError when name or password will not do."""
    problem = rules.name_problem(name) or (rules.password_problem(password, name) if password is not None else None)
    if problem:
        raise ValueError(problem)
    chosen = password if password is not None else secrets.token_urlsafe(15)
    return chosen, hasher().hash(chosen)
