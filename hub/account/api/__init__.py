"""Who somebody is: people, log-in, sessions, roles, and for whom they act. Passkeys are in `api.passkeys`."""

from hub.account.api import (
    acting,
    address,
    codes,
    families,
    login,
    organisations,
    personal,
    registration,
    secrets,
    sessions,
    staff,
    upstream,
)
from hub.account.api.acting import Principal
from hub.account.api.admins import create_admin, disable, reset_admin
from hub.account.api.events import (
    AccountEnding,
    AccountErased,
    AlreadyRegistered,
    CodeMade,
    Invited,
    MailChanged,
    SecurityChanged,
    SessionsEnded,
)
from hub.account.api.guard import ThrottledError
from hub.account.api.hashing import BusyError
from hub.account.api.keyring import Keyring
from hub.account.api.people import ADMIN, CLERK, EDITOR, Person, Proof, find, find_by_name
from hub.account.rules import Level, device_name

__all__ = [
    "ADMIN",
    "CLERK",
    "EDITOR",
    "AccountEnding",
    "AccountErased",
    "AlreadyRegistered",
    "BusyError",
    "CodeMade",
    "Invited",
    "Keyring",
    "Level",
    "MailChanged",
    "Person",
    "Principal",
    "Proof",
    "SecurityChanged",
    "SessionsEnded",
    "ThrottledError",
    "acting",
    "address",
    "codes",
    "create_admin",
    "device_name",
    "disable",
    "families",
    "find",
    "find_by_name",
    "login",
    "organisations",
    "personal",
    "registration",
    "reset_admin",
    "secrets",
    "sessions",
    "staff",
    "upstream",
]
