"""Numbers that come with an address or a form."""

import flask


def whole(name: str) -> int:
    """A whole number; 0, which is no job, no task and no page, for anything else."""
    text = flask.request.values.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0
