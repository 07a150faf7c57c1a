"""The till in the browser, its closings, and receipts."""

import csv
import io
from typing import cast

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.web.access import RoleMissingError
from hub.core.web.language import language
from hub.payments import api as payments
from hub.till import api
from hub.till.api.tills import Till
from hub.till.rules import closing as closing_rules
from hub.till.web import ground, words

blueprint = flask.Blueprint("till", __name__)


def _me() -> account.Person:
    return cast(account.Person, web.visitor())


def _mine(name: str) -> Till:
    """A till that the visitor may stand at; 403 for any other, so that nobody learns what exists."""
    with web.read() as session:
        found = api.tills.named(session, name[:40])
    if found is None or not api.tills.may_use(_me().grants, found):
        raise RoleMissingError
    return found


@blueprint.get("/kasse")
def overview() -> ResponseReturnValue:
    """The tills that one may stand at."""
    with web.read() as session:
        found = [one for one in api.tills.listed(session) if api.tills.may_use(_me().grants, one) and not one.ended_at]
    if not found and not any(role == api.tills.CASHIER for role, _scope in _me().grants):
        raise RoleMissingError
    return ground.page("till/overview.html", tills=found, town_tills=ground.town())


@blueprint.get("/kasse/<name>")
def app(name: str) -> ResponseReturnValue:
    """The till itself; everything else is done by its script, also without a connection."""
    till = _mine(name)
    title = ground.town().operations[till.operation].title
    response = ground.page("till/app.html", till=till, title=title, texts=words.of_the_till())
    response.headers["Permissions-Policy"] = "camera=(self), microphone=(), payment=()"
    return response


@blueprint.get("/kasse/<name>/abschluesse")
def closings(name: str) -> ResponseReturnValue:
    """A till's closings, and what is open."""
    till = _mine(name)
    with web.read() as session:
        found = api.closings.listed(session, till.name)
        owed = api.sales.claims(session, ground.town(), till.name)
    return ground.page("till/closings.html", till=till, closings=found, owed=owed, now=now_ms(), why=ground.why_open)


@blueprint.get("/kasse/<name>/abschluss/<int:number>")
def closing(name: str, number: int) -> ResponseReturnValue:
    """One closing, for the screen and for paper."""
    till, made = _closing(name, number)
    with web.read() as session:
        lines = api.closings.lines_of(session, made)
    title = ground.town().operations[till.operation].title
    return ground.page("till/closing.html", till=till, title=title, closing=made, lines=lines, words=words)


@blueprint.get("/kasse/<name>/abschluss/<int:number>.csv")
def closing_csv(name: str, number: int) -> ResponseReturnValue:
    """The same as a table."""
    till, made = _closing(name, number)
    out = io.StringIO()
    table = csv.writer(out, delimiter=";")
    lang = language()
    table.writerow(words.csv_head())
    day = i18n.local(made.at).isoformat(timespec="seconds")
    for row in made.totals.rows:
        amounts = [payments.euro(cents, lang) for cents in (row.gross, row.net, row.share)]
        table.writerow([till.name, made.number, day, words.way(row.way), f"{row.tax} %", *amounts])
    response = flask.Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    file = f"abschluss-{till.name}-{made.number}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _closing(name: str, number: int) -> tuple[Till, api.closings.Closing]:
    till = _mine(name)
    with web.read() as session:
        made = api.closings.find(session, till.name, number)
    if made is None:
        flask.abort(404)
    return till, made


@blueprint.get("/kasse/beleg/<receipt>")
def receipt(receipt: str) -> ResponseReturnValue:
    """A receipt; whoever was given its address may look at it."""
    with web.read() as session:
        sale = api.sales.by_receipt(session, ground.town(), receipt[:24])
    if sale is None:
        flask.abort(404)
    operation = ground.town().operations.get(sale.operation)
    taxes = [(tax, cents, closing_rules.tax_share(cents, tax)) for tax, cents in sorted(sale.taxes.items())]
    title = operation.title if operation is not None else {"de": sale.till}
    return ground.page("till/receipt.html", sale=sale, title=title, taxes=taxes, words=words)
