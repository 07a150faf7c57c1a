"""The page of rollouts: which release goes to which nodes, how far it is, and the buttons that hold it."""

import flask
from flask.typing import ResponseReturnValue

from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.dashboard import rules
from hub.dashboard.web import words
from hub.fleet.api import rollouts
from hub.settings import Settings

blueprint = flask.Blueprint("rollouts", __name__)
PATH = "/admin/rollouts"


@blueprint.get(PATH)
def overview() -> ResponseReturnValue:
    """The newest rollouts; `?fassung=` shows what that release would change, before anything begins."""
    return _page()


@blueprint.post(PATH)
def start() -> ResponseReturnValue:
    """Begins with the canary."""
    form, now, who, actor = flask.request.form, now_ms(), _who(), web.actor()
    name, canary = form.get("fassung", ""), form.get("kanarienknoten", "")

    def begin(session: web.Session) -> int:
        plan = rollouts.plan(session, _releases_of(directory), found, now, canary)
        return rollouts.start_rollout(session, plan, who, now, actor, canary)

    directory, releases = web.settings(), _releases()
    with releases.held():
        if name not in releases.names():
            flask.abort(404)
        found = releases.load(name)
        try:
            web.write(begin)
        except rollouts.RolloutError as error:
            return _page(_sentence(error.reason)), 409
    return _back()


@blueprint.post(PATH + "/anhalten")
def pause() -> ResponseReturnValue:
    """Nobody else is told."""
    now, actor = now_ms(), web.actor()
    return _try(lambda session: rollouts.pause_rollout(session, now, actor))


@blueprint.post(PATH + "/fortsetzen")
def resume() -> ResponseReturnValue:
    """Goes on, and asks those once more that failed."""
    now, actor = now_ms(), web.actor()
    return _try(lambda session: rollouts.resume_rollout(session, now, actor))


@blueprint.post(PATH + "/beenden")
def stop() -> ResponseReturnValue:
    """Ends it; what is installed stays."""
    now, actor = now_ms(), web.actor()
    return _try(lambda session: rollouts.stop_rollout(session, now, actor))


@blueprint.post(PATH + "/beiseite")
def skip() -> ResponseReturnValue:
    """The rest goes on without a node that is away or failed."""
    now, actor, node = now_ms(), web.actor(), flask.request.form.get("knoten", "")
    return _try(lambda session: rollouts.skip_node(session, node, now, actor))


def _try(work: "web.Work[None]") -> ResponseReturnValue:
    try:
        web.write(work)
    except rollouts.RolloutError as error:
        return _page(_sentence(error.reason)), 409
    return _back()


def _page(problem: str = "") -> str:
    now, lang, releases = now_ms(), language(), _releases()
    chosen, plan = flask.request.args.get("fassung", ""), None
    names = releases.names()
    with web.read() as session:
        found = rollouts.last_rollouts(session, now)
        if chosen in names:
            plan = rollouts.plan(session, releases, releases.load(chosen), now)
    return flask.render_template(
        "dashboard/rollouts.html",
        rollouts=found,
        active=next((one for one in found if one.state in rollouts.ACTIVE_STATES), None),
        plan=plan,
        releases=names,
        problem=problem,
        states=state_names(),
        steps=words.steps(),
        rings=ring_names(),
        headings={"release": _("Fassung"), "package": _("Pakete")},
        number=lambda value: i18n.number(value, lang),
        moment=lambda at: i18n.moment(at, lang, now),
        since=lambda at: rules.ago(at, now),
    )


def _sentence(reason: str) -> str:
    return {
        "running": _(
            "Ihre Verteilung hat nicht begonnen: Jemand anderes war schneller, oder es läuft noch eine. "
            "Sie steht unten; beenden Sie diese zuerst, wenn Ihre vorgehen soll."
        ),
        "nobody": _("Kein Knoten braucht diese Fassung."),
        "canary": _(
            "Dieser Knoten kann nicht der erste sein: Er braucht die Fassung nicht oder sagt nicht, welche er hat."
        ),
        "skip": _("Dieser Knoten ist nicht dabei, schon fertig oder wieder erreichbar: Er bleibt in der Verteilung."),
    }.get(reason, _("Das geht gerade nicht: Die Verteilung ist in einem anderen Zustand."))


def state_names() -> dict[str, str]:
    """What a rollout does, in the reader's words."""
    return {
        "running": _("läuft"),
        "paused": _("angehalten"),
        "halted": _("hält wegen Fehlern"),
        "stopped": _("beendet"),
        "done": _("fertig"),
    }


def ring_names() -> tuple[str, ...]:
    """The three rings."""
    return (_("Erster Knoten"), _("Ein Zehntel"), _("Alle übrigen"))


def _releases() -> rollouts.Releases:
    return _releases_of(web.settings())


def _releases_of(settings: Settings) -> rollouts.Releases:
    return rollouts.Releases(settings.stored_releases_dir, settings.release_key)


def _who() -> str:
    person = web.visitor()
    return person.name if person is not None else ""


def _back() -> ResponseReturnValue:
    return flask.redirect(flask.url_for("rollouts.overview"), 303)
