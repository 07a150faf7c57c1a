"""The wallet: balance, statement, topping up, children's wallets, automatic top-ups, cards, mandates."""

import csv
import io
import secrets
from collections.abc import Callable

import flask
from flask.typing import ResponseReturnValue

from hub.core import i18n, web
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.payments import api
from hub.payments.api.wallet import Shown
from hub.payments.rules import money
from hub.payments.rules import wallet as limits
from hub.payments.web import ground, pay

blueprint = flask.Blueprint("wallet", __name__)

PAGE = 25
_CSV_ROWS = 10_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@blueprint.get("/konto/geldboerse")
def overview() -> ResponseReturnValue:
    """Balance and statement."""
    return _page()


@blueprint.post("/konto/geldboerse/aufladen")
def top_up() -> ResponseReturnValue:
    """Begins a top-up by the way that was chosen."""
    form, owner, now = flask.request.form, ground.owner(), ground.now()
    key = f"topup:{owner}:{form.get('ticket', '')[:32]}"
    try:
        cents = money.cents(form.get("amount", ""))
        one = web.write(lambda session: api.wallet.top_up(session, owner, cents, key, now))
    except ValueError:
        return _page(ground.refusal("amount"), "top_up")
    except (api.WalletError, api.RefusedError) as error:
        return _page(ground.refusal(error.reason), "top_up")
    return pay.begin_by(one, form.get("method", ""), keep=bool(form.get("keep")))


@blueprint.get("/konto/geldboerse/umsaetze.csv")
def download() -> ResponseReturnValue:
    """The statement for spreadsheets."""
    with web.read() as session:
        found = api.wallet.shown(session, ground.owner(), _CSV_ROWS)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow([_("Nummer"), _("Zeit"), _("Betrag in Euro"), _("Wofür")])
    for one in found:
        when = i18n.local(one.at).isoformat(sep=" ", timespec="seconds")[:19]
        writer.writerow([one.number, when, money.decimal(one.cents), _harmless(words(one))])
    response = flask.Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="geldboerse.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/konto/geldboerse/kind")
def child() -> ResponseReturnValue:
    """A parent gives money, takes it back or sets how much may be spent a day."""
    form, now, me = flask.request.form, ground.now(), f"person:{ground.me().id}"
    owner, verb, key = ground.owner(), form.get("do", ""), form.get("ticket", "")[:32]
    if not owner.startswith(limits.CHILD):
        flask.abort(403)
    works: dict[str, Callable[[web.Session, int], object]] = {
        "give": lambda session, cents: api.wallet.give(session, me, owner, cents, f"{owner}:{key}", now),
        "take": lambda session, cents: api.wallet.take_back(session, owner, me, cents, f"{owner}:{key}", now),
        "limit": lambda session, cents: api.wallet.set_day_limit(session, owner, cents),
    }
    if verb not in works:
        flask.abort(400)
    wrong = "limit" if verb == "limit" else "child"
    return _do(lambda session: works[verb](session, money.cents(form.get("amount", ""))), owner, wrong=wrong)


@blueprint.post("/konto/geldboerse/automatik")
def set_automatic() -> ResponseReturnValue:
    """Switches automatic top-ups on."""
    form, owner, now = flask.request.form, ground.owner(), ground.now()

    def work(session: web.Session) -> None:
        threshold, cents = money.cents(form.get("threshold", "")), money.cents(form.get("amount", ""))
        api.wallet.set_automatic(session, owner, threshold, max(1, cents), now)

    return _do(work, owner, wrong="automatic")


@blueprint.post("/konto/geldboerse/automatik/aus")
def end_automatic() -> ResponseReturnValue:
    """Ends the agreement; one needs no fresh log-in to spend less."""
    owner = ground.owner()
    return _do(lambda session: api.wallet.end_agreement(session, owner), owner)


@blueprint.post("/konto/geldboerse/auszahlen")
def pay_out() -> ResponseReturnValue:
    """Sends the balance back to where it came from."""
    owner, now, key = ground.owner(), ground.now(), flask.request.form.get("ticket", "")[:32] or secrets.token_hex(8)
    return _do(lambda session: api.wallet.pay_out(session, owner, key, now), owner, "ausgezahlt", ticket=key)


@blueprint.get("/konto/geldboerse/lastschrift")
def mandates() -> ResponseReturnValue:
    """Mandates for direct debits."""
    return _mandates()


@blueprint.post("/konto/geldboerse/lastschrift")
def give_mandate() -> ResponseReturnValue:
    """A new mandate."""
    form, owner, today = flask.request.form, ground.owner(), i18n.local(ground.now()).date()
    if not form.get("agree"):
        return _mandates(_("Bitte stimmen Sie der Lastschrift zu."))
    seal = ground.cashier().sealer.seal
    holder, iban = form.get("holder", ""), form.get("iban", "")
    try:
        web.write(lambda session: api.debits.give(session, owner, holder, iban, seal, today))
    except ValueError:
        return _mandates(_("Bitte prüfen Sie Name und IBAN."), is_wrong=True)
    return flask.redirect(flask.url_for("wallet.mandates", fuer=owner, gesagt="gespeichert"), 303)


@blueprint.post("/konto/geldboerse/lastschrift/<int:mandate_id>/beenden")
def end_mandate(mandate_id: int) -> ResponseReturnValue:
    """Nothing is collected with it any more."""
    owner, now = ground.owner(), ground.now()
    web.write(lambda session: api.debits.end(session, owner, mandate_id, now))
    return flask.redirect(flask.url_for("wallet.mandates", fuer=owner, gesagt="gespeichert"), 303)


