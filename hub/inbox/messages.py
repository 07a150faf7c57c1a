"""What the inbox hears: from the account, and from itself that there is a message of which somebody must be told."""

from collections.abc import Callable, Mapping
from typing import Any

from hub.account import api as account
from hub.core import i18n
from hub.core.db import Session
from hub.inbox import api

Handler = Callable[[Session, Any], None]


def handlers(house: api.House) -> Mapping[type, Handler]:
    """event -> what the inbox does, with this town's name and address in the letters."""

    def on_code(session: Session, event: account.CodeMade) -> None:
        kind = f"code-{event.purpose}"
        api.send_mail(session, house, event.mail, kind, event.language, event.now, code=event.code)

    def on_known(session: Session, event: account.AlreadyRegistered) -> None:
        api.send_mail(session, house, event.mail, "known", event.language, event.now)

    def on_invitation(session: Session, event: account.Invited) -> None:
        kind = "invitation-organisation" if event.to else "invitation-child"
        values = {"token": event.token, "to": event.to}
        api.send_mail(session, house, event.mail, kind, event.language, event.now, **values)

    def on_change(session: Session, event: account.SecurityChanged) -> None:
        kind = f"security-{event.kind}"
        api.send_message(session, house, event.person_id, api.ACCOUNT, kind, event.now, {}, api.Terms(urgent=True))

    def on_address(session: Session, event: account.MailChanged) -> None:
        when = i18n.moment_with_date(event.now, event.language)
        api.send_mail(session, house, event.old, "mail-changed", event.language, event.now, when=when)

    def on_message(session: Session, event: api.NewMessage) -> None:
        api.notices.tell(session, house, event)

    def on_ending(session: Session, event: account.AccountEnding) -> None:
        person = account.find(session, event.person_id)
        if person is not None and "@" in person.name:
            day = i18n.day(i18n.local(event.until).date(), person.language, "d. MMMM y")
            api.send_mail(session, house, person.name, "account-ending", person.language, event.now, day=day)

    def on_erased(session: Session, event: account.AccountErased) -> None:
        api.drop_mails(session, house, event.mail)
        api.send_mail(session, house, event.mail, "account-erased", event.language, event.now)

    return {
        account.AccountEnding: on_ending,
        account.AccountErased: on_erased,
        account.CodeMade: on_code,
        account.AlreadyRegistered: on_known,
        account.Invited: on_invitation,
        account.MailChanged: on_address,
        account.SecurityChanged: on_change,
        api.NewMessage: on_message,
    }
