"""What tills call, with the key of the till: sales, money back, entries, closings, and what they made alone."""

from collections.abc import Callable
from functools import wraps

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.core.clock import now_ms
from hub.core.web.language import language
from hub.till import api
from hub.till.api.offers import Content, Offer
from hub.till.api.parking import Granted
from hub.till.api.tickets import TicketNow
from hub.till.api.tills import Counter, Till
from hub.till.web import body, ground

blueprint = flask.Blueprint("till_machines", __name__, url_prefix="/api/till/v1")

MAX_OFFERS = 20
_HEARD_MS = 30_000  # so often it is noted that a till was heard of


def _for_tills(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Asks for a till's key, and turns refusals into answers."""

    @wraps(view)
    def called(*arguments: object, **named: object) -> ResponseReturnValue:
        till = _till()
        if till is None:
            return {"error": "no till has this key"}, 401
        if now_ms() - till.seen_at > _HEARD_MS:
            _hear(till)
        if till.ended_at and view.__name__ != "take_offers":
            return {"error": "this till is blocked"}, 403
        try:
            return view(till, *arguments, **named)
        except body.WrongError as error:
            return {"error": str(error)}, 400
        except api.RefusedError as error:
            status = 404 if error.reason == "gone" else 409
            return {"error": error.reason, "text": ground.sentence(error.reason)}, status

    return called


def _hear(till: Till) -> None:
    town, now = ground.town(), now_ms()
    web.write(lambda session: api.tills.seen(session, till, town, now))


def _till() -> Till | None:
    kind, _, key = flask.request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not 20 <= len(key) <= 100:
        return None
    with web.read() as session:
        return api.tills.find(session, key)


def _counter(till: Till) -> Counter:
    return Counter(till, ground.town(), ground.signer())


@blueprint.get("/sync")
@_for_tills
def sync(till: Till) -> ResponseReturnValue:
    """Articles, limits, the time, and the keys that codes of passes are checked with."""
    after, since, now = body.query("after", 2**31 - 1), body.query("since", 10**15 - 1), now_ms()
    with web.read() as session:
        keys = api.passes.keys(session, ground.signer(), after, since)
    town = ground.town()
    operation, limits = town.operations[till.operation], town.offline
    lang = language()
    return {
        "now": now,
        "till": till.name,
        "operation": till.operation,
        "title": body.word(operation.title, lang),
        "groups": [{"id": name, "title": body.word(title, lang)} for name, title in operation.groups.items()],
        "articles": [body.article(one, lang) for one in operation.articles.values()],
        "offline": {"per_pass": limits.per_pass, "per_till": limits.per_till, "hours": limits.hours},
        "parking": bool(operation.parking),
        "has_key": bool(till.public_key),
        "hub_key": keys.hub,
        "devices": [{"number": number, "id": key, "key": public} for number, key, public in keys.devices],
        "ended": keys.ended,
        "more": keys.has_more,
    }


@blueprint.post("/key")
@_for_tills
def set_key(till: Till) -> ResponseReturnValue:
    """The public half of the key that the till made for its offers; once."""
    key = body.point(body.body())
    web.write(lambda session: api.tills.set_public_key(session, till, key))
    return {"ok": True}


@blueprint.post("/scans")
@_for_tills
def scan(till: Till) -> ResponseReturnValue:
    """Whose pass it is, and which tickets it opens here."""
    code, now, counter = body.code(body.body()), now_ms(), _counter(till)

    def work(session: web.Session) -> tuple[api.passes.Guest, list[TicketNow]]:
        guest = api.passes.take(session, counter, code, api.passes.LOOK, "", now, now)
        return guest, api.tickets.usable(session, counter, guest, now)

    guest, found = web.write(work)
    return {"name": guest.name, "tickets": [body.ticket(one) for one in found]}


@blueprint.get("/sales")
@_for_tills
def newest(till: Till) -> ResponseReturnValue:
    """The till's newest sales, and its sums since the last closing."""
    with web.read() as session:
        found = api.sales.newest(session, ground.town(), till)
        totals, count = api.closings.open_totals(session, till.name)
    return {"sales": [body.sale(one) for one in found], "open": {"entries": count, "cash": totals.of("cash")}}


@blueprint.post("/sales")
@_for_tills
def sell(till: Till) -> ResponseReturnValue:
    """A sale; the same number with the same content gives the first one again."""
    wanted, counter, now = body.wanted(body.body(), till), _counter(till), now_ms()
    sold = web.write(lambda session: api.sales.sell(session, counter, wanted, now))
    answer = {
        "sale": body.sale(sold.sale),
        "new": sold.is_new,
        "guest": sold.guest,
        "parking": body.stays(sold.parking),
    }
    return answer, 201 if sold.is_new else 200


@blueprint.post("/sales/<number>/cancel")
@_for_tills
def cancel(till: Till, number: str) -> ResponseReturnValue:
    """Takes a sale back, before its day is closed."""
    town, now = ground.town(), now_ms()
    found = web.write(lambda session: api.returns.cancel(session, town, till, body.number(number), now))
    return {"sale": body.sale(found)}


@blueprint.post("/sales/<number>/refund")
@_for_tills
def refund(till: Till, number: str) -> ResponseReturnValue:
    """Gives a part of a sale back, once for a key."""
    sent, town, now = body.body(), ground.town(), now_ms()
    cents, key = body.whole(sent, "cents", 1, body.MAX_CENTS), body.name(sent, "key")
    found = web.write(lambda session: api.returns.refund(session, town, till, body.number(number), cents, key, now))
    return {"sale": body.sale(found)}


@blueprint.post("/redemptions")
@_for_tills
def redeem(till: Till) -> ResponseReturnValue:
    """Lets a guest in with a ticket, once for a key."""
    sent, counter, now = body.body(), _counter(till), now_ms()
    code, key = body.code(sent), body.name(sent, "key")
    ticket = body.whole(sent, "ticket", 1, 2**31 - 1) if sent.get("ticket") is not None else None
    count = body.whole(sent, "count", 1, 50) if "count" in sent else 1
    done = web.write(
        lambda session: api.tickets.redeem(session, counter, code=code, key=key, ticket_id=ticket, count=count, now=now)
    )
    answer = {
        "ticket": body.ticket(done.ticket),
        "count": done.count,
        "new": done.is_new,
        "parking": body.stays(done.parking),
    }
    return answer, 201 if done.is_new else 200


@blueprint.post("/parking-refunds")
@_for_tills
def refund_parking(till: Till) -> ResponseReturnValue:
    """A guest who paid for the entry without the pass shows it for the parking fee."""
    code, now, counter = body.code(body.body()), now_ms(), _counter(till)

    def work(session: web.Session) -> list[Granted]:
        guest = api.passes.take(session, counter, code, api.passes.GUEST, "", now, now)
        return api.parking.grant(session, counter, guest, now)

    return {"parking": body.stays(web.write(work))}


@blueprint.post("/closings")
@_for_tills
def close(till: Till) -> ResponseReturnValue:
    """Closes the day; the same key gives the same closing."""
    key, now = body.name(body.body(), "key"), now_ms()
    made, is_new = web.write(lambda session: api.closings.close(session, till, key, now))
    rows = [
        {"way": row.way, "tax": row.tax, "gross": row.gross, "net": row.net, "share": row.share}
        for row in made.totals.rows
    ]
    answer = {"number": made.number, "first": made.first, "last": made.last, "at": made.at, "rows": rows}
    return {**answer, "gross": made.totals.gross, "new": is_new}, 201 if is_new else 200


@blueprint.post("/sync")
@_for_tills
def take_offers(till: Till) -> ResponseReturnValue:
    """Sales that were made without a connection; also of a till that is blocked, for what it sold before."""
    sent, counter, now = body.body(), _counter(till), now_ms()
    clock, offers = body.whole(sent, "clock", 0, 2**53 - 1), sent.get("offers")
    if not isinstance(offers, list) or len(offers) > MAX_OFFERS:
        raise body.WrongError(f"offers: a list of at most {MAX_OFFERS}")
    return {"now": now_ms(), "results": [_result(counter, body.offer(one), clock, now) for one in offers]}


def _result(counter: Counter, sent: tuple[Offer, Content] | None, clock: int, now: int) -> dict[str, object]:
    """What became of an offer; one that cannot be read must not hold up those behind it."""
    if sent is None:
        return {"number": "", "state": "refused", "reason": "offer", "text": ground.sentence("offer"), "sale": None}
    offer, content = sent
    answer = web.write(lambda session: api.offers.accept(session, counter, offer, content, clock, now))
    sale = body.sale(answer.sale) if answer.sale is not None else None
    words = ground.why_open if answer.state == "open" else ground.sentence
    text = words(answer.reason) if answer.reason else ""
    return {"number": answer.number, "state": answer.state, "reason": answer.reason, "text": text, "sale": sale}
