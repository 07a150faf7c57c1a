"""The page of one node, and what an administrator asks of it."""

from collections.abc import Mapping

import flask
from flask.typing import ResponseReturnValue

from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.dashboard import api, rules
from hub.fleet import api as fleet

blueprint = flask.Blueprint("nodes", __name__)
THRESHOLDS = ("occupied_below_m", "free_above_m")


@blueprint.get("/admin/knoten/<name>")
def page(name: str) -> ResponseReturnValue:
    """One node with its proof."""
    return _page(name)


@blueprint.post("/admin/knoten/<name>/befehl")
def ask(name: str) -> ResponseReturnValue:
    """identify, restart or reread."""
    now, who, actor, wanted = now_ms(), _who(), web.actor(), flask.request.form.get("befehl", "")
    try:
        web.write(lambda session: fleet.command(session, name, wanted, who, now, actor))
    except fleet.UnknownNodeError:
        flask.abort(404)
    except ValueError:
        flask.abort(400)
    return flask.redirect(flask.url_for("nodes.page", name=name) + "#befehle", 303)


@blueprint.post("/admin/knoten/<name>/konfiguration")
def configure(name: str) -> ResponseReturnValue:
    """Rules and thresholds for the node; what is wrong comes back with the input kept."""
    now, who, actor = now_ms(), _who(), web.actor()
    try:
        chosen, bays = _rules(), _bays()
        web.write(lambda session: fleet.set_config(session, name, chosen, bays, who, now, actor))
    except fleet.UnknownNodeError:
        flask.abort(404)
    except fleet.ConfigProblemError as error:
        return _page(name, _sentence(error.problem), flask.request.form), 422
    return flask.redirect(flask.url_for("nodes.page", name=name) + "#konfiguration", 303)


def _page(name: str, problem: str = "", typed: Mapping[str, str] | None = None) -> str:
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
        values=typed or _values(view.config),
        limits=fleet.RULE_LIMITS,
        number=lambda value: i18n.number(value, lang),
        moment=lambda at: i18n.moment(at, lang, now),
        since=lambda at: rules.ago(at, now),
    )


def _values(config: fleet.ConfigNow) -> dict[str, str]:
    """Form fields out of what was set last."""
    lang = language()
    found = {name: i18n.number(value, lang) for name, value in config.rules.items()}
    for bay, thresholds in config.bays.items():
        found |= {f"{bay}.{name}": i18n.number(value, lang) for name, value in thresholds.items()}
    return found


def _rules() -> dict[str, float]:
    return {name: value for name in fleet.RULE_LIMITS if (value := _number(name, "range", name)) is not None}


def _bays() -> dict[str, dict[str, float]]:
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
    if problem.kind == "range":
        low, high = fleet.RULE_LIMITS[problem.subject]
        return _(
            "%(name)s: Bitte eine Zahl von %(low)s bis %(high)s eingeben.",
            name=rule_names().get(problem.subject, problem.subject),
            low=i18n.number(low, language()),
            high=i18n.number(high, language()),
        )
    if problem.kind == "both":
        return _("%(bay)s: Bitte beide Abstände eingeben oder beide leer lassen.", bay=problem.subject)
    return _(
        "%(bay)s: „Belegt unter“ muss mindestens 0,15 m kleiner sein als „frei über“, und beide liegen unter 4 m.",
        bay=problem.subject,
    )


def rule_names() -> dict[str, str]:
    """The rules in the reader's words."""
    return {
        "occupied_after_s": _("Belegt nach Sekunden"),
        "free_after_s": _("Frei nach Sekunden"),
        "max_flips": _("Wechsel in 10 Minuten bis „gestört“"),
        "repeat_minutes": _("Lebenszeichen alle … Minuten"),
    }


def _who() -> str:
    person = web.visitor()
    return person.name if person is not None else ""
