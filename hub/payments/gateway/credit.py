"""A file of SEPA credit transfers (pain.001.001.09) for the bank."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sepaxml import SepaTransfer

from hub.payments.gateway.debit import Creditor

SCHEMA = "pain.001.001.09"


@dataclass(frozen=True)
class Credit:
    """One transfer out of the town's account."""

    cents: int
    holder: str
    iban: str
    end_to_end: str
    text: str


def write(town: Creditor, credits_: Sequence[Credit], on: date) -> bytes:
    """The file, checked against the schema; ValueError when the bank would refuse it.

    No batch booking: the statement must show each transfer by itself.
    """
    config = {"name": town.name, "IBAN": town.iban, "BIC": town.bic, "batch": False, "currency": "EUR"}
    if not town.bic:
        del config["BIC"]
    try:
        made = SepaTransfer(config, schema=SCHEMA, clean=True)
        for one in credits_:
            made.add_payment(
                {
                    "name": one.holder,
                    "IBAN": one.iban,
                    "amount": one.cents,
                    "execution_date": on,
                    "description": one.text,
                    "endtoend_id": one.end_to_end,
                }
            )
        file: bytes = made.export(validate=True)
    except Exception as error:  # the library has an error class of its own for each way to fail
        raise ValueError(f"the bank would refuse this file: {error}") from error
    return file
