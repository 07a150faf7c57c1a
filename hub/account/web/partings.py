"""Questions before something is gone: a child's entry, a membership, an organisation; and invitations taken back."""

import flask
from flask.typing import ResponseReturnValue

from hub.account import rules
from hub.account.api import families, organisations
from hub.account.api.organisations import Organisation
from hub.account.web import desk
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _

blueprint = flask.Blueprint("partings", __name__)


@blueprint.get("/konto/familie/<int:child_id>/verlassen")
def child_page(child_id: int) -> ResponseReturnValue:
    """Asks whether one wants to act for this child no more."""
    with web.read() as session:
        child = families.get(session, desk.person().id, child_id, now_ms())
    if child is None:
        flask.abort(404)
    names = {"name": f"{child.first_name} {child.last_name}"}
    lines = [
        _("Niemand sonst ist für %(name)s eingetragen. Der Eintrag wird gelöscht.", **names)
        if len(child.guardians) == 1
        else _("Sie handeln dann nicht mehr für %(name)s. Wer noch eingetragen ist, handelt weiter.", **names)
    ]
    return _ask(
        _("%(name)s entfernen?", **names),
        lines,
        _("Entfernen"),
        flask.url_for("circles.leave_child", child_id=child_id),
        flask.url_for("circles.family_page"),
    )


@blueprint.post("/konto/familie/<int:child_id>/zuruecknehmen")
def withdraw(child_id: int) -> ResponseReturnValue:
    """Takes an invitation to act for a child back."""
    person, invitation, now = desk.person(), flask.request.form.get("invitation", ""), now_ms()
    try:
        web.write(lambda session: families.withdraw(session, person, child_id, invitation, now))
    except organisations.RefusedError:
        flask.abort(404)
    return desk.back("circles.family_page", "zurueck")


@blueprint.get("/konto/firmen/<int:organisation_id>/mitglied/<int:member_id>/entfernen")
def member_page(organisation_id: int, member_id: int) -> ResponseReturnValue:
    """Asks whether a membership shall end, one's own or another's."""
    person, now = desk.person(), now_ms()
    with web.read() as session:
        found = organisations.get(session, person.id, organisation_id, now)
        member = organisations.member(session, person, organisation_id, member_id, now)
    if found is None or member is None:
        flask.abort(404)
    action = flask.url_for("circles.remove_member", organisation_id=organisation_id, member_id=member_id)
    if member_id == person.id:
        lines = [_("Sie handeln dann nicht mehr für %(to)s. Zurück kommen Sie nur mit einer Einladung.", to=found.name)]
        return _ask(_("Aus %(to)s austreten?", to=found.name), lines, _("Austreten"), action, _page_of(found))
    names = {"name": member.name, "to": found.name}
    lines = [_("%(name)s handelt dann nicht mehr für %(to)s.", **names)]
    return _ask(_("%(name)s entfernen?", name=member.name), lines, _("Entfernen"), action, _page_of(found))


@blueprint.get("/konto/firmen/<int:organisation_id>/aufloesen")
def organisation_page(organisation_id: int) -> ResponseReturnValue:
    """Asks whether the organisation shall be removed."""
    with web.read() as session:
        found = organisations.get(session, desk.person().id, organisation_id, now_ms())
    if found is None or found.role != rules.MemberRole.OWNER:
        flask.abort(404)
    lines = [_("Danach kann niemand mehr dafür handeln."), _("Das lässt sich nicht rückgängig machen.")]
    action = flask.url_for("circles.close_organisation", organisation_id=organisation_id)
    return _ask(_("%(to)s auflösen?", to=found.name), lines, _("Endgültig auflösen"), action, _page_of(found))


def _page_of(organisation: Organisation) -> str:
    return flask.url_for("circles.organisation_page", organisation_id=organisation.id)


def _ask(title: str, lines: list[str], button: str, action: str, back: str) -> ResponseReturnValue:
    return desk.page("account/parting.html", title=title, lines=lines, button=button, action=action, back=back)
