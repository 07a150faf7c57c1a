"""Outside the house: mail and webhook for alerts."""

import json
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Mail:
    """smtp://host:port or smtps://user:password@host:port, and the addresses; smtp:// uses STARTTLS where offered."""

    url: str
    sender: str
    recipient: str
    town: str

    def send(self, body: str) -> None:
        """One mail about one alert; OSError when it could not be handed over."""
        said = json.loads(body)
        message = EmailMessage()
        message["From"], message["To"] = self.sender, self.recipient
        state = "Alarm" if said["open"] else "Wieder in Ordnung"
        message["Subject"] = f"{state}: {said['node']} ({said['code']})"
        message.set_content(f"{state}, Knoten {said['node']}.\n\n{said['text']}\n\n{self.town}, Stadtknoten\n")
        try:
            self._hand_over(message)
        except smtplib.SMTPException as error:
            raise OSError(str(error)) from error

    def _hand_over(self, message: EmailMessage) -> None:
        parts, context = urlsplit(self.url), ssl.create_default_context()
        host = parts.hostname or "localhost"
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=_TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(host, parts.port or 25, timeout=_TIMEOUT_S)
        with server:
            if parts.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=context)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)


@dataclass(frozen=True)
class Webhook:
    """An address that takes JSON: {"node", "code", "open", "text", "at"}."""

    url: str

    def send(self, body: str) -> None:
        """One POST; OSError for anything but a 2xx answer."""
        request = Request(self.url, body.encode(), {"Content-Type": "application/json"})  # noqa: S310 (settings checked it)
        with urlopen(request, timeout=_TIMEOUT_S):  # noqa: S310 (an HTTP error is an OSError)
            return
