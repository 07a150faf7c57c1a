"""My data: download everything, delete the account."""

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.privacy import api, rules

blueprint = flask.Blueprint("privacy", __name__)


def _me() -> int:
    person = web.visitor()
    if person is None:
        flask.abort(401)
    return person.id


def _holders() -> list[api.Holder]:
    found: list[api.Holder] = flask.current_app.extensions["person_data"]
    return found


@blueprint.get("/konto/daten")
def overview() -> ResponseReturnValue:
    """What one can have, and what a deletion removes and keeps."""
    return _page()


@blueprint.post("/konto/daten/herunterladen")
def download() -> ResponseReturnValue:
    """Everything in one ZIP file."""
    person_id, now = _me(), now_ms()
    web.write(lambda session: api.note_export(session, person_id, now))
    with web.read() as session:
        found = api.collect(session, _holders(), person_id, now)
    page = flask.render_template(
        "privacy/export.html",
        data=found,
        words=words(),
        sections=sections(),
        value=_value,
        is_table=rules.is_table,
        now=now,
    )
    response = flask.Response(api.bundle(found, page), mimetype="application/zip")
    day = i18n.local(now).date().isoformat()
    response.headers["Content-Disposition"] = f'attachment; filename="meine-daten-{day}.zip"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/konto/daten/loeschen")
def erase() -> ResponseReturnValue:
    """Deletes the account and everything that belongs to it."""
    person_id, now, holders = _me(), now_ms(), _holders()
    if not flask.request.form.get("sure"):
        return _page(_("Bitte bestätigen Sie, dass das Konto gelöscht werden soll."))
    try:
        web.write(lambda session: api.erase(session, holders, person_id, now))
    except ValueError:
        if not web.access.is_visitor_lost():  # else it is a second click
            return _page(_("Vorher muss noch etwas geregelt werden. Es steht unten."))
    porter: web.Porter = flask.current_app.extensions["porter"]
    return porter.log_out(flask.make_response(flask.redirect(flask.url_for("privacy.erased"), 303)))


@blueprint.get("/konto-geloescht")
def erased() -> ResponseReturnValue:
    """Good-bye."""
    return flask.render_template("privacy/erased.html"), 200, {"Cache-Control": "no-store"}


def _page(problem: str = "") -> ResponseReturnValue:
    person_id, now = _me(), now_ms()
    with web.read() as session:
        obstacles = account.personal.obstacles(session, person_id, now)
        kept = api.kept(session, _holders(), person_id, now)
    page = flask.render_template(
        "privacy/overview.html", problem=problem, obstacles=obstacles, kept=kept, words=words(), now=now
    )
    response = flask.make_response(page, 422 if problem else 200)
    response.headers["Cache-Control"] = "no-store"
    return response


def _value(key: str, value: object) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return _("Ja") if value else _("Nein")
    if rules.is_moment(key, value):
        return i18n.moment_with_date(value, language()) if value else "–"  # type: ignore[arg-type]
    if key in ("action", "actor"):
        return _of_the_log(key, str(value))
    if key == "level":
        return {"1": _("Basis"), "2": _("Substantiell"), "3": _("Hoch")}.get(str(value), str(value) or "–")
    return _choices().get(key, {}).get(str(value), str(value) if value not in ("", None) else "–")


def _of_the_log(key: str, value: str) -> str:
    """What was done, or who did it and for whom: "person:3 for child:4"."""
    actions, things = flask.current_app.extensions["log_words"]
    if key == "action":
        return str(actions().get(value, value))
    named = (ref.partition(":") for ref in value.split(" for "))
    return f" {_('für')} ".join(f"{things().get(kind, kind)} {number}".strip() for kind, _colon, number in named)


def _choices() -> dict[str, dict[str, str]]:
    """Key -> words for what programs write there."""
    return {
        "mail_notice": {"at_once": _("Sofort"), "daily": _("Einmal am Tag, um 18 Uhr"), "never": _("Nie")},
        "from": {"person": _("Sie"), "town": _("Stadt")},
        "sender": {"office": _("Bürgerbüro"), "account": _("Ihr Konto")},
        "language": {"de": "Deutsch", "en": "English"},
        "role": {
            "owner": _("Alle Rechte"),
            "manager": _("Handeln und verwalten"),
            "member": _("Nur handeln"),
            "admin": _("Leitstelle"),
            "clerk": _("Bürgerbüro"),
            "editor": _("Redaktion"),
            "warden": _("Parkkontrolle"),
            "cashier": _("Kasse"),
            "technician": _("Technik"),
        },
    }


