"""A file of SEPA direct debits (pain.008.001.08) for the bank."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sepaxml import SepaDD

SCHEMA = "pain.008.001.08"


@dataclass(frozen=True)
class Creditor:
    """Who collects."""

    name: str
    iban: str
    bic: str
    creditor_id: str


@dataclass(frozen=True)
class Debit:
    """One collection; `sequence`: FRST for a mandate's first one, RCUR afterwards."""

    cents: int
    holder: str
    iban: str
    mandate: str
    signed_on: date
    sequence: str
    end_to_end: str
    text: str


def write(creditor: Creditor, debits: Sequence[Debit], collected_on: date) -> bytes:
    """The file, checked against the schema; ValueError when the bank would refuse it."""
    config = {
        "name": creditor.name,
        "IBAN": creditor.iban,
        "BIC": creditor.bic,
        "batch": True,
        "creditor_id": creditor.creditor_id,
        "currency": "EUR",
    }
    if not creditor.bic:
        del config["BIC"]
    made = SepaDD(config, schema=SCHEMA, clean=True)
    for one in debits:
        made.add_payment(
            {
                "name": one.holder,
                "IBAN": one.iban,
                "amount": one.cents,
                "type": one.sequence,
                "collection_date": collected_on,
                "mandate_id": one.mandate,
                "mandate_date": one.signed_on,
                "description": one.text,
                "endtoend_id": one.end_to_end,
            }
        )
    try:
        file: bytes = made.export(validate=True)
    except Exception as error:  # the library has an error class of its own for each way to fail
        raise ValueError(f"the bank would refuse this file: {error}") from error
    return file
