"""The staff's page of money on the town's account that nobody knows: give it to its payment, or send it back."""

from datetime import date, timedelta

import flask
from flask.typing import ResponseReturnValue

from hub.core import i18n, web
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.payments import api
from hub.payments.web import ground

blueprint = flask.Blueprint("bank", __name__)
PATH = "/admin/zahlungen"


@blueprint.get(PATH)
def overview() -> ResponseReturnValue:
    """What is unclear, and what is on its way back."""
    return _page()


@blueprint.post(PATH + "/<entry_id>/zuordnen")
def assign(entry_id: str) -> ResponseReturnValue:
    """Somebody found out for which payment it was."""
    ref, actor, now = flask.request.form.get("reference", "")[:40], web.actor(), ground.now()
    try:
        web.write(lambda session: api.bank.assign(session, entry_id, ref, actor, now))
    except ValueError:
        return _page(
            _("Zu diesem Verwendungszweck gibt es keine Zahlung, oder der Eingang ist schon vergeben."), entry_id
        )
    return _back("zugeordnet")


@blueprint.post(PATH + "/<entry_id>/zurueck")
def repay(entry_id: str) -> ResponseReturnValue:
    """It goes back to where it came from."""
    form, actor, now, sealer = flask.request.form, web.actor(), ground.now(), ground.cashier().sealer
    typed = {"holder": form.get("holder", ""), "iban": form.get("iban", "")}
    try:
        web.write(lambda session: api.repayments.ask(session, entry_id, sealer=sealer, actor=actor, now=now, **typed))
    except api.repayments.NoAccountError:
        return _page(_("Bitte prüfen Sie Name und IBAN."), entry_id)
    except ValueError:
        return _page(_("Dieser Eingang ist nicht mehr unklar. Die Liste ist jetzt aktuell."))
    return _back("vorgemerkt")


@blueprint.post(PATH + "/rueckzahlung/<int:number>/zurueckziehen")
def withdraw(number: int) -> ResponseReturnValue:
    """It does not go back after all, or the bank refused it."""
    actor, now, seen = web.actor(), ground.now(), flask.request.form.get("seen", "")
    try:
        web.write(lambda session: api.repayments.withdraw(session, number, seen, actor, now))
    except ValueError:
        return _page(_("Diese Rückzahlung ist nicht mehr unterwegs. Die Liste ist jetzt aktuell."))
    return _back("zurueckgezogen")


@blueprint.post(PATH + "/datei")
def export() -> ResponseReturnValue:
    """The file for the bank with everything that waits."""
    town, actor, now, sealer = api.providers.bank(web.settings()), web.actor(), ground.now(), ground.cashier().sealer
    on = _day(flask.request.form.get("tag", ""))
    if town is None or on is None:
        return _page(_("Bitte wählen Sie einen Tag ab heute."))
    try:
        work = api.repayments.export
        content, count = web.write(lambda session: work(session, town, sealer.open, on, actor, now))
    except ValueError:
        return _page(_("Die Bank würde diese Datei ablehnen. Bitte prüfen Sie Namen und Konten."))
    if not count:
        return _page(_("Es wartet nichts auf eine Datei."))
    response = flask.Response(content, mimetype="application/xml")
    response.headers["Content-Disposition"] = f'attachment; filename="rueckzahlungen-{on}.xml"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _day(text: str) -> date | None:
    """A day from today on, within a year."""
    today = _today()
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if today <= found <= today + timedelta(days=365) else None


def _today() -> date:
    return i18n.local(ground.now()).date()


def _back(said: str) -> ResponseReturnValue:
    return flask.redirect(flask.url_for("bank.overview", gesagt=said), 303)


def _said() -> str:
    words = {
        "zugeordnet": _("Zugeordnet."),
        "vorgemerkt": _("Vorgemerkt. Es geht mit der nächsten Datei an die Bank."),
        "zurueckgezogen": _("Zurückgezogen. Der Eingang ist wieder unklar."),
    }
    return words.get(flask.request.args.get("gesagt", ""), "")


def _page(problem: str = "", wrong: str = "") -> ResponseReturnValue:
    """`wrong` names the entry in which something is to be put right."""
    with web.read() as session:
        unclear = api.bank.unclear(session)
        on_its_way = api.repayments.on_its_way(session)
    return ground.page(
        "payments/bank.html",
        422 if problem else 200,
        unclear=unclear,
        on_its_way=on_its_way,
        waiting=sum(one.state == "asked" for one in on_its_way),
        has_bank=api.providers.bank(web.settings()) is not None,
        problem=problem,
        wrong=wrong,
        said=_said(),
        typed=flask.request.form if problem else {},
        today=_today().isoformat(),
        day=_shown,
    )


def _shown(booked_on: str) -> str:
    try:
        return i18n.day(date.fromisoformat(booked_on), language(), "d. MMMM y")
    except ValueError:
        return booked_on
