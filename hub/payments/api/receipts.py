"""Receipts: what stands on them, and the file, which a job makes once."""

from collections.abc import Sequence

from hub.core import i18n, jobs
from hub.core.db import Session
from hub.payments.api.payments import Listed
from hub.payments.gateway import receipt
from hub.payments.gateway.receipt import Paper, Position
from hub.payments.rules import money
from hub.payments.rules.payment import TOP_UP, Item, State, tax_share
from hub.payments.store import payments as store

RECEIPT_JOB = "write a receipt"
_KEEP_MS = 30 * 86_400_000
_WORDS = {
    "de": {
        "receipt": "Quittung",
        "number": "Nummer",
        "paid": "Bezahlt am",
        "by": "Bezahlt mit",
        "wallet": "Geldbörse",
        "other": "Karte oder Konto",
        "sum": "Summe",
        "tax": "darin {rate} % Umsatzsteuer aus {gross}",
        "none": "ohne Umsatzsteuer {gross}",
        "refunded": "Davon erstattet: {sum}",
        "returned": "Davon hat die Bank zurückgeholt: {sum}",
        "topup": "Guthaben aufgeladen. Umsatzsteuer fällt erst an, wenn Sie damit bezahlen.",
        "demo": "Demonstration: Diese Quittung ist kein Beleg.",
    },
    "en": {
        "receipt": "Receipt",
        "number": "Number",
        "paid": "Paid on",
        "by": "Paid with",
        "wallet": "Wallet",
        "other": "Card or account",
        "sum": "Total",
        "tax": "of which {rate}% VAT on {gross}",
        "none": "without VAT {gross}",
        "refunded": "Refunded of this: {sum}",
        "returned": "Taken back by the bank: {sum}",
        "topup": "Credit topped up. VAT is due when you pay with it.",
        "demo": "Demonstration: this receipt proves nothing.",
    },
}


def version(one: Listed) -> str:
    """Names what a receipt shows: money that goes back makes a new one."""
    back = f" {one.payment.returned}" if one.payment.returned else ""
    return f"paid {one.payment.refunded}{back}"


def ask(session: Session, one: Listed, language: str, now: int) -> None:
    """Has the file made; asking twice makes it once."""
    facts = {"payment": one.payment.id, "language": language}
    key = f"{RECEIPT_JOB} {one.payment.id} {language} {version(one)} {now // 3_600_000}"
    jobs.add(session, RECEIPT_JOB, facts, now=now, unique_key=key, max_tries=3)


def ready(session: Session, one: Listed, language: str) -> bytes | None:
    """The file, when it was made."""
    return store.receipt(session, one.payment.id, language, version(one))


def keep(session: Session, one: Listed, language: str, file: bytes, now: int) -> None:
    """Keeps the file for a while."""
    facts = {"payment_id": one.payment.id, "language": language, "state": version(one)}
    store.keep_receipt(session, **facts, file=file, at=now)


def forget_old(session: Session, now: int) -> int:
    """Forgets files that can be made again; how many."""
    return store.forget_receipts(session, now - _KEEP_MS)


def has_receipt(one: Listed) -> bool:
    """Whether there is something to prove."""
    return one.payment.state in (State.COMPLETED, State.RETURNED)


def write(one: Listed, language: str, issuer: Sequence[str], *, demo: bool) -> bytes:
    """The PDF file."""
    words, payment = _WORDS[language], one.payment
    by = words["wallet"] if payment.from_wallet else words["other"]
    facts = [
        (words["number"], payment.id),
        (words["paid"], i18n.moment_with_date(one.completed_at, language)),
        (words["by"], by),
    ]
    notes = [words["refunded"].format(sum=money.euro(payment.refunded, language))] if payment.refunded else []
    notes += [words["returned"].format(sum=money.euro(payment.returned, language))] if payment.returned else []
    notes += [words["topup"]] if payment.purpose == TOP_UP else []
    notes += [words["demo"]] if demo else []
    positions = [
        Position(item.name(language), money.euro(item.cents, language), item.why(language)) for item in payment.items
    ]
    total = (words["sum"], money.euro(payment.cents, language))
    taxes = [] if payment.purpose == TOP_UP else _taxes(payment.items, language)
    return receipt.render(Paper(language, words["receipt"], tuple(issuer), facts, positions, total, taxes, notes))


def _taxes(items: Sequence[Item], language: str) -> list[tuple[str, str]]:
    words, rows = _WORDS[language], []
    for rate in sorted({one.tax for one in items}, key=int, reverse=True):
        gross = sum(one.cents for one in items if one.tax == rate)
        shown = money.euro(gross, language)
        kind = "tax" if int(rate) else "none"
        share = money.euro(tax_share(gross, rate), language) if int(rate) else ""
        rows.append((words[kind].format(rate=rate, gross=shown), share))
    return rows
