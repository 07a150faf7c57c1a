"""The form for a letter with files, as the mailbox and the office use it."""

import hashlib
import secrets
from dataclasses import dataclass, field

import flask

from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.files import Received
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.inbox import api


@dataclass(frozen=True)
class Sheet:
    """What the form shows: typed words, files of an earlier try, what is wrong."""

    key: str
    subject: str = ""
    text: str = ""
    mail: str = ""
    kept: list[Received] = field(default_factory=list)
    problems: tuple[str, ...] = ()
    wrong: str = ""

    @property
    def status(self) -> int:
        """Of the page that shows it."""
        return 422 if self.problems else 200


def empty(mail: str = "") -> Sheet:
    """A form that nobody has filled in."""
    return Sheet(secrets.token_urlsafe(18), mail=mail)


def person_id() -> int:
    """Who is logged in; only behind a door that asks for somebody."""
    found = web.visitor()
    if found is None:
        flask.abort(401)
    return found.id


def read() -> tuple[api.Letter, tuple[str, ...]]:
    """(what was sent, sentences about files that were not taken)."""
    form = flask.request.form
    subject, text = form.get("subject", ""), form.get("text", "").replace("\r\n", "\n")
    files, problems = web.uploads.received(person_id(), now_ms())
    return api.Letter(text, files, _content_key(subject, text, form.get("form_key", "")), subject), tuple(problems)


def again(letter: api.Letter, problems: tuple[str, ...], reason: str = "") -> Sheet:
    """The form with everything that was in it."""
    return Sheet(
        flask.request.form.get("form_key", "")[:64] or secrets.token_urlsafe(18),
        letter.subject,
        letter.text,
        flask.request.form.get("mail", "")[:254],
        list(letter.files) if reason != "files" else [],
        (*problems, sentence(reason)) if reason else problems,
        reason.partition("-")[0] if reason else "files",
    )


def sentence(reason: str) -> str:
    """Why it was not sent and what to do."""
    most = i18n.number(api.MAX_TEXT, language())
    return {
        "subject": _("Bitte schreiben Sie, worum es geht."),
        "subject-long": _("Der Betreff ist zu lang. Nehmen Sie höchstens %(n)s Zeichen.", n=api.MAX_SUBJECT),
        "text": _("Bitte schreiben Sie etwas, oder hängen Sie eine Datei an."),
        "text-long": _("Der Text ist zu lang. Nehmen Sie höchstens %(n)s Zeichen.", n=most),
        "often": _("Das waren viele Nachrichten in einer Stunde. Bitte schreiben Sie später weiter."),
        "files": _("Diese Dateien wurden schon gesendet. Bitte wählen Sie sie noch einmal."),
        "closed": _("Dieses Gespräch ist abgeschlossen. Beginnen Sie bitte ein neues."),
        "mail": _("Kein Konto hat diese E-Mail-Adresse. Bitte fragen Sie nach der Schreibweise."),
        "unknown": _("Dieses Konto gibt es nicht mehr."),
        "open": _("Dieses Gespräch läuft noch."),
    }[reason]


def _content_key(subject: str, text: str, form_key: str) -> str | None:
    """The same form with the same words is sent once; with other words it is a new message."""
    if not form_key:
        return None
    names = [f"{one.filename}" for one in flask.request.files.getlist(web.uploads.FIELD)]
    words = "\0".join((form_key, subject, text, *names, *flask.request.form.getlist(web.uploads.KEPT_FIELD)))
    return hashlib.sha256(words.encode()).hexdigest()
