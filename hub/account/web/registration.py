"""Opening an account, a forgotten password, a code of the citizens' office: mail address, code, new key."""

import logging

import flask
from flask.typing import ResponseReturnValue

from hub.account import api, rules
from hub.account.api import codes, login, passkeys, registration
from hub.account.web import desk
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web import language

log = logging.getLogger(__name__)

blueprint = flask.Blueprint("registration", __name__)

_PURPOSES = {"neu": codes.REGISTER, "passwort": codes.RESET}


@blueprint.get("/konto/neu", defaults={"way": "neu"})
@blueprint.get("/anmelden/passwort", defaults={"way": "passwort"})
def mail_page(way: str) -> ResponseReturnValue:
    """Asks for the mail address."""
    return desk.page("account/mail.html", way=way, mail="", problem="", target=_target())


@blueprint.post("/konto/neu", defaults={"way": "neu"})
@blueprint.post("/anmelden/passwort", defaults={"way": "passwort"})
def send_code(way: str) -> ResponseReturnValue:
    """Has a code sent; says the same whether the address has an account or not."""
    typed, now, lang = flask.request.form.get("mail", "")[:300], now_ms(), language.language()
    try:
        mail = codes.valid_mail(typed)
        codes.allow_mail(mail, desk.address(), now, _PURPOSES[way])
    except ValueError:
        problem = _("Bitte geben Sie eine E-Mail-Adresse ein, zum Beispiel name@beispiel.de.")
        return desk.page("account/mail.html", 422, way=way, mail=typed, problem=problem, target=_target())
    except api.ThrottledError as error:
        text = desk.too_often(error)
        return desk.page(
            "account/mail.html", 429, way=way, mail=typed, problem=text, target=_target(), is_throttled=True
        )
    ring, purpose = desk.ring(), _PURPOSES[way]
    may_send = codes.has_room(mail, purpose, now)
    code_id = web.write(lambda session: codes.ask(session, ring, purpose, mail, lang, now, may_send=may_send))
    return desk.page("account/mailcode.html", way=way, mail=mail, code_id=code_id, problem="", target=_target())


@blueprint.post("/konto/neu/code", defaults={"way": "neu"})
@blueprint.post("/anmelden/passwort/code", defaults={"way": "passwort"})
def check_code(way: str) -> ResponseReturnValue:
    """The code out of the mail; then comes the new key."""
    form, now, ring = flask.request.form, now_ms(), desk.ring()
    code_id, typed = form.get("code_id", "")[:64], form.get("code", "")[:60]
    granted = web.write(lambda session: codes.check(session, ring, _PURPOSES[way], code_id, typed, now))
    if granted is None:
        problem = _("Dieser Code gilt nicht oder nicht mehr. Prüfen Sie ihn oder lassen Sie sich einen neuen schicken.")
        mail = form.get("mail", "")[:254]
        return desk.page(
            "account/mailcode.html", 422, way=way, mail=mail, code_id=code_id, problem=problem, target=_target()
        )
    return _key_page(codes.seal(ring, granted, now))


@blueprint.get("/anmelden/wiederherstellen")
def recovery_page() -> ResponseReturnValue:
    """For the code that the citizens' office handed over."""
    return desk.page("account/recovery.html", mail="", problem="")


@blueprint.post("/anmelden/wiederherstellen")
def check_recovery() -> ResponseReturnValue:
    """The code of the citizens' office; then comes the new key."""
    form, now, ring = flask.request.form, now_ms(), desk.ring()
    typed, code = form.get("mail", "")[:254], form.get("code", "")[:60]
    mail = rules.normal_name(typed)
    try:
        codes.allow_recovery(mail, desk.address(), now)
    except api.ThrottledError as error:
        return desk.page("account/recovery.html", 429, mail=typed, problem=desk.too_often(error), is_throttled=True)
    granted = web.write(lambda session: codes.check_recovery(session, ring, mail, code, now))
    if granted is None:
        problem = _("Dieser Code gilt nicht oder nicht mehr. Das Bürgerbüro gibt Ihnen gern einen neuen.")
        return desk.page("account/recovery.html", 422, mail=typed, problem=problem)
    codes.forgive_recovery(mail, desk.address(), now)
    return _key_page(codes.seal(ring, granted, now))