def sections() -> dict[str, str]:
    """Name of a module -> heading."""
    return {
        "account": _("Konto"),
        "inbox": _("Postfach"),
        "openid": _("Verbundene Dienste"),
        "push": _("Hinweise"),
        "parking": _("Parken"),
        "payments": _("Zahlungen"),
        "till": _("Kassen und Karten"),
        "audit": _("Protokoll"),
    }


def words() -> dict[str, str]:
    """Every key of an export in a person's words; a test looks for missing ones."""
    return {
        "mail": _("E-Mail-Adresse"),
        "display_name": _("Name"),
        "language": _("Sprache"),
        "created_at": _("Angelegt"),
        "seen_at": _("Zuletzt da"),
        "identified_until": _("Ausgewiesen bis"),
        "has_password": _("Passwort vorhanden (gespeichert ist nur eine Prüfsumme)"),
        "has_app": _("Authenticator-App eingerichtet"),
        "recovery_codes_left": _("Notfallcodes übrig"),
        "passkeys": _("Passkeys"),
        "identities": _("Andere Anmeldungen"),
        "issuer": _("Anbieter"),
        "linked_at": _("Verbunden"),
        "used_at": _("Zuletzt benutzt"),
        "roles": _("Rollen"),
        "role": _("Rolle"),
        "scope": _("Gilt für"),
        "sessions": _("Angemeldete Geräte"),
        "device": _("Gerät"),
        "history": _("Was geschah"),
        "at": _("Zeit"),
        "kind": _("Vorgang"),
        "organisations": _("Firmen und Vereine"),
        "name": _("Name"),
        "until": _("Bis"),
        "children": _("Kinder"),
        "first_name": _("Vorname"),
        "last_name": _("Nachname"),
        "born": _("Geboren am"),
        "guardians": _("Eltern"),
        "invitations": _("Offene Einladungen"),
        "expires_at": _("Gilt bis"),
        "mail_notice": _("Hinweis per E-Mail"),
        "threads": _("Gespräche"),
        "sender": _("Von"),
        "closed_at": _("Abgeschlossen"),
        "deletion_at": _("Wird gelöscht am"),
        "from": _("Von"),
        "files": _("Dateien"),
        "uploads": _("Hochgeladene Dateien"),
        "case": _("Gehört zu"),
        "mime": _("Art der Datei"),
        "size": _("Größe in Byte"),
        "id": _("Kennung"),
        "sha256": _("Prüfsumme"),
        "messages": _("Nachrichten"),
        "subject": _("Betreff oder Kennung"),
        "text": _("Text"),
        "read_at": _("Gelesen"),
        "balance_cents": _("Guthaben in Cent"),
        "day_limit_cents": _("Grenze am Tag in Cent"),
        "favourites": _("Gemerkte Parkplätze"),
        "watches": _("Hinweise, wenn ein Parkplatz voll wird"),
        "threshold": _("Freie Plätze höchstens"),
        "cars": _("Autos"),
        "plate": _("Kennzeichen"),
        "stays": _("Parkvorgänge"),
        "site": _("Parkplatz"),
        "started_at": _("Beginn"),
        "checks": _("Kontrollen von Parkplätzen"),
        "result": _("Ergebnis"),
        "movements": _("Umsätze"),
        "cents": _("Cent"),
        "what": _("Wofür"),
        "payments": _("Zahlungen"),
        "title": _("Bezeichnung"),
        "state": _("Stand"),
        "mandates": _("Lastschriftmandate"),
        "reference": _("Referenz"),
        "holder": _("Name auf dem Bankkonto"),
        "account": _("Konto"),
        "cards": _("Karten"),
        "phones": _("Handys mit dem Pass"),
        "tickets": _("Saisonkarten und Zehnerkarten"),
        "article": _("Artikel"),
        "entries_left": _("Eintritte übrig"),
        "first_day": _("Gilt ab"),
        "last_day": _("Gilt bis"),
        "used_days": _("Benutzt am"),
        "purchases": _("Einkäufe an Kassen"),
        "till": _("Kasse"),
        "parking_refunds": _("Erstattete Parkgebühren"),
        "connections": _("Verbundene Dienste"),
        "grants": _("Anmeldungen bei Diensten"),
        "level": _("Stufe"),
        "methods": _("Angemeldet mit"),
        "ended_at": _("Beendet"),
        "scopes": _("Sieht"),
        "declined": _("Sieht nicht"),
        "devices": _("Geräte mit Hinweisen"),
        "endpoint": _("Adresse beim Push-Dienst"),
        "last_ok_at": _("Zuletzt erreicht"),
        "given_at": _("Erlaubt"),
        "entries": _("Einträge im Protokoll"),
        "action": _("Vorgang"),
        "actor": _("Von"),
    }