@blueprint.get("/konto/geldboerse/karten")
def cards() -> ResponseReturnValue:
    """Cards that machines take money from."""
    return _cards()


@blueprint.post("/konto/geldboerse/karten")
def add_card() -> ResponseReturnValue:
    """A new card, whose number is shown this once."""
    owner, now, name = ground.owner(), ground.now(), flask.request.form.get("name", "")
    try:
        number = web.write(lambda session: api.machines.add_card(session, owner, name, now))
    except ValueError:
        return _cards(_("Bitte geben Sie einen Namen mit höchstens 40 Zeichen ein; zehn Karten sind möglich."))
    return _cards(number=number)


@blueprint.post("/konto/geldboerse/karten/<card_id>/sperren")
def end_card(card_id: str) -> ResponseReturnValue:
    """A card that is lost."""
    owner, now = ground.owner(), ground.now()
    web.write(lambda session: api.machines.end_card(session, owner, card_id, now))
    return flask.redirect(flask.url_for("wallet.cards", fuer=owner, gesagt="gespeichert"), 303)


def _do(
    work: Callable[[web.Session], object],
    owner: str,
    said: str = "gespeichert",
    wrong: str = "",
    ticket: str | None = None,
) -> ResponseReturnValue:
    try:
        web.write(work)
    except ValueError:
        return _page(ground.refusal("amount" if wrong == "top_up" else "number"), wrong)
    except (api.WalletError, api.RefusedError) as error:
        return _page(ground.refusal(error.reason), wrong)
    return flask.redirect(flask.url_for("wallet.overview", fuer=owner, gesagt=said, ticket=ticket), 303)


def _page(problem: str = "", wrong: str = "") -> ResponseReturnValue:
    """`wrong` names the form in which something is to be put right."""
    owner, now = ground.owner(), ground.now()
    before = flask.request.args.get("vor", type=int)
    with web.read() as session:
        people = api.wallet.principals(session, ground.me(), now)
        found = api.wallet.get(session, owner, now)
        others = [(one, name, api.wallet.get(session, one, now).balance) for one, name in people if one != owner]
        rows = api.wallet.shown(session, owner, PAGE + 1, before)
        agreement = api.wallet.agreement(session, owner)
        under_way = api.wallet.under_way(session, owner, now)
        paid_out = api.wallet.paid_out(session, owner, flask.request.args.get("ticket", "")[:32])
    return ground.page(
        "payments/wallet.html",
        422 if problem else 200,
        wallet=found,
        name=dict(people)[owner],
        mine=f"person:{ground.me().id}",
        others=others,
        rows=rows[:PAGE],
        more=len(rows) > PAGE,
        agreement=agreement,
        methods=pay.ways(owner),
        can_debit=pay.can_debit(),
        suggested=[cents for cents in limits.SUGGESTED if cents <= found.room],
        limits=limits,
        problem=problem,
        wrong=wrong,
        under_way=under_way,
        paid_out=paid_out,
        typed=flask.request.form,
        words=words,
        ticket=secrets.token_urlsafe(12),
        now=now,
    )


def _mandates(problem: str = "", *, is_wrong: bool = False) -> ResponseReturnValue:
    owner, bank = ground.owner(), api.providers.bank(web.settings())
    if bank is None or not bank.creditor_id:
        flask.abort(404)
    with web.read() as session:
        found = api.debits.of(session, owner)
    facts = {"mandates": found, "bank": bank, "owner": owner, "problem": problem, "typed": flask.request.form}
    facts["is_wrong"] = is_wrong
    return ground.page("payments/mandates.html", 422 if problem else 200, **facts, person=ground.me())


def _cards(problem: str = "", number: str = "") -> ResponseReturnValue:
    owner, now = ground.owner(), ground.now()
    with web.read() as session:
        found = api.machines.cards(session, owner)
    facts = {"cards": found, "owner": owner, "problem": problem, "number": number, "now": now}
    facts["typed"] = flask.request.form.get("name", "") if problem else ""
    return ground.page("payments/cards.html", 422 if problem else 200, **facts)


def words(one: Shown) -> str:
    """What a movement was, in a person's words."""
    known = {
        "topup": _("Aufgeladen"),
        "refund": _("Erstattet"),
        "payout": _("Ausgezahlt"),
        "give": _("Taschengeld"),
        "take": _("Vom Kind zurückgeholt") if one.cents > 0 else _("An Eltern zurück"),
        "returned": _("Zahlung zurückgebucht"),
        "extra": _("Zu viel bezahlt, gutgeschrieben"),
        "hold": _("Für einen laufenden Vorgang zurückgelegt"),
        "release": _("Nicht gebraucht, zurück in der Geldbörse"),
        "carried": _("Übertrag aus früheren Jahren"),
        "other": _("Buchung"),
    }
    title = one.title_en if language() == "en" else one.title
    if one.kind == "release" and title:
        return _("Nicht gebraucht: %(title)s", title=title)
    if one.kind in ("pay", "hold", "refund", "extra") and title:
        return title if one.kind in ("pay", "hold") else f"{known[one.kind]}: {title}"
    return known.get(one.kind, known["other"])


def _harmless(text: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
