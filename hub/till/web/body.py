"""What tills send and hear, as JSON."""

import base64
import re
from typing import Any

import flask

from hub.account import api as account
from hub.core import web
from hub.core.web.language import language
from hub.till import api
from hub.till.api.offers import Content, Offer
from hub.till.api.sales import Sale, Wanted
from hub.till.api.tickets import TicketNow
from hub.till.api.tills import Till
from hub.till.web import ground

MAX_CENTS = 1_000_00
_NAME = re.compile(r"[A-Za-z0-9._-]{1,40}")
_CODE = re.compile(r"[A-Za-z0-9]{1,220}")
_BASE64 = re.compile(r"[A-Za-z0-9_-]*")
_WAYS = ("cash", "wallet")


class WrongError(ValueError):
    """The body is not what it must be; the text says where."""


def article(one: api.Article, lang: str) -> dict[str, object]:
    """An article of the till's list."""
    facts = {"id": one.id, "title": word(one.title, lang), "group": one.group, "cents": one.cents, "tax": one.tax}
    return {**facts, "entry": one.entry, "ticket": one.ticket is not None, "assumed": one.assumed}


def offer(facts: object) -> tuple[Offer, Content] | None:
    """An offer and what it says; None for one that cannot be read."""
    if not isinstance(facts, dict):
        raise WrongError("an offer has body and signature")
    written, signature = text(facts, "body", 0, 4000), text(facts, "signature", 0, 100)
    if not written.isascii() or not _BASE64.fullmatch(signature):
        raise WrongError("an offer is ASCII, its signature base64url")
    try:
        content = api.offers.read(written)
        raw = base64.urlsafe_b64decode(signature.encode("ascii") + b"=" * (-len(signature) % 4))
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None
    return (Offer(written, raw), content) if _NAME.fullmatch(content.number) else None


def wanted(body: dict[str, Any], till: Till) -> Wanted:
    """A sale as it is asked for."""
    way, lines = text(body, "way", 1, 10), body.get("lines")
    if way not in _WAYS:
        raise WrongError("way: cash or wallet")
    if not isinstance(lines, list) or not 0 < len(lines) <= 50:
        raise WrongError("lines: 1 to 50 of them")
    person = web.visitor()
    is_cashier = isinstance(person, account.Person) and api.tills.may_use(person.grants, till)
    return Wanted(
        name(body, "number"),
        way,
        code(body) if body.get("code") not in (None, "") else "",
        tuple(_line(one) for one in lines),
        whole(body, "cents", 0, MAX_CENTS),
        person.id if person is not None and is_cashier else None,
    )


def _line(facts: object) -> tuple[str, int, int | None]:
    if not isinstance(facts, dict):
        raise WrongError("a line has article and count")
    price = whole(facts, "cents", 0, MAX_CENTS) if facts.get("cents") is not None else None
    return text(facts, "article", 1, 40), whole(facts, "count", 1, 50), price


def body() -> dict[str, Any]:
    """The request's JSON object; WrongError for anything else."""
    found = flask.request.get_json(silent=True)
    if not isinstance(found, dict):
        raise WrongError("a JSON object is needed")
    return found


def text(body: dict[str, Any], name: str, least: int, most: int) -> str:
    """A text of the body."""
    found = body.get(name)
    if not isinstance(found, str) or not least <= len(found) <= most or not found.isprintable():
        raise WrongError(f"{name}: a text of {least} to {most} signs")
    return found


def code(body: dict[str, Any]) -> str:
    """What was scanned."""
    found = body.get("code")
    if not isinstance(found, str) or not _CODE.fullmatch(found):
        raise WrongError("code: letters and digits, at most 220")
    return found


def name(body: dict[str, Any], name: str) -> str:
    """The till's own name for something."""
    found = body.get(name)
    if not isinstance(found, str) or not _NAME.fullmatch(found):
        raise WrongError(f"{name}: letters, digits, . _ - and at most 40")
    return found


def number(text: str) -> str:
    """A sale's number out of the address."""
    if not _NAME.fullmatch(text):
        raise api.RefusedError("gone")
    return text


def whole(body: dict[str, Any], name: str, least: int, most: int) -> int:
    """A whole number of the body."""
    found = body.get(name)
    if isinstance(found, float) and found.is_integer():  # 5.0 is a whole number in JSON
        found = int(found)
    if type(found) is not int or not least <= found <= most:
        raise WrongError(f"{name}: a whole number from {least} to {most}")
    return found


def query(name: str, most: int) -> int:
    """A whole number of the address, 0 when it is not there."""
    found = flask.request.args.get(name, "0")
    if not found.isascii() or not found.isdecimal() or len(found) > 16 or int(found) > most:
        raise WrongError(f"{name}: a whole number up to {most}")
    return int(found)


def word(texts: Any, lang: str) -> str:
    """One language of a text."""
    return str(texts.get(lang) or texts["de"])


def sale(one: Sale) -> dict[str, object]:
    """A sale."""
    lang = language()
    lines = [
        {"article": line.article, "title": word(title, lang), "count": line.count, "cents": line.cents}
        for line, title in zip(one.lines, one.titles, strict=True)
    ]
    facts = {name: getattr(one, name) for name in ("number", "receipt", "way", "state", "reason", "cents", "refunded")}
    return {**facts, "offline": one.is_offline, "at": one.at, "lines": lines}


def ticket(one: TicketNow) -> dict[str, object]:
    """A ticket."""
    last = one.last.isoformat() if one.last else None
    text = ground.sentence(one.problem) if one.problem else ""
    facts = {"id": one.id, "title": word(one.title, language()), "left": one.left, "who": one.who, "last": last}
    return {**facts, "problem": one.problem, "text": text}


def stays(found: Any) -> list[dict[str, object]]:
    """Parking stays whose fee goes back."""
    names = {one["id"]: one for one in flask.current_app.extensions["site_names"]}
    lang = language()
    return [
        {
            "site": word(names[one.site]["name"], lang) if one.site in names else one.site,
            "cents": one.cents,
            "new": one.is_new,
        }
        for one in found
    ]


def point(body: dict[str, Any]) -> str:
    """A public key."""
    found = text(body, "key", 1, 100)
    if not _BASE64.fullmatch(found):
        raise WrongError("key: base64url")
    return found
