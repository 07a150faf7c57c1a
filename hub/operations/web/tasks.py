"""The page of tasks: who looks after which dead job."""

from collections.abc import Callable

import flask
from flask.typing import ResponseReturnValue

from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.db import Session
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.operations import api, rules
from hub.operations.web import words

blueprint = flask.Blueprint("tasks", __name__)
PATH = "/admin/aufgaben"


@blueprint.get(PATH)
def overview() -> ResponseReturnValue:
    """What is to be done, grouped by kind, and what was done lately."""
    return _page()


@blueprint.post(PATH + "/uebernehmen")
def take() -> ResponseReturnValue:
    """One task or a kind's; somebody else may have been a moment earlier."""
    return _act(api.take, "uebernommen")


@blueprint.post(PATH + "/zurueckgeben")
def give_back() -> ResponseReturnValue:
    """Others can take it again."""
    return _act(api.give_back, "zurueckgegeben")


@blueprint.post(PATH + "/noch-einmal")
def retry() -> ResponseReturnValue:
    """Tries the job again; the task ends when it goes well."""
    return _act(api.retry_tasks, "versucht")


@blueprint.post(PATH + "/erledigt")
def finish() -> ResponseReturnValue:
    """Done, with a note of how; without one the page asks for it and nothing is lost."""
    note = flask.request.form.get("notiz", "")

    def work(session: Session, chosen: api.Chosen, person_id: int, now: int) -> int:
        return api.finish(session, chosen, person_id, note, now)

    try:
        return _act(work, "erledigt")
    except ValueError:
        return _page(_("Bitte schreiben Sie in höchstens 500 Zeichen, wie es gelöst wurde.")), 422


def _act(work: Callable[[Session, api.Chosen, int, int], int], said: str) -> ResponseReturnValue:
    person, now = web.visitor(), now_ms()
    if person is None:
        flask.abort(401)
    chosen, number = _chosen(), person.id
    changed = web.write(lambda session: work(session, chosen, number, now))
    said, group = said if changed else "zuspaet", flask.request.form.get("gruppe", "")[:60]
    return flask.redirect(flask.url_for("tasks.overview", gesagt=said, gruppe=group or None), 303)


def _chosen() -> api.Chosen:
    return api.Chosen(web.number("aufgabe"), flask.request.form.get("art", "")[:60])


def _page(problem: str = "") -> str:
    now, lang = now_ms(), language()
    with web.read() as session:
        view = api.tasks_page(session)
    return flask.render_template(
        "operations/tasks.html",
        view=view,
        problem=problem,
        typed=_chosen(),
        note=flask.request.form.get("notiz", ""),
        said=_said(),
        unfolded=flask.request.values.get("gruppe", ""),
        number=lambda value: i18n.number(value, lang),
        moment=lambda at: i18n.moment(at, lang, now),
        age=lambda at: rules.age(at, now),
        length=api.NOTE_LENGTH,
        at_once=api.AT_ONCE,
        kinds=words.kinds(),
    )


def _said() -> str:
    sentences = {
        "uebernommen": _("Sie haben das übernommen."),
        "zurueckgegeben": _("Zurückgegeben. Jetzt kann es jemand anderes übernehmen."),
        "versucht": _("Wird noch einmal versucht. Klappt es, erledigt sich die Aufgabe von selbst."),
        "erledigt": _("Erledigt."),
        "zuspaet": _("Hier hat sich gerade etwas geändert, es war nichts mehr zu tun. Die Liste ist jetzt aktuell."),
    }
    return sentences.get(flask.request.args.get("gesagt", ""), "")
