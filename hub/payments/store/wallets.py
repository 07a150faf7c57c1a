"""What belongs to a wallet: agreements, mandates, cards; and machines that take payments."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select, update

from hub.core.db import Session
from hub.core.rows import touched
from hub.payments.store import ledger
from hub.payments.store.payment_tables import AgreementRow, CardRow, MachineRow, MandateRow


def agreement(session: Session, owner: str) -> AgreementRow | None:
    """The owner's agreement with a provider."""
    chosen = select(AgreementRow).where(AgreementRow.owner == owner).execution_options(populate_existing=True)
    return session.scalars(chosen).first()


def set_agreement(session: Session, owner: str, **values: Any) -> None:
    """A new agreement, or new values of the present one."""
    if agreement(session, owner) is None:
        session.execute(insert(AgreementRow).values(owner=owner, **values))
    else:
        session.execute(update(AgreementRow).where(AgreementRow.owner == owner).values(**values))


def change_agreement(session: Session, owner: str, **values: Any) -> None:
    """New values, when there is an agreement."""
    session.execute(update(AgreementRow).where(AgreementRow.owner == owner).values(**values))


def claim_top_up(session: Session, owner: str, payment_id: str) -> bool:
    """Notes the automatic top-up on its way; False when another one is."""
    free = update(AgreementRow).where(AgreementRow.owner == owner, AgreementRow.waiting == "", AgreementRow.cents > 0)
    return session.execute(free.values(waiting=payment_id).returning(AgreementRow.owner)).first() is not None


def end_top_up(session: Session, payment_id: str, *, is_paid: bool) -> None:
    """The automatic top-up is over."""
    failures = 0 if is_paid else AgreementRow.failures + 1
    mine = update(AgreementRow).where(AgreementRow.waiting == payment_id)
    session.execute(mine.values(waiting="", failures=failures))


def end_agreement(session: Session, owner: str) -> None:
    """Forgets the provider's token."""
    session.execute(delete(AgreementRow).where(AgreementRow.owner == owner))


def low(session: Session, owners: Sequence[str]) -> list[str]:
    """Those whose wallets are below their threshold and want to be filled; plain statements."""
    if not owners:
        return []
    marks = ",".join("?" * len(owners))
    return [
        row[0]
        for row in ledger.rows(
            session,
            "SELECT g.owner FROM payments_agreement g JOIN payments_account a "  # noqa: S608 (marks only)
            f"ON a.name = 'wallet:' || g.owner WHERE g.owner IN ({marks}) AND g.cents > 0 AND g.waiting = '' "
            "AND a.balance < g.threshold",
            owners,
        )
    ]


def mandates_of(session: Session, owner: str) -> Sequence[MandateRow]:
    """Mandates that hold."""
    chosen = select(MandateRow).where(MandateRow.owner == owner, MandateRow.ended_at == 0)
    return session.scalars(chosen.order_by(MandateRow.id.desc())).all()


def add_mandate(
    session: Session, owner: str, reference: str, holder: str, sealed: str, end: str, signed_on: date
) -> int:
    """A new mandate's number."""
    values = {"reference": reference, "holder": holder, "iban": sealed, "iban_end": end, "signed_on": signed_on}
    number: int = session.execute(
        insert(MandateRow).values(owner=owner, **values).returning(MandateRow.id)
    ).scalar_one()
    return number


def end_mandate(session: Session, owner: str, number: int, now: int) -> bool:
    """Nothing is collected with it any more; False when it is not theirs or had ended."""
    mine = update(MandateRow).where(MandateRow.id == number, MandateRow.owner == owner, MandateRow.ended_at == 0)
    return session.execute(mine.values(ended_at=now).returning(MandateRow.id)).first() is not None


def use_mandate(session: Session, number: int, now: int) -> None:
    """It was used for a collection."""
    session.execute(update(MandateRow).where(MandateRow.id == number).values(is_used=True, used_at=now))


def forget_mandates(session: Session, before: int) -> int:
    """Forgets mandates that ended and were used last before a moment (ms); how many."""
    over = MandateRow.ended_at > 0, MandateRow.ended_at < before, MandateRow.used_at < before
    return touched(session, delete(MandateRow).where(*over))


def forget(session: Session, owner: str, now: int) -> None:
    """Agreement and cards; mandates end and lose holder and account number unless they were used."""
    end_agreement(session, owner)
    session.execute(delete(CardRow).where(CardRow.owner == owner))
    session.execute(delete(MandateRow).where(MandateRow.owner == owner, MandateRow.is_used.is_(False)))
    session.execute(update(MandateRow).where(MandateRow.owner == owner).values(ended_at=now, owner=""))


def cards_of(session: Session, owner: str) -> Sequence[CardRow]:
    """Cards that hold."""
    chosen = select(CardRow).where(CardRow.owner == owner, CardRow.ended_at == 0)
    return session.scalars(chosen.order_by(CardRow.created_at)).all()


def add_card(session: Session, owner: str, number_hash: str, name: str, now: int) -> None:
    """A new card."""
    session.execute(insert(CardRow).values(owner=owner, number_hash=number_hash, name=name, created_at=now))


def end_card(session: Session, owner: str, number_hash: str, now: int) -> None:
    """A card that is lost."""
    chosen = update(CardRow).where(CardRow.owner == owner, CardRow.number_hash == number_hash, CardRow.ended_at == 0)
    session.execute(chosen.values(ended_at=now))


def owners_of_cards(session: Session, hashes: Sequence[str]) -> dict[str, str]:
    """Card -> owner, of those that hold; plain statements."""
    if not hashes:
        return {}
    marks = ",".join("?" * len(hashes))
    statement = f"SELECT number_hash, owner FROM payments_card WHERE number_hash IN ({marks}) AND ended_at = 0"  # noqa: S608
    return {row[0]: row[1] for row in ledger.rows(session, statement, hashes)}


def machine(session: Session, key_hash: str) -> MachineRow | None:
    """The machine with this key."""
    return session.scalars(select(MachineRow).where(MachineRow.key_hash == key_hash, MachineRow.ended_at == 0)).first()


def add_machine(session: Session, name: str, key_hash: str, operation: str, max_cents: int, now: int) -> None:
    """A new machine."""
    values = {"name": name, "key_hash": key_hash, "operation": operation, "max_cents": max_cents, "created_at": now}
    session.execute(insert(MachineRow).values(**values))


def end_machine(session: Session, name: str, now: int) -> bool:
    """Its key opens nothing any more; False for an unknown one."""
    chosen = update(MachineRow).where(MachineRow.name == name, MachineRow.ended_at == 0).values(ended_at=now)
    return session.execute(chosen.returning(MachineRow.name)).first() is not None


def add_paid(session: Session, rows: Sequence[tuple[Any, ...]]) -> None:
    """Payments out of a wallet at once: (id, key, owner, purpose, reference, title, items, cents, at)."""
    ledger.insert_many(
        session,
        "INSERT INTO payments_payment (id, key, owner, purpose, reference, title, items, cents, state, from_wallet, "
        "created_at, completed_at)",
        [(*row[:8], "completed", row[7], row[8], row[8]) for row in rows],
    )


def paid_by_keys(session: Session, keys: Sequence[str]) -> dict[str, str]:
    """key -> id of payments; plain statements."""
    if not keys:
        return {}
    marks = ",".join("?" * len(keys))
    statement = f"SELECT key, id FROM payments_payment WHERE key IN ({marks})"  # noqa: S608 (marks only)
    return {row[0]: row[1] for row in ledger.rows(session, statement, keys)}
