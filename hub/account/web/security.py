"""My account: overview, keys, password, app, recovery codes, sessions and history."""

import io
import logging

import flask
import segno
from flask.typing import ResponseReturnValue

from hub.account import api, rules
from hub.account.api import login, overview, passkeys
from hub.account.web import desk
from hub.account.web.registration import weak
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _

log = logging.getLogger(__name__)

blueprint = flask.Blueprint("security", __name__)


@blueprint.get("/konto")
def home() -> ResponseReturnValue:
    """What the account offers."""
    return _home(desk.person().display_name)


@blueprint.post("/konto/name")
def rename() -> ResponseReturnValue:
    """The name that pages show."""
    person, typed = desk.person(), flask.request.form.get("display_name", "")
    try:
        web.write(lambda session: overview.rename(session, person, typed))
    except ValueError:
        return _home(typed, _("Der Name ist zu lang. Nehmen Sie höchstens 100 Zeichen."))
    return desk.back("security.home", "gespeichert")


@blueprint.get("/konto/willkommen")
def welcome() -> ResponseReturnValue:
    """Recovery codes, shown once after they were made, to their owner."""
    try:
        facts = desk.ring().sealer("shown").read_ticket(flask.request.cookies.get(desk.CODES_COOKIE, ""), now_ms())
    except ValueError:
        facts = {}
    if facts.get("person") != desk.person().id:  # another person may sit at this browser by now
        return flask.redirect(flask.url_for("security.keys"), 303)
    target = rules.safe_target(flask.request.args.get("next", ""))
    page = desk.page("account/welcome.html", codes=facts["codes"], target=target if target != "/" else "/konto")
    page.delete_cookie(desk.CODES_COOKIE, path=desk.CODES_PATH)
    return page


@blueprint.get("/konto/sicherheit")
def keys() -> ResponseReturnValue:
    """Every way to log in, every session, what happened."""
    return _page()


@blueprint.post("/konto/sicherheit/passkey")
def add_passkey() -> ResponseReturnValue:
    """One more passkey."""
    form, now, ring, person = flask.request.form, now_ms(), desk.ring(), desk.person()
    site = desk.site()
    ticket, name = form.get("ticket", ""), form.get("name", "") or desk.device()
    trusted = rules.is_trusted(person.level)
    with web.read() as session:
        handle = passkeys.handle_of(session, person.id)
    try:
        made = passkeys.check_creation(ring, site, ticket, form.get("answer", ""), handle, now)
        web.write(lambda session: passkeys.add(session, person.id, made, name, ticket, now, trusted=trusted))
    except passkeys.PasskeyRefusedError as error:
        log.warning("a new passkey was refused: %.200r", str(error))
        return _page(_("Der Passkey wurde nicht angelegt. Versuchen Sie es noch einmal."))
    return desk.back("security.keys", "passkey-neu")


@blueprint.post("/konto/sicherheit/passkey/<int:passkey_id>/name")
def rename_passkey(passkey_id: int) -> ResponseReturnValue:
    """Another name for a passkey."""
    person, name = desk.person(), flask.request.form.get("name", "")
    if not web.write(lambda session: passkeys.rename(session, person, passkey_id, name)):
        flask.abort(404)
    return desk.back("security.keys", "gespeichert")