@blueprint.post("/konto/neu/passkey")
def set_passkey() -> ResponseReturnValue:
    """The browser made a passkey: the account opens with it."""
    form, now, ring = flask.request.form, now_ms(), desk.ring()
    ticket, question, handle = form.get("granted", ""), form.get("ticket", ""), form.get("handle", "")
    try:
        granted = codes.unseal(ring, ticket, now)
        made = passkeys.check_creation(ring, desk.site(), question, form.get("answer", ""), handle, now)
    except passkeys.PasskeyRefusedError as error:
        log.warning("a new passkey was refused: %.200r", str(error))
        return _key_page(ticket, _("Der Passkey wurde nicht angelegt. Versuchen Sie es noch einmal."))
    except ValueError:
        return _over()
    name, lang = form.get("device", "") or desk.device(), language.language()

    def store(session: web.Session) -> int:
        person_id = registration.start(session, granted, ticket, handle, lang, now, registration.PASSKEY)
        passkeys.add(session, person_id, made, name, question, now)
        return person_id

    return _open(store, granted, passkeys.METHODS, now)


@blueprint.post("/konto/neu/kennwort")
def set_password() -> ResponseReturnValue:
    """A password instead of a passkey."""
    form, now, ring = flask.request.form, now_ms(), desk.ring()
    ticket, password = form.get("granted", ""), form.get("password", "")
    try:
        granted = codes.unseal(ring, ticket, now)
    except ValueError:
        return _over()
    try:
        hashed = api.secrets.hash_password(password, granted.mail, web.settings().breached_passwords_dir)
    except api.secrets.WeakPasswordError as error:
        return _key_page(ticket, weak(error.problem), open_password=True)
    except api.BusyError:
        return _key_page(ticket, desk.busy(), open_password=True)
    handle, lang = passkeys.new_handle(), language.language()

    def store(session: web.Session) -> int:
        person_id = registration.start(session, granted, ticket, handle, lang, now, registration.PASSWORD)
        api.secrets.set_password(session, person_id, hashed, now)
        return person_id

    return _open(store, granted, frozenset({login.PASSWORD}), now)


def _open(store: web.Work[int], granted: codes.Granted, methods: frozenset[str], now: int) -> ResponseReturnValue:
    """Stores the key, makes recovery codes and opens the session, all or nothing."""
    device, old, ring = desk.device(), desk.token(), desk.ring()

    def work(session: web.Session) -> tuple[int, str | None, list[str]]:
        person_id = store(session)
        if granted.purpose == codes.RESET:  # a second factor, if there is one, is still asked at the log-in
            return person_id, None, []
        made = login.new_recovery_codes(session, ring, person_id, now)
        return person_id, registration.finish(session, granted, person_id, methods, now, device, old), made

    try:
        person_id, token, made = web.write(work)
    except (registration.TakenError, passkeys.PasskeyRefusedError):
        return _over()
    if token is None:
        return flask.redirect(flask.url_for("account.log_in_page", gesagt="passwort"), 303)
    codes_ticket = ring.sealer("shown").ticket({"codes": made, "person": person_id}, now + rules.HOUR)
    response = desk.with_session(flask.url_for("security.welcome", next=_target()), token)
    response.set_cookie(
        desk.CODES_COOKIE,
        codes_ticket,
        max_age=3600,
        httponly=True,
        samesite="Lax",
        secure=web.is_secure(),
        path=desk.CODES_PATH,
    )
    return response


def _key_page(ticket: str, problem: str = "", *, open_password: bool = False) -> ResponseReturnValue:
    """Chooses the new key; the ticket carries what was proved so far."""
    now, ring = now_ms(), desk.ring()
    try:
        granted = codes.unseal(ring, ticket, now)
    except ValueError:
        return _over()
    handle = passkeys.new_handle()
    if granted.person_id is not None:
        with web.read() as session:
            handle = passkeys.handle_of(session, granted.person_id)
    question = passkeys.ask_creation(ring, desk.site(), handle, granted.mail, granted.mail, [], now)
    return desk.page(
        "account/key.html",
        422 if problem else 200,
        granted=ticket,
        purpose=granted.purpose,
        mail=granted.mail,
        handle=handle,
        question=question,
        problem=problem,
        open_password=open_password,
        device=desk.device(),
        target=_target(),
    )


def weak(problem: str) -> str:
    """Why a password will not do, as a sentence."""
    return {
        "short": _("Das Passwort ist zu kurz. Nehmen Sie mindestens %(n)s Zeichen.", n=rules.MIN_PASSWORD),
        "long": _("Das Passwort ist zu lang. Nehmen Sie höchstens %(n)s Zeichen.", n=rules.MAX_PASSWORD),
        "guessable": _("Dieses Passwort ist leicht zu erraten. Nehmen Sie zum Beispiel vier zufällige Wörter."),
        "breached": _("Dieses Passwort steht in einer Liste gestohlener Passwörter. Nehmen Sie ein anderes."),
    }[problem]


def _over() -> ResponseReturnValue:
    return desk.page(
        "error.html",
        410,
        code=410,
        title=_("Das hat zu lange gedauert"),
        advice=_("Bitte fangen Sie noch einmal an. Es ist nichts verloren."),
        error_id="",
    )


def _target() -> str:
    return rules.safe_target(flask.request.values.get("next", ""))
