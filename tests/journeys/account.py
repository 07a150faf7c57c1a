"""A hub for account journeys: web and worker with the demonstration's mailbox; people with virtual authenticators."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page

from hub import setup
from hub.settings import Settings
from tests import ready
from tests.servers import free_port, wait_for_port
from tests.spine.processes import Process

ADMIN_PASSWORD = "salz wasser rosen turm"


@dataclass(frozen=True)
class Office:
    """A running hub."""

    url: str
    settings: Settings


@contextmanager
def office(directory: Path, more: dict[str, str] | None = None) -> Iterator[Office]:
    """Web and worker on SQLite, with an admin named leitstelle; `more` goes into their environment."""
    settings = Settings(state_dir=directory, port=free_port(), live_port=free_port(), demo=True)
    ready.migrate(settings)
    setup.seed(settings)
    setup.set_admin(settings, "leitstelle", password=ADMIN_PASSWORD)
    url = f"http://localhost:{settings.port}"
    environment = {
        "HUB_STATE_DIR": str(directory),
        "HUB_PORT": str(settings.port),
        "HUB_LIVE_PORT": str(settings.live_port),
        "HUB_PUBLIC_URL": url,
        "HUB_BROKER_URL": f"mqtt://127.0.0.1:{free_port()}",
        "HUB_DEMO": "1",
        **(more or {}),
    }
    running = [Process(["-m", "hub", "serve", "--only", part], environment) for part in ("web", "worker")]
    try:
        assert wait_for_port(settings.port)
        yield Office(url, settings)
    finally:
        for process in running:
            process.stop()


class Person:
    """Somebody with a browser of their own and a device that makes passkeys."""

    def __init__(self, browser: Browser, url: str, *, width: int = 390) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 844}, locale="de-DE")
        # the virtual device would answer the quiet offer in the name's field at once, without anybody's press
        self.context.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
        self.page: Page = self.context.new_page()
        self.url = url
        self._wire: CDPSession = self.context.new_cdp_session(self.page)
        self._wire.send("WebAuthn.enable")
        self.authenticator = self.add_authenticator()

    def add_authenticator(self) -> str:
        """A device that says yes at once."""
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self._wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return str(made["authenticatorId"])

    def lose_authenticator(self) -> None:
        """The device falls into the lake; a new one is bought."""
        self._wire.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.authenticator})
        self.authenticator = self.add_authenticator()

    def open(self, path: str) -> Page:
        """Goes to a page of the hub."""
        self.page.goto(f"{self.url}{path}")
        return self.page

    def press(self, name: str) -> None:
        """Presses the button with this name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def fill(self, label: str, value: str) -> None:
        """Types into the field with this label."""
        self.page.get_by_label(label, exact=True).fill(value)

    def says(self, text: str) -> None:
        """Waits until the page shows this text."""
        self.page.get_by_text(text).first.wait_for(timeout=10_000)

    def register(self, mail: str) -> None:
        """Opens an account with a passkey; ends on the page with the emergency codes."""
        self.open("/konto/neu")
        self.finish_registration(mail)

    def finish_registration(self, mail: str) -> None:
        """From the page that asks for the address."""
        self.fill("E-Mail-Adresse", mail)
        self.press("Code schicken")
        self.fill("Code aus der E-Mail", self.mailed_code(mail))
        self.press("Weiter")
        self.press("Passkey anlegen")
        self.says("Ihre Notfallcodes")

    def mailed_code(self, mail: str) -> str:
        """The code in the newest mail to this address."""
        page = self.context.new_page()
        try:
            for _ in range(60):
                page.goto(f"{self.url}/demo/postamt")
                for article in page.locator("article").all():
                    text = article.inner_text()
                    found = re.search(r"\b\d{8}\b", text)
                    if mail in text and found:
                        return found.group()
                time.sleep(0.25)
        finally:
            page.close()
        raise AssertionError(f"no code came to {mail}")

    def close(self) -> None:
        """Closes the browser's window."""
        self.context.close()
