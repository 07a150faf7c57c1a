"""The QR code that banking apps read (EPC069-12), as SVG."""

import io

from segno import helpers

from hub.payments.rules import money


def svg(name: str, iban: str, bic: str, cents: int, reference: str) -> str:
    """An inline SVG without styles: payee, amount and creditor reference."""
    code = helpers.make_epc_qr(
        name=name[:70], iban=iban, amount=float(money.decimal(cents)), reference=reference, bic=bic or None
    )
    out = io.BytesIO()
    code.save(
        out, kind="svg", xmldecl=False, svgns=False, omitsize=True, nl=False, border=4, svgclass=None, lineclass=None
    )
    return out.getvalue().decode()
