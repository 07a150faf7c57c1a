"""The page of one node, and what an administrator asks of it."""

from collections.abc import Callable, Mapping

import flask
from flask.typing import ResponseReturnValue

from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.dashboard import api, rules
from hub.dashboard.web import words
from hub.dashboard.web.fleet import ring_names
from hub.fleet import api as fleet
from hub.fleet.api import rollouts

blueprint = flask.Blueprint("nodes", __name__)
THRESHOLDS = ("occupied_below_m", "free_above_m")


@blueprint.get("/admin/knoten/<name>")
def page(name: str) -> ResponseReturnValue:
    """One node with its proof."""
    return render(name)


@blueprint.post("/admin/knoten/<name>/befehl")
def ask(name: str) -> ResponseReturnValue:
    """identify, restart, restart_wifi or reread."""
    by, wanted = acting(), flask.request.form.get("befehl", "")
    try:
        web.write(lambda session: fleet.command(session, name, wanted, by))
    except fleet.UnknownNodeError:
        flask.abort(404)
    except ValueError:
        flask.abort(400)
    return back(name, "befehle")


@blueprint.post("/admin/knoten/<name>/konfiguration")
def configure(name: str) -> ResponseReturnValue:
    """Rules and thresholds for the node; what is wrong comes back with the input kept."""
    by, base = acting(), base_version()

    def send() -> ResponseReturnValue:
        chosen, bays = typed_rules(), typed_bays()
        web.write(lambda session: fleet.set_config(session, name, chosen, bays, by, base))
        return back(name, "konfiguration")

    return trying(name, "konfiguration", send)


class TypedError(ValueError):
    """Something that was typed cannot be read; the text is the sentence for it."""


def trying(name: str, where: str, work: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
    """What `work` answers, or the node's page with a sentence at the section `where` and the input kept."""
    try:
        return work()
    except fleet.UnknownNodeError:
        flask.abort(404)
    except TypedError as error:
        return render(name, str(error), where, flask.request.form), 422
    except fleet.ConfigProblemError as error:
        return render(name, _sentence(error.problem), where, flask.request.form), 422
    except fleet.ConfigConflictError:
        return render(name, conflict(), where, flask.request.form), 409


def acting() -> fleet.By:
    """Who sent this request."""
    person = web.visitor()
    return fleet.By(person.name if person is not None else "", web.actor(), now_ms())


def back(name: str, place: str) -> ResponseReturnValue:
    """To the node's page, at a section, after something was changed there."""
    fleet.forget_snapshots(web.database())
    return flask.redirect(flask.url_for("nodes.page", name=name) + f"#{place}", 303)


def base_version() -> int | None:
    """The version that the form was made from; None where it does not say."""
    text = flask.request.form.get("fassung", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def conflict() -> str:
    """Somebody was faster."""
    return _(
        "Jemand anderes hat die Konfiguration inzwischen geändert. Unten steht, was Sie eingegeben haben; "
        "vergleichen Sie es mit der neuesten Fassung und senden Sie es noch einmal."
    )


def render(name: str, problem: str = "", where: str = "", typed: Mapping[str, str] | None = None) -> str:
    """The page; `problem` stands at the section `where`, whose fields keep what was typed."""
    now, lang = now_ms(), language()
    with web.read() as session:
        view = api.node_view(session, name, now, lang)
    if view is None:
        flask.abort(404)
    return flask.render_template(
        "dashboard/node.html",
        view=view,
        lang=lang,
        problem=problem,
        where=where,
        typed=typed or {},
        values=typed if typed and where == "konfiguration" else _values(view.config),
        wifi=typed if typed and where == "wlan" else words.wifi_values(view.config.wifi, lang),
        days=words.days(),
        labels=words.path_label,
        shown=words.shown,
        reasons=words.reasons(),
        asks=words.commands(),
        rings=ring_names(),
        radio=words.radio_states(),
        steps=words.steps(),
        releases=_kept_releases(),
        limits=fleet.RULE_LIMITS,
        number=lambda value: i18n.number(value, lang),
        moment=lambda at: i18n.moment(at, lang, now),
        since=lambda at: rules.ago(at, now),
    )


def _kept_releases() -> list[str]:
    settings = web.settings()
    return rollouts.Releases(settings.stored_releases_dir, settings.release_key).names()


def _values(config: fleet.ConfigNow) -> dict[str, str]:
    """Form fields out of what was set last."""
    lang = language()
    found = {name: i18n.number(value, lang) for name, value in config.rules.items()}
    for bay, thresholds in config.bays.items():
        found |= {f"{bay}.{name}": i18n.number(value, lang) for name, value in thresholds.items()}
    return found


def typed_rules() -> dict[str, float]:
    """The rules of the form; ConfigProblemError for what is no number."""
    return {name: value for name in fleet.RULE_LIMITS if (value := _number(name, "range", name)) is not None}


def typed_bays() -> dict[str, dict[str, float]]:
    """The thresholds of the form, by bay."""
    found: dict[str, dict[str, float]] = {}
    for key in flask.request.form:
        bay, _dot, name = key.rpartition(".")
        if bay and name in THRESHOLDS and (value := _number(key, "gap", bay)) is not None:
            found.setdefault(bay, {})[name] = value
    return found


def _number(field: str, kind: str, subject: str) -> float | None:
    """A number as people type it, with comma or point; None when the field is empty."""
    text = flask.request.form.get(field, "").strip().replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise fleet.ConfigProblemError(fleet.Problem(kind, subject)) from None
    return int(value) if value.is_integer() else value


def _sentence(problem: fleet.Problem) -> str:
    if problem.kind == "wifi":
        return problem.subject
    if problem.kind == "range":
        low, high = fleet.RULE_LIMITS[problem.subject]
        return _(
            "%(name)s: Bitte eine Zahl von %(low)s bis %(high)s eingeben.",
            name=words.rule_names().get(problem.subject, problem.subject),
            low=i18n.number(low, language()),
            high=i18n.number(high, language()),
        )
    if problem.kind == "both":
        return _("%(bay)s: Bitte beide Abstände eingeben oder beide leer lassen.", bay=problem.subject)
    return _(
        "%(bay)s: „Belegt unter“ muss mindestens 0,15 m kleiner sein als „frei über“, und beide liegen unter 4 m.",
        bay=problem.subject,
    )
