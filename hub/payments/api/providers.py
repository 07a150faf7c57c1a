"""Which providers this hub has, as its settings say."""

from hub.payments.gateway import Provider
from hub.payments.gateway.debit import Creditor
from hub.payments.gateway.sandbox import Sandbox
from hub.payments.gateway.xbezahldienste import Access, XBezahldienste
from hub.payments.rules import reference
from hub.settings import Settings


def providers(settings: Settings) -> dict[str, Provider]:
    """name -> provider, in the order in which pages offer them."""
    found: dict[str, Provider] = {}
    if settings.payment_sandbox_url:
        found[Sandbox.name] = Sandbox(settings.payment_sandbox_url, settings.payment_sandbox_key())
    if settings.xbezahldienste_url:
        secret_file = settings.xbezahldienste_secret_file
        found[XBezahldienste.name] = XBezahldienste(
            Access(
                settings.xbezahldienste_url,
                settings.xbezahldienste_token_url,
                settings.xbezahldienste_client_id,
                secret_file.read_text().strip() if secret_file else "",
                settings.xbezahldienste_originator,
                settings.xbezahldienste_end_point,
            )
        )
    return found


def bank(settings: Settings) -> Creditor | None:
    """The town's own account; None when bank transfers are off. ValueError for a wrong account number."""
    if not settings.bank_iban:
        return None
    return Creditor(
        settings.bank_name, reference.iban(settings.bank_iban), settings.bank_bic, settings.sepa_creditor_id
    )
