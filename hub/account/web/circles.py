"""Organisations, families, invitations, and for whom one acts."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import flask
from flask.typing import ResponseReturnValue

from hub.account import api, rules
from hub.account.api import codes, families, organisations
from hub.account.rules import MemberRole
from hub.account.web import desk, refusals
from hub.account.web.refusals import NOTHING, Wrong
from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.web import gettext as _

blueprint = flask.Blueprint("circles", __name__)


def acting() -> api.Principal | None:
    """For whom the visitor acts, asked once a request; for the banner on every page."""
    person = web.visitor()
    if not isinstance(person, api.Person) or not person.acting_for:
        return None
    if "acting" not in flask.g:
        with web.read() as session:
            flask.g.acting = api.acting.principal(session, person, now_ms())
    found: api.Principal | None = flask.g.acting
    return found


@blueprint.post("/konto/handeln")
def act_for() -> ResponseReturnValue:
    """Acts for an organisation or a child from now on, or for oneself again."""
    person, key, now = desk.person(), flask.request.form.get("key", "")[:40], now_ms()
    try:
        web.write(lambda session: api.acting.act_for(session, person, key, now))
    except organisations.RefusedError:
        flask.abort(403)
    return flask.redirect(rules.safe_target(flask.request.form.get("next", "/konto")), 303)


@blueprint.get("/konto/firmen")
def organisations_page() -> ResponseReturnValue:
    """Where I am a member, and a form for a new organisation."""
    return _organisations()


@blueprint.post("/konto/firmen")
def create_organisation() -> ResponseReturnValue:
    """A new organisation."""
    person, name, now = desk.person(), flask.request.form.get("name", ""), now_ms()
    try:
        made = web.write(lambda session: organisations.create(session, person, name, now))
    except organisations.RefusedError as error:
        return _organisations(refusals.of(error.reason, "new", {"name": name}))
    return desk.back("circles.organisation_page", organisation_id=made)


@blueprint.get("/konto/firmen/<int:organisation_id>")
def organisation_page(organisation_id: int) -> ResponseReturnValue:
    """Members, invitations, delegations."""
    return _organisation(organisation_id)


@blueprint.post("/konto/firmen/<int:organisation_id>/einladen")
def invite(organisation_id: int) -> ResponseReturnValue:
    """Invites somebody by mail, with a role and perhaps an end."""
    person, form, now = desk.person(), flask.request.form.to_dict(), now_ms()
    try:
        mail = codes.valid_mail(form.get("mail", ""))
    except ValueError:
        return _organisation(organisation_id, refusals.no_mail("invite", form))
    try:
        role, until = MemberRole(form.get("role", "member")), _end_of_day(form.get("until", ""))
    except (ValueError, OverflowError):
        return _organisation(organisation_id, refusals.no_day("invite", "until", form))
    try:
        codes.allow_mail(mail, desk.address(), now)
        web.write(lambda session: organisations.invite(session, person, organisation_id, mail, role, until, now))
    except organisations.RefusedError as error:
        return _organisation(organisation_id, refusals.of(error.reason, "invite", form))
    except api.ThrottledError as error:
        return _organisation(organisation_id, Wrong(desk.too_often(error), "invite", typed=form))
    return desk.back("circles.organisation_page", "eingeladen", organisation_id=organisation_id)


@blueprint.post("/konto/firmen/<int:organisation_id>/zuruecknehmen")
def withdraw(organisation_id: int) -> ResponseReturnValue:
    """Takes an invitation back."""
    pending = flask.request.form.get("pending", "")
    return _change(
        organisation_id,
        lambda session, person, now: organisations.withdraw(session, person, organisation_id, pending, now),
    )


@blueprint.post("/konto/firmen/<int:organisation_id>/mitglied/<int:member_id>")
def change_member(organisation_id: int, member_id: int) -> ResponseReturnValue:
    """Another role or end for a member."""
    form, here = flask.request.form.to_dict(), f"member-{member_id}"
    try:
        role, until = MemberRole(form.get("role", "")), _end_of_day(form.get("until", ""))
    except (ValueError, OverflowError):
        return _organisation(organisation_id, refusals.no_day(here, "until", form))
    return _change(
        organisation_id,
        lambda session, person, now: organisations.change(
            session, person, organisation_id, member_id, role, until, now
        ),
        here,
    )


@blueprint.post("/konto/firmen/<int:organisation_id>/mitglied/<int:member_id>/entfernen")
def remove_member(organisation_id: int, member_id: int) -> ResponseReturnValue:
    """Ends a membership, one's own too."""
    return _change(
        organisation_id,
        lambda session, person, now: organisations.remove(session, person, organisation_id, member_id, now),
    )


@blueprint.post("/konto/firmen/<int:organisation_id>/aufloesen")
def close_organisation(organisation_id: int) -> ResponseReturnValue:
    """Removes the organisation."""
    return _change(
        organisation_id, lambda session, person, now: organisations.close(session, person, organisation_id, now)
    )


@blueprint.get("/konto/familie")
def family_page() -> ResponseReturnValue:
    """My children, and a form for another one."""
    return _family()