@blueprint.post("/konto/sicherheit/passkey/<int:passkey_id>/entfernen")
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Takes a passkey away, never the last way to log in."""
    person, now = desk.person(), now_ms()
    if not web.write(lambda session: passkeys.remove(session, person, passkey_id, now)):
        return _page(_("Das ist Ihr einziger Zugang. Legen Sie zuerst einen anderen an."))
    return desk.back("security.keys", "passkey-weg")


@blueprint.post("/konto/sicherheit/passwort")
def set_password() -> ResponseReturnValue:
    """A new password; every other session ends."""
    person, now, password = desk.person(), now_ms(), flask.request.form.get("password", "")
    try:
        hashed = api.secrets.hash_password(
            password, person.name, web.settings().breached_passwords_dir, (person.display_name,)
        )
    except api.secrets.WeakPasswordError as error:
        return _page(weak_password=weak(error.problem))
    except api.BusyError:
        return _page(desk.busy())

    def store(session: web.Session) -> None:
        api.secrets.set_password(session, person.id, hashed, now)
        api.sessions.end_others(session, person.id, now, but=person.session_id)

    web.write(store)
    return desk.back("security.keys", "passwort-neu")


@blueprint.post("/konto/sicherheit/passwort/entfernen")
def remove_password() -> ResponseReturnValue:
    """Only passkeys from now on."""
    person, now = desk.person(), now_ms()
    if not web.write(lambda session: api.secrets.remove_password(session, person, now)):
        return _page(_("Das ist Ihr einziger Zugang. Legen Sie zuerst einen anderen an."))
    return desk.back("security.keys", "gespeichert")


@blueprint.get("/konto/sicherheit/app")
def app_page() -> ResponseReturnValue:
    """A secret for an authenticator app, as QR code and as text."""
    return _app_page(api.secrets.new_app_secret())


@blueprint.post("/konto/sicherheit/app")
def set_app() -> ResponseReturnValue:
    """Switches the app on when it shows the right code."""
    person, now, ring, form = desk.person(), now_ms(), desk.ring(), flask.request.form
    try:
        facts = ring.sealer("app").read_ticket(form.get("ticket", ""), now)
    except ValueError:
        return desk.back("security.app_page")
    secret, typed, trusted = facts["secret"], form.get("code", "")[:20], rules.is_trusted(person.level)
    if facts["person"] != person.id or not web.write(
        lambda session: api.secrets.set_app(session, ring, person.id, secret, typed, now, trusted=trusted)
    ):
        return _app_page(secret, _("Dieser Code stimmt nicht. Bitte geben Sie den neuesten ein."))
    return desk.back("security.keys", "app-an")


@blueprint.post("/konto/sicherheit/app/entfernen")
def remove_app() -> ResponseReturnValue:
    """Switches the app off."""
    person, now = desk.person(), now_ms()
    web.write(lambda session: api.secrets.remove_app(session, person.id, now))
    return desk.back("security.keys", "gespeichert")


@blueprint.post("/konto/sicherheit/verbindung/entfernen")
def unlink() -> ResponseReturnValue:
    """Ends the link to an upstream identity, never the last way to log in."""
    person, now, issuer = desk.person(), now_ms(), flask.request.form.get("issuer", "")
    if not web.write(lambda session: api.upstream.unlink(session, person, issuer, now)):
        return _page(_("Das ist Ihr einziger Zugang. Legen Sie zuerst einen anderen an."))
    return desk.back("security.keys", "getrennt")


@blueprint.post("/konto/sicherheit/codes")
def new_codes() -> ResponseReturnValue:
    """Ten new recovery codes; the old ones are worthless then."""
    person, now, ring = desk.person(), now_ms(), desk.ring()
    trusted = rules.is_trusted(person.level)
    made = web.write(lambda session: login.new_recovery_codes(session, ring, person.id, now, trusted=trusted))
    return desk.page("account/welcome.html", codes=made, target="/konto/sicherheit", again=True)


@blueprint.post("/konto/sicherheit/sitzung/<session_id>")
def end_session(session_id: str) -> ResponseReturnValue:
    """Logs one device out."""
    person, now = desk.person(), now_ms()
    if not web.write(lambda session: api.sessions.end_listed(session, person, session_id, now)):
        flask.abort(404)
    return desk.back("security.keys", "abgemeldet")


@blueprint.post("/konto/sicherheit/sitzungen")
def end_others() -> ResponseReturnValue:
    """Logs every other device out."""
    person, now = desk.person(), now_ms()
    web.write(lambda session: api.sessions.end_others(session, person.id, now, but=person.session_id))
    return desk.back("security.keys", "abgemeldet")


def _home(typed: str, problem: str = "") -> ResponseReturnValue:
    person, now = desk.person(), now_ms()
    with web.read() as session:
        principals = api.acting.choices(session, person.id, now)
        found = overview.of(session, person, now)
    status = 422 if problem else 200
    values = {"person": person, "principals": principals, "overview": found, "now": now}
    return desk.page("account/home.html", status, **values, typed=typed, problem=problem)


def _page(problem: str = "", weak_password: str = "") -> ResponseReturnValue:
    person, now = desk.person(), now_ms()
    with web.read() as session:
        found = overview.security(session, person, now)
        handle = passkeys.handle_of(session, person.id)
        known = overview.credential_ids(session, person.id)
    question = passkeys.ask_creation(desk.ring(), desk.site(), handle, person.name, person.shown, known, now)
    status = 422 if problem or weak_password else 200
    return desk.page(
        "account/security.html",
        status,
        person=person,
        security=found,
        issuer=web.settings().bundid_issuer,
        question=question,
        problem=problem,
        weak_password=weak_password,
        now=now,
        device=desk.device(),
        may_change_address=api.address.may_change(person),
    )


def _app_page(secret: str, problem: str = "") -> ResponseReturnValue:
    person, now = desk.person(), now_ms()
    ticket = desk.ring().sealer("app").ticket({"secret": secret, "person": person.id}, now + rules.CODE_MS)
    picture = io.BytesIO()
    address = api.secrets.app_address(secret, person.name, desk.town())
    # without a size of its own it fits its frame whole, quiet zone included
    segno.make(address, error="m").save(picture, kind="svg", border=4, omitsize=True, xmldecl=False, nl=False)
    shown = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return desk.page(
        "account/app.html",
        422 if problem else 200,
        ticket=ticket,
        secret=shown,
        picture=picture.getvalue().decode(),
        problem=problem,
    )
