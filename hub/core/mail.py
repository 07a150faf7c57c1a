"""Handing a mail over to an SMTP server."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Smtp:
    """smtp://host:port or smtps://user:password@host:port and the sender; smtp:// uses STARTTLS where offered."""

    url: str
    sender: str

    def send(self, recipient: str, subject: str, text: str, message_id: str = "") -> None:
        """One mail; OSError when it could not be handed over. With a `message_id` a repeated mail is seen as one."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, recipient, subject
        message["Auto-Submitted"] = "auto-generated"
        if message_id:
            message["Message-ID"] = f"<{message_id}@{self.sender.rpartition('@')[2]}>"
        message.set_content(text)
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