@blueprint.post("/konto/familie")
def add_child() -> ResponseReturnValue:
    """A child."""
    person, form, now = desk.person(), flask.request.form.to_dict(), now_ms()
    first, last = form.get("first_name", ""), form.get("last_name", "")
    try:
        born = date.fromisoformat(form.get("born", ""))
        today = i18n.local(now).date()
        web.write(lambda session: families.add_child(session, person, first, last, born, now, today))
    except organisations.RefusedError as error:
        return _family(refusals.of(error.reason, "child", form))
    except ValueError:
        return _family(refusals.no_day("child", "born", form))
    return desk.back("circles.family_page", "gespeichert")


@blueprint.post("/konto/familie/<int:child_id>/teilen")
def share_child(child_id: int) -> ResponseReturnValue:
    """Invites the other parent."""
    person, now, form, here = desk.person(), now_ms(), flask.request.form.to_dict(), f"share-{child_id}"
    try:
        mail = codes.valid_mail(form.get("mail", ""))
        codes.allow_mail(mail, desk.address(), now)
        web.write(lambda session: families.share(session, person, child_id, mail, now))
    except api.ThrottledError as error:
        return _family(Wrong(desk.too_often(error), here, typed=form))
    except organisations.RefusedError as error:
        return _family(refusals.of(error.reason))
    except ValueError:
        return _family(refusals.no_mail(here, form))
    return desk.back("circles.family_page", "eingeladen")


@blueprint.post("/konto/familie/<int:child_id>/verlassen")
def leave_child(child_id: int) -> ResponseReturnValue:
    """I act for this child no more."""
    person, now = desk.person(), now_ms()
    try:
        web.write(lambda session: families.leave(session, person, child_id, now))
    except organisations.RefusedError:
        flask.abort(404)
    return desk.back("circles.family_page", "gespeichert")


@blueprint.get("/konto/einladung/<token>")
def invitation_page(token: str) -> ResponseReturnValue:
    """Asks whether one wants to join."""
    with web.read() as session:
        found = organisations.describe_invitation(session, token, now_ms())
    if found is None:
        return _gone()
    return desk.page("account/invitation.html", token=token, to=found[0], inviter=found[1], problem="")


@blueprint.post("/konto/einladung/<token>")
def accept(token: str) -> ResponseReturnValue:
    """Joins."""
    person, now = desk.person(), now_ms()
    with web.read() as session:
        found = organisations.describe_invitation(session, token, now)
    if found is None:
        return _gone()
    try:
        if found[0]:
            joined = web.write(lambda session: organisations.accept(session, person, token, now))
            return desk.back("circles.organisation_page", organisation_id=joined)
        web.write(lambda session: families.accept(session, person, token, now))
    except organisations.RefusedError as error:
        text = refusals.sentence(error.reason)
        return desk.page("account/invitation.html", 403, token=token, to=found[0], inviter=found[1], problem=text)
    return desk.back("circles.family_page")


def _change(
    organisation_id: int, work: Callable[[web.Session, api.Person, int], None], form: str = ""
) -> ResponseReturnValue:
    person, now = desk.person(), now_ms()
    try:
        web.write(lambda session: work(session, person, now))
    except organisations.RefusedError as error:
        return _organisation(organisation_id, refusals.of(error.reason, form, flask.request.form.to_dict()))
    with web.read() as session:
        still = organisations.get(session, person.id, organisation_id, now)
    if still is None:
        return desk.back("circles.organisations_page", "gespeichert")
    return desk.back("circles.organisation_page", "gespeichert", organisation_id=organisation_id)


def _organisations(wrong: Wrong = NOTHING) -> ResponseReturnValue:
    person, now = desk.person(), now_ms()
    with web.read() as session:
        found = organisations.of(session, person.id, now)
    return desk.page("account/organisations.html", wrong.status, organisations=found, wrong=wrong, now=now)


def _organisation(organisation_id: int, wrong: Wrong = NOTHING) -> ResponseReturnValue:
    person, now = desk.person(), now_ms()
    with web.read() as session:
        found = organisations.get(session, person.id, organisation_id, now)
        members = organisations.members(session, organisation_id, now)
        pending = organisations.pending(session, organisation_id, now)
    if found is None:
        flask.abort(404)
    return desk.page(
        "account/organisation.html",
        wrong.status,
        organisation=found,
        members=members,
        pending=pending,
        person=person,
        wrong=wrong,
        now=now,
        may=rules.may_administer,
        roles=[one for one in MemberRole if rules.may_administer(found.role, one, found.until)],
    )


def _family(wrong: Wrong = NOTHING) -> ResponseReturnValue:
    person, now = desk.person(), now_ms()
    with web.read() as session:
        found = families.children(session, person.id, now)
    today = i18n.local(now).date()
    return desk.page("account/family.html", wrong.status, children=found, person=person, wrong=wrong, today=today)


def _gone() -> ResponseReturnValue:
    return desk.page(
        "error.html",
        410,
        code=410,
        title=_("Diese Einladung gilt nicht mehr"),
        advice=_("Sie wurde angenommen, zurückgenommen oder ist abgelaufen. Bitten Sie um eine neue."),
        error_id="",
    )


def _end_of_day(text: str) -> int | None:
    """The end (ms) of a day in the town, given as 2027-03-31; None for an empty text; ValueError else."""
    if not text:
        return None
    day = date.fromisoformat(text) + timedelta(days=1)
    moment = datetime(day.year, day.month, day.day, tzinfo=i18n.TIMEZONE).astimezone(UTC)
    return int(moment.timestamp() * 1000)
