"""A browser at the hub, without a server: fills in forms, reads mails, answers with passkeys."""

import html
import json
import re

import flask
import pyotp
from sqlalchemy import text
from werkzeug.test import TestResponse

from hub.core.db import Database
from hub.inbox import api as inbox
from tests.hub.account.authenticator import Authenticator
from tests.hub.account.desk import PASSWORD

HOME = "203.0.113.9"


class Visitor:
    """One browser; `page` is what it shows."""

    def __init__(self, app: flask.Flask, address: str = HOME) -> None:
        self.app, self.address = app, address
        self.client = app.test_client()
        self.database: Database = app.extensions["database"]
        self.page = ""
        self.get("/anmelden")

    def get(self, path: str) -> TestResponse:
        return self._keep(self.client.get(path, environ_base={"REMOTE_ADDR": self.address}))

    def post(self, path: str, **fields: str) -> TestResponse:
        form = {"csrf": self.token} | fields
        return self._keep(self.client.post(path, data=form, environ_base={"REMOTE_ADDR": self.address}))

    def _keep(self, answer: TestResponse) -> TestResponse:
        self.page = answer.get_data(as_text=True)
        found = re.search(r'name="csrf" value="([^"]+)"', self.page)
        self.token = found.group(1) if found else self.token
        return answer

    token = ""

    def hidden(self, name: str, after: str = "") -> str:
        """A hidden field of the page, the first behind `after`."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page[self.page.index(after) if after else 0 :])
        assert found is not None, (name, self.page[-1500:])
        return html.unescape(found.group(1))

    def question(self, kind: str) -> tuple[str, str]:
        """(ticket, options) of the page's passkey question: create or get."""
        start = f'data-passkey="{kind}"'
        found = re.search(rf'{start} data-options="([^"]*)"', self.page)
        assert found is not None
        return self.hidden("ticket", start), html.unescape(found.group(1))

    def mailed_code(self, mail: str) -> str:
        """The newest code that was sent to this address."""
        with self.database.read() as session:
            rows = session.execute(text("select arguments from core_job where kind = 'mail' order by id desc")).all()
        key = self.app.extensions["settings"].secret()
        letters = [inbox.opened(key, json.loads(row[0])) for row in rows]
        for letter in letters:
            code = re.search(r"\b\d{4} ?\d{4}\b", letter["text"])
            if letter["to"] == mail and code:
                return code.group().replace(" ", "")
        raise AssertionError(f"no code was sent to {mail}")

    def prove_mail(self, mail: str, way: str = "/konto/neu") -> str:
        """Asks for a code, types it in; the ticket of the page where the key is chosen."""
        assert self.post(way, mail=mail).status_code == 200
        code_id = self.hidden("code_id")
        assert self.post(f"{way}/code", mail=mail, code_id=code_id, code=self.mailed_code(mail)).status_code == 200
        return self.hidden("granted")

    def register(self, mail: str, password: str = PASSWORD) -> "Visitor":
        answer = self.post("/konto/neu/kennwort", granted=self.prove_mail(mail), password=password)
        assert answer.status_code == 303
        self.get("/konto/sicherheit")
        return self

    def log_in(self, mail: str, password: str = PASSWORD) -> TestResponse:
        self.get("/anmelden")
        return self.post("/anmelden", name=mail, password=password)

    def set_app(self) -> str:
        """Sets an authenticator app; its secret."""
        self.get("/konto/sicherheit/app")
        found = re.search(r"[A-Z2-7]{4}(?: [A-Z2-7]{4}){7}", self.page)
        assert found is not None
        secret = found.group().replace(" ", "")
        answer = self.post("/konto/sicherheit/app", ticket=self.hidden("ticket"), code=pyotp.TOTP(secret).now())
        assert answer.status_code == 303
        self.allow_the_same_code()
        return secret

    def allow_the_same_code(self) -> None:
        """A test need not wait half a minute for the next code."""
        self.database.write(lambda session: session.execute(text("update account_person set otp_step = 0")) and None)

    def add_passkey(self, device: Authenticator) -> TestResponse:
        self.get("/konto/sicherheit")
        ticket, options = self.question("create")
        return self.post("/konto/sicherheit/passkey", ticket=ticket, answer=device.create(options), name="Handy")

    def log_in_by_passkey(self, device: Authenticator, *, handle: str | None = None) -> TestResponse:
        self.get("/anmelden")
        ticket, options = self.question("get")
        return self.post("/anmelden/passkey", ticket=ticket, answer=device.get(options, handle=handle))
