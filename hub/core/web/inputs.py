"""What no request may carry: NUL, which PostgreSQL does not store, and numbers that no row can have."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import flask
from werkzeug.routing import IntegerConverter, Map

MAX_NUMBER = 2**31 - 1


_JUDGES = "judges_nul"
_View = TypeVar("_View", bound=Callable[..., Any])


class _Number(IntegerConverter):
    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=MAX_NUMBER)


def number(name: str, default: int = 0) -> int:
    """A whole number of the address or the form; `default` for anything else and for what is too big."""
    text = flask.request.values.get(name, "")
    found = int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else default
    return found if found <= MAX_NUMBER else default


def judges_nul(view: _View) -> _View:
    """Marks a view that refuses a NUL itself, in the words of its protocol."""
    setattr(view, _JUDGES, True)
    return view


def install(app: flask.Flask) -> None:
    """Answers 404 to numbers in paths that no row has, and 400 to a NUL in the path, the query or the form."""
    app.url_map.converters["int"] = _Number
    app.before_request(_check)


def _check() -> None:
    view = flask.current_app.view_functions.get(flask.request.endpoint or "")
    if view is not None and not getattr(view, _JUDGES, False) and any("\0" in text for text in _texts()):
        flask.abort(400)


def _texts() -> Iterator[str]:
    request = flask.request
    yield request.path
    for texts in (request.args, request.form):
        for name, value in texts.items(multi=True):
            yield from (name, value)
    for name, file in request.files.items(multi=True):
        yield from (name, file.filename or "")
