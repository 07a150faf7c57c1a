"""Another mail address for the account: the new one, the code that was sent there."""

import flask
from flask.typing import ResponseReturnValue

from hub.account import api
from hub.account.api import address, codes
from hub.account.web import desk
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _

blueprint = flask.Blueprint("address", __name__)


@blueprint.get("/konto/sicherheit/adresse")
def page() -> ResponseReturnValue:
    """Asks for the new address."""
    return _page()


@blueprint.post("/konto/sicherheit/adresse")
def send_code() -> ResponseReturnValue:
    """Has a code sent there; says the same whether the address has an account or not."""
    person, now, ring, typed = desk.person(), now_ms(), desk.ring(), flask.request.form.get("mail", "")[:300]
    if not address.may_change(person):
        return _page()
    try:
        mail = codes.valid_mail(typed)
    except ValueError:
        return _page(typed, _("Bitte geben Sie eine E-Mail-Adresse ein, zum Beispiel name@beispiel.de."))
    if mail == person.name:
        return _page(typed, _("Das ist schon die Adresse Ihres Kontos."))
    try:
        codes.allow_mail(mail, desk.address(), now)
    except api.ThrottledError as error:
        return _page(typed, desk.too_often(error), status=429, is_throttled=True)
    code_id = web.write(lambda session: address.ask(session, ring, person, mail, now))
    return _page(mail, code_id=code_id)


@blueprint.post("/konto/sicherheit/adresse/code")
def check_code() -> ResponseReturnValue:
    """The code out of the mail: the address is theirs, and every other device is logged out."""
    person, form, now, ring = desk.person(), flask.request.form, now_ms(), desk.ring()
    code_id, typed, mail = form.get("code_id", "")[:64], form.get("code", "")[:60], form.get("mail", "")[:254]
    if not address.may_change(person):
        return _page()
    try:
        changed = web.write(lambda session: address.change(session, ring, person, code_id, typed, now))
    except address.TakenError:
        return _page(mail, _("Diese Adresse gehört inzwischen zu einem anderen Konto. Bitte nehmen Sie eine andere."))
    if not changed:
        problem = _("Dieser Code gilt nicht oder nicht mehr. Prüfen Sie ihn oder lassen Sie sich einen neuen schicken.")
        return _page(mail, problem, code_id=code_id)
    return desk.back("security.keys", "adresse")


def _page(
    mail: str = "", problem: str = "", *, code_id: str = "", status: int = 422, is_throttled: bool = False
) -> ResponseReturnValue:
    person = desk.person()
    values = {"person": person, "mail": mail, "problem": problem, "code_id": code_id, "is_throttled": is_throttled}
    return desk.page(
        "account/address.html", status if problem else 200, **values, may_change=address.may_change(person)
    )
