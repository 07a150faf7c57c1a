"""The administrators' page of the hub's jobs."""

import flask
from flask.typing import ResponseReturnValue

from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.operations import api, rules
from hub.operations.web import words

blueprint = flask.Blueprint("operations", __name__)
PATH = "/admin/auftraege"
WORDS = dict(zip(("wartet", "laeuft", "gescheitert", "erledigt"), api.STATES, strict=True))  # address -> state


@blueprint.get(PATH)
def jobs_page() -> ResponseReturnValue:
    """The jobs in one state, 50 on a page, and the kinds that can be paused."""
    now, lang = now_ms(), language()
    arguments = flask.request.args
    with web.read() as session:
        view = api.jobs_page(session, WORDS.get(arguments.get("zustand", ""), api.STATES[0]), web.number("seite"), now)
    page = flask.render_template(
        "operations/jobs.html",
        view=view,
        words={state: word for word, state in WORDS.items()},
        number=lambda value: i18n.number(value, lang),
        moment=lambda at: i18n.moment(at, lang, now),
        age=lambda at: rules.age(at, now),
        names=_names(),
        kinds=words.kinds(),
    )
    response = flask.make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post(PATH + "/noch-einmal")
def retry() -> ResponseReturnValue:
    """Gives a dead job its tries again."""
    job_id, actor, now = web.number("auftrag"), web.actor(), now_ms()
    web.write(lambda session: api.retry(session, job_id, actor, now))
    return _back()


@blueprint.post(PATH + "/anhalten")
def pause() -> ResponseReturnValue:
    """Holds back the jobs of one kind."""
    kind, actor, now = flask.request.form.get("art", ""), web.actor(), now_ms()
    web.write(lambda session: api.pause(session, kind, actor, now))
    return _back()


@blueprint.post(PATH + "/fortsetzen")
def resume() -> ResponseReturnValue:
    """Lets them go on."""
    kind, actor, now = flask.request.form.get("art", ""), web.actor(), now_ms()
    web.write(lambda session: api.resume(session, kind, actor, now))
    return _back()


def _back() -> ResponseReturnValue:
    """To the list that the button was on."""
    word = flask.request.form.get("zustand", "")
    chosen = word if word in WORDS else next(iter(WORDS))
    return flask.redirect(flask.url_for("operations.jobs_page", zustand=chosen, seite=max(1, web.number("seite"))), 303)


def _names() -> dict[str, str]:
    return dict(zip(api.STATES, (_("Warteschlange"), _("Läuft"), _("Gescheitert"), _("Erledigt")), strict=True))
