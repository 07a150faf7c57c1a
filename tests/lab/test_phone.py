"""A person with a phone: Chromium on the visitor's device, through real DHCP, DNS, nftables, gate and portal."""

import http.client
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.lab.__main__ import open_browser_door
from tests.lab.lab import INTERNET4, PORTAL_HOST, Client, Lab, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.journey]


@pytest.fixture(scope="module")
def phone(street: Lab) -> Client:
    """A device that joined."""
    return street.client(1).join()


@pytest.fixture
def page(phone: Client, tmp_path: Path) -> Iterator[Page]:
    """A browser window on that device, as the log-in window of a phone: no cookies, no JavaScript."""
    program = tmp_path / "chromium"
    program.write_text(f'#!/bin/sh\nexec ip netns exec {phone.space} chromium "$@"\n')
    program.chmod(0o755)
    options = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=options)
        shape = {"width": 390, "height": 780}
        context = browser.new_context(viewport=shape, locale="de-DE", java_script_enabled=False)
        yield context.new_page()
        browser.close()


def test_from_the_probe_over_one_button_into_the_internet(page: Page, phone: Client) -> None:
    page.goto("http://captive.apple.com/hotspot-detect.html")
    assert page.url == f"http://{PORTAL_HOST}/"
    assert page.locator("h1").inner_text() == "Willkommen in Bad Rappenau"
    button = page.get_by_role("button", name="Kostenlos verbinden")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/verbunden")
    assert page.locator("h1").inner_text() == "Sie sind verbunden"
    page.goto(f"http://{INTERNET4}:8000/")
    assert "the internet says hello" in page.content()


def test_who_comes_back_sees_the_time_left_and_may_extend(page: Page, phone: Client) -> None:
    page.goto(f"http://{PORTAL_HOST}/")
    page.get_by_role("button", name="Zeit verlängern").click()
    page.wait_for_url("**/verbunden")
    assert "Noch" in page.locator("main").inner_text()


def test_the_landing_page_opens_in_a_browser_outside_the_lab(street: Lab) -> None:
    other = street.client(2).join()
    process, port = open_browser_door(other)
    try:

        def ask(method: str, path: str) -> http.client.HTTPResponse:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request(method, path, headers={"Accept-Language": "de"})
            return connection.getresponse()

        def answers() -> bool:
            try:
                return b"Willkommen" in ask("GET", "/").read()
            except OSError:
                return False

        wait_until(answers, "the forwarder")
        answer = ask("POST", "/verbinden")
        assert (answer.status, answer.getheader("Location")) == (303, "/verbunden")
        assert other.reaches(INTERNET4)
    finally:
        process.terminate()
        process.wait(5)
    assert os.path.exists(f"/etc/netns/{other.space}")  # noqa: PTH110
