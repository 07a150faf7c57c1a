"""Payments, attempts at providers, refunds, what providers said, wallets' wishes, mandates, the bank's entries."""

from datetime import date

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base
from hub.payments.store.tables import BigId


def _zero() -> Mapped[int]:
    return mapped_column(BigInteger, default=0, server_default="0")


def _text(length: int) -> Mapped[str]:
    return mapped_column(String(length), default="", server_default="")


class PaymentRow(Base):
    """A payment; `key` is its maker's own name for it, `reference` what it is for in the maker's words."""

    __tablename__ = "payments_payment"
    __table_args__ = (
        CheckConstraint("cents > 0", name="payments_payment_cents"),
        CheckConstraint("refunded <= from_wallet + captured", name="payments_payment_refunded"),
    )

    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    owner: Mapped[str] = mapped_column(String(60), index=True)
    purpose: Mapped[str] = mapped_column(String(40))
    reference: Mapped[str] = mapped_column(String(120), index=True)
    title: Mapped[str] = mapped_column(String(120))
    items: Mapped[str] = mapped_column(Text)
    cents: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(12))
    from_wallet: Mapped[int] = _zero()
    captured: Mapped[int] = _zero()
    returned: Mapped[int] = _zero()
    refunded: Mapped[int] = _zero()
    return_to: Mapped[str] = _text(200)
    created_at: Mapped[int] = mapped_column(BigInteger, index=True)
    completed_at: Mapped[int] = _zero()


class AttemptRow(Base):
    """One try at a provider, which knows it as `provider_ref` (for bank transfers the creditor reference)."""

    __tablename__ = "payments_attempt"
    __table_args__ = (UniqueConstraint("method", "provider_ref", name="payments_attempt_ref"),)

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments_payment.id"), index=True)
    method: Mapped[str] = mapped_column(String(20))
    provider_ref: Mapped[str] = mapped_column(String(80))
    url: Mapped[str] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(String(12))
    captured: Mapped[int] = _zero()
    returned: Mapped[int] = _zero()
    refunded: Mapped[int] = _zero()
    problem: Mapped[str] = _text(40)
    polls: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    mandate_id: Mapped[int | None] = mapped_column(Integer)
    exported: Mapped[str] = _text(40)  # the debit file that it went out with
    created_at: Mapped[int] = mapped_column(BigInteger)


class RefundRow(Base):
    """Money on its way back to one source; `split` says (JSON) out of which accounts it came."""

    __tablename__ = "payments_refund"
    __table_args__ = (CheckConstraint("cents > 0", name="payments_refund_cents"),)

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments_payment.id"), index=True)
    attempt_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("payments_attempt.id"))
    cents: Mapped[int] = mapped_column(BigInteger)
    split: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(8))  # asked, done, failed
    at: Mapped[int] = mapped_column(BigInteger)


class NoticeRow(Base):
    """A notice of a provider that was taken in: its number never counts twice."""

    __tablename__ = "payments_notice"

    method: Mapped[str] = mapped_column(String(20), primary_key=True)
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, index=True)


class AgreementRow(Base):
    """A wallet's owner lets it be filled by itself; the provider's token is sealed."""

    __tablename__ = "payments_agreement"

    owner: Mapped[str] = mapped_column(String(60), primary_key=True)
    method: Mapped[str] = mapped_column(String(20))
    token: Mapped[str] = mapped_column(String(400))
    threshold: Mapped[int] = _zero()
    cents: Mapped[int] = _zero()  # 0 = agreed with the provider, but not switched on
    failures: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    waiting: Mapped[str] = _text(24)  # the payment on its way
    created_at: Mapped[int] = mapped_column(BigInteger)


class MandateRow(Base):
    """A SEPA direct debit mandate; the account number is sealed."""

    __tablename__ = "payments_mandate"

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    reference: Mapped[str] = mapped_column(String(35), unique=True)
    owner: Mapped[str] = mapped_column(String(60), index=True)
    holder: Mapped[str] = mapped_column(String(70))
    iban: Mapped[str] = mapped_column(String(400))
    iban_end: Mapped[str] = mapped_column(String(12))
    signed_on: Mapped[date] = mapped_column(Date)
    is_used: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    used_at: Mapped[int] = _zero()
    ended_at: Mapped[int] = _zero()


class BankEntryRow(Base):
    """An entry of the town's bank account; `outcome`: matched, overpaid, returned, unclear, ignored, other currency,
    repaying, repaid. `payer` is who sent unclear money, sealed, until it is clear.
    """

    __tablename__ = "payments_bank_entry"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    booked_on: Mapped[str] = mapped_column(String(10))
    cents: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[str] = mapped_column(String(16), index=True)
    attempt_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("payments_attempt.id"))
    text: Mapped[str] = mapped_column(String(200))
    payer: Mapped[str] = _text(600)
    at: Mapped[int] = mapped_column(BigInteger)


class RepaymentRow(Base):
    """Unclear money on its way back by a transfer that the bank knows as `end_to_end`; the account is sealed.

    `state`: asked, sent (in the file `exported`), done, failed (withdrawn, refused or come back).
    """

    __tablename__ = "payments_repayment"
    __table_args__ = (
        UniqueConstraint("entry_id", "turn", name="payments_repayment_turn"),
        CheckConstraint("cents > 0", name="payments_repayment_cents"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    entry_id: Mapped[str] = mapped_column(ForeignKey("payments_bank_entry.id"))
    turn: Mapped[int] = mapped_column(Integer)
    end_to_end: Mapped[str] = mapped_column(String(35), unique=True)
    holder: Mapped[str] = mapped_column(String(70))
    iban: Mapped[str] = mapped_column(String(400))
    iban_end: Mapped[str] = mapped_column(String(12))
    cents: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(8), index=True)
    exported: Mapped[str] = _text(40)
    at: Mapped[int] = mapped_column(BigInteger)
    done_at: Mapped[int] = _zero()


class MachineRow(Base):
    """A machine of a city operation that may take payments out of wallets; its key is known by its SHA-256 alone."""

    __tablename__ = "payments_machine"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    operation: Mapped[str] = mapped_column(String(40))
    max_cents: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int] = _zero()


class CardRow(Base):
    """A number by which machines know a wallet (a charging card, a bracelet); the owner may end it."""

    __tablename__ = "payments_card"

    number_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(60), index=True)
    name: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int] = _zero()


class ReceiptRow(Base):
    """A receipt's PDF file, made once."""

    __tablename__ = "payments_receipt"

    payment_id: Mapped[str] = mapped_column(ForeignKey("payments_payment.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    state: Mapped[str] = mapped_column(String(24), primary_key=True)
    file: Mapped[bytes]
    at: Mapped[int] = mapped_column(BigInteger)
