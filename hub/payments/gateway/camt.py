"""Reads CAMT.053 (ISO 20022, any version): what was booked on the town's bank account.

The file comes from outside: no entities, no network, no document type at all, at most 20 MB.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from hub.payments.rules import money

MAX_BYTES = 20 * 1024 * 1024
_NO_REFERENCE = ("NONREF", "NOTPROVIDED")


class UnreadableError(ValueError):
    """The file is no account statement, or a dangerous one."""


@dataclass(frozen=True)
class Entry:
    """One transaction: `cents` below 0 left the account; `id` is the same in every file that holds it."""

    id: str
    iban: str
    cents: int
    currency: str
    booked_on: str
    reference: str
    end_to_end: str
    text: str
    is_return: bool
    payer: str = ""
    payer_iban: str = ""


def read(file: Path) -> list[Entry]:
    """Every transaction that is booked; UnreadableError, OSError."""
    if file.stat().st_size > MAX_BYTES:
        raise UnreadableError(f"{file.name} is larger than {MAX_BYTES // 1024 // 1024} MB")
    return parse(file.read_bytes())


def parse(content: bytes) -> list[Entry]:
    """The same for bytes."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableError(f"this is no XML: {error.msg}") from error
    about: Any = root.getroottree().docinfo
    if about.doctype or about.internalDTD is not None:
        raise UnreadableError("an account statement has no document type")
    if ":camt.053." not in (etree.QName(root).namespace or ""):
        raise UnreadableError("this is no account statement (camt.053)")
    found: list[Entry] = []
    for statement in _all(root, "Stmt"):
        iban = _text(statement, "Acct/Id/IBAN")
        for number, entry in enumerate(_all(statement, "Ntry")):
            found += _entry(entry, iban, number)
    return found


def _entry(entry: etree._Element, iban: str, number: int) -> list[Entry]:
    if (_text(entry, "Sts/Cd") or _text(entry, "Sts")) != "BOOK":
        return []
    details = _all(entry, "TxDtls")
    booked_on = (_text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm"))[:10]
    own = _given(entry, "AcctSvcrRef")
    names = [_given(one, "Refs/AcctSvcrRef") for one in details or [entry]]
    found = []
    for position, one in enumerate(details or [entry]):
        amount = _amount(one) if len(details) > 1 else None
        node = amount if amount is not None else _first(entry, "Amt")
        if node is None:
            raise UnreadableError("an entry has no amount")
        cents = _cents(node)
        is_credit = (_text(one, "CdtDbtInd") or _text(entry, "CdtDbtInd")) == "CRDT"
        reason = _first(one, "RtrInf")
        text = " ".join(node.text or "" for node in _all(one, "Ustrd"))
        ref = names[position] or own
        if ref and names.count(ref) != 1:  # none of its own: banks repeat the entry's in each transaction
            ref = f"{ref}/{position}"
        found.append(
            Entry(
                _id(iban, ref, entry, number, position),
                iban,
                cents if is_credit else -cents,
                node.get("Ccy", ""),
                booked_on,
                _text(one, "RmtInf/Strd/CdtrRefInf/Ref"),
                _text(one, "Refs/EndToEndId"),
                text[:200],
                reason is not None or _text(entry, "RvslInd") == "true",
                *_payer(one),
            )
        )
    return found


def _payer(details: etree._Element) -> tuple[str, str]:
    """(name, account number) of who paid; empty where the bank tells nothing."""
    name = _text(details, "RltdPties/Dbtr/Nm") or _text(details, "RltdPties/Dbtr/Pty/Nm")
    return name[:70], _text(details, "RltdPties/DbtrAcct/Id/IBAN")[:34]


def _given(node: etree._Element, path: str) -> str:
    """A reference; empty for the words that banks write where there is none."""
    found = _text(node, path)
    return "" if found.upper() in _NO_REFERENCE else found


def _id(iban: str, ref: str, entry: etree._Element, number: int, position: int) -> str:
    """The bank's reference; without one the entry's own content and place."""
    content = ref or f"{number}/{position}/" + etree.tostring(entry, method="c14n").decode()
    return hashlib.sha256(f"{iban} {content}".encode()).hexdigest()[:40]


def _amount(details: etree._Element) -> etree._Element | None:
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        node = _first(details, path)
        if node is not None:
            return node
    raise UnreadableError("a transaction of a batch has no amount of its own")


def _cents(node: etree._Element) -> int:
    try:
        return money.from_decimal(node.text or "")
    except ValueError as error:
        raise UnreadableError(str(error)) from error


def _first(node: etree._Element, path: str) -> etree._Element | None:
    """The first element on a path of names, in whatever version's namespace."""
    for name in path.split("/"):
        following = next((child for child in node if etree.QName(child).localname == name), None)
        if following is None:
            return None
        node = following
    return node


def _text(node: etree._Element, path: str) -> str:
    found = _first(node, path)
    return (found.text or "").strip() if found is not None else ""


def _all(node: etree._Element, name: str) -> list[etree._Element]:
    return [one for one in node.iter() if isinstance(one.tag, str) and etree.QName(one).localname == name]
