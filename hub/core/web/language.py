"""Which language and theme a request gets, and the texts in it."""

from typing import Any
from urllib.parse import urlencode

import flask

from hub.core import i18n

THEMES = ("auto", "light", "dark")
YEAR_SECONDS = 365 * 24 * 3600


def language() -> str:
    """The request's language: ?lang=, then the cookie, then what the browser asks for, then German."""
    if "lang" not in flask.g:
        flask.g.lang = _chosen("lang", i18n.LANGUAGES) or _preferred()
    return str(flask.g.lang)


def theme() -> str:
    """light, dark or auto (as the device has it)."""
    return _chosen("theme", THEMES) or "auto"


def gettext(text: str, **values: object) -> str:
    """`text` in the request's language, with %(name)s filled in."""
    return i18n.translate(text, language()) % values if values else i18n.translate(text, language())


def switch_url(**changes: str) -> str:
    """The address of this page with another language, theme or filter."""
    query = {**flask.request.args.to_dict(), **changes}
    return f"{flask.request.path}?{urlencode({key: value for key, value in query.items() if value})}"


def remember(response: flask.Response) -> flask.Response:
    """Keeps a choice that came with the address in a cookie; says what the page depends on."""
    for name, known in (("lang", i18n.LANGUAGES), ("theme", THEMES)):
        value = flask.request.args.get(name)
        if value is not None and value in known:
            response.set_cookie(f"sk_{name}", value, max_age=YEAR_SECONDS, samesite="Lax", httponly=True)
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Language", language())
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.vary.update(("Cookie", "Accept-Language"))
    return response


def install(app: flask.Flask) -> None:
    """Gives templates `_`, `ngettext`, the formats and the switches."""
    environment: Any = app.jinja_env  # install_gettext_callables comes with the extension
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(
        lambda text: i18n.translate(text, language()),
        lambda one, many, number: i18n.translate_plural(one, many, number, language()),
        newstyle=True,
    )
    environment.filters |= {
        "L": lambda texts: i18n.choose(texts, language()),
        "number": lambda value: i18n.number(value, language()),
        "clock": lambda ms: i18n.clock_time(ms, language()),
        "moment": lambda ms, now: i18n.moment(ms, language(), now),
        "day": lambda when, *pattern: i18n.day(when, language(), *pattern),
        "date": lambda ms: i18n.day(i18n.local(ms).date(), language(), "d. MMMM y"),
        "last_day_iso": lambda until: i18n.local(until - 1).date().isoformat(),  # for an input
        "last_day": lambda until: i18n.last_day(until, language()),
    }
    environment.globals |= {"language": language, "theme": theme, "switch_url": switch_url}
    app.after_request(remember)


def _chosen(name: str, known: tuple[str, ...]) -> str | None:
    for value in (flask.request.args.get(name), flask.request.cookies.get(f"sk_{name}")):
        if value in known:
            return value
    return None


def _preferred() -> str:
    return flask.request.accept_languages.best_match(i18n.LANGUAGES) or "de"
