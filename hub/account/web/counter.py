"""The citizens' office: identify somebody in person, help somebody who lost every key. Admins: who has which role."""

import flask
from flask.typing import ResponseReturnValue

from hub.account.api import staff
from hub.account.web import desk
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _

blueprint = flask.Blueprint("counter", __name__)


@blueprint.get("/buergerbuero/konten")
def accounts() -> ResponseReturnValue:
    """A form that finds the account with exactly one mail address."""
    return _accounts("")


@blueprint.post("/buergerbuero/konten")
def search() -> ResponseReturnValue:
    """The account; sent as a form, for an address in the page's own would stand in logs and in the history."""
    return _accounts(flask.request.form.get("mail", "")[:254])


@blueprint.post("/buergerbuero/konten/<int:person_id>/ausweis")
def identify(person_id: int) -> ResponseReturnValue:
    """An identity document was seen."""
    clerk, form, now = desk.person(), flask.request.form, now_ms()
    name, mail = form.get("display_name", ""), form.get("mail", "")[:254]
    if not form.get("seen") or not name.strip():
        problem = _("Bitte tragen Sie den Namen ein und bestätigen Sie, dass Sie den Ausweis gesehen haben.")
        return _accounts(mail, problem, wrong="identify", name=name[:100])
    try:
        web.write(lambda session: staff.identify(session, clerk, person_id, name, now))
    except staff.NotAllowedError as error:
        return _accounts(mail, _refused(error))
    return _accounts(mail, done=_("Der Ausweis ist vermerkt."))


@blueprint.post("/buergerbuero/konten/<int:person_id>/zugang")
def recover(person_id: int) -> ResponseReturnValue:
    """A one-time code for the person at the counter."""
    clerk, form, now, ring = desk.person(), flask.request.form, now_ms(), desk.ring()
    mail = form.get("mail", "")[:254]
    if not form.get("seen"):
        return _accounts(mail, _("Bitte bestätigen Sie, dass Sie den Ausweis gesehen haben."), wrong="recover")
    try:
        code = web.write(lambda session: staff.recover(session, ring, clerk, person_id, now))
    except staff.NotAllowedError as error:
        return _accounts(mail, _refused(error))
    return _accounts(mail, code=code)


@blueprint.get("/admin/rollen")
def roles() -> ResponseReturnValue:
    """Who may do what."""
    return _roles()


@blueprint.post("/admin/rollen")
def give_role() -> ResponseReturnValue:
    """Gives a role, perhaps for one place only."""
    admin, form, now = desk.person(), flask.request.form, now_ms()
    name, role, scope = form.get("name", ""), form.get("role", ""), form.get("scope", "")
    try:
        web.write(lambda session: staff.give_role(session, admin, name, role, scope, now))
    except staff.NotAllowedError as error:
        return _roles(_refused(error), form.to_dict())
    except ValueError:
        problem = _(
            "Diese Rolle gibt es nicht, oder die Kennung passt nicht. "
            "Erlaubt sind Kleinbuchstaben, Ziffern, Binde- und Unterstrich."
        )
        return _roles(problem, form.to_dict(), "scope")
    return desk.back("counter.roles", "gespeichert")


@blueprint.post("/admin/rollen/<int:person_id>/entfernen")
def take_role(person_id: int) -> ResponseReturnValue:
    """Takes a role away; the person is logged out everywhere."""
    admin, form, now = desk.person(), flask.request.form, now_ms()
    role, scope = form.get("role", ""), form.get("scope", "")
    try:
        web.write(lambda session: staff.take_role(session, admin, person_id, role, scope, now))
    except staff.NotAllowedError as error:
        own = _("Die eigenen Rollen nimmt sich niemand selbst. Bitten Sie jemanden aus der Leitstelle.")
        return _roles(own if error.reason == "self" else _refused(error))
    return desk.back("counter.roles", "gespeichert")


def _accounts(
    mail: str, problem: str = "", code: str = "", done: str = "", wrong: str = "", name: str | None = None
) -> ResponseReturnValue:
    """`wrong` is the form that shows the problem, `name` what was typed in it."""
    with web.read() as session:
        card = staff.card(session, mail) if mail else None
    status = 422 if problem else 200
    return desk.page(
        "account/counter.html",
        status,
        mail=mail,
        card=card,
        problem=problem,
        wrong=wrong,
        name=name,
        code=code,
        done=done,
        now=now_ms(),
        days=staff.IDENTIFIED_DAYS,
        recovery=web.settings().public_url + flask.url_for("registration.recovery_page"),
    )


def _roles(problem: str = "", typed: dict[str, str] | None = None, wrong: str = "name") -> ResponseReturnValue:
    """`typed` is what the form for a new role held, `wrong` its field that was not taken."""
    with web.read() as session:
        found = staff.people_with_roles(session)
    return desk.page(
        "account/roles.html",
        422 if problem else 200,
        people=found,
        problem=problem,
        typed=typed or {},
        wrong=wrong if typed else "",
        me=desk.person(),
        known=staff.ROLES,
    )


def _refused(error: staff.NotAllowedError) -> str:
    return {
        "self": _("Das eigene Konto kann niemand selbst bestätigen. Bitten Sie jemanden aus dem Bürgerbüro."),
        "staff": _("Dieses Konto gehört zur Verwaltung. Das macht nur die Leitstelle."),
        "unknown": _("Dieses Konto gibt es nicht. Bitte prüfen Sie die Schreibweise."),
        "no_admin": _("Ihre Rechte haben sich gerade geändert. Bitte melden Sie sich neu an."),
    }[error.reason]
