"""Screenshots of every page: `python -m tests.journeys.pages OUTDIR URL`, all widths, languages and themes."""

import sys
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PATHS = {
    "start": "/",
    "parken": "/parken",
    "parken-platz": "/parken/thermarium",
    "parken-filter": "/parken?filter=laden",
    "wlan": "/wlan",
    "impressum": "/impressum",
    "datenschutz": "/datenschutz",
    "barrierefreiheit": "/barrierefreiheit",
    "demo": "/demo",
    "daten": "/daten",
    "anmelden": "/anmelden",
    "fehlt": "/gibt-es-nicht",
}
WIDTHS, LANGUAGES, THEMES = (320, 390, 1280), ("de", "en"), ("light", "dark")
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def shoot(browser: Browser, outdir: Path, url: str, paths: dict[str, str] = PATHS) -> list[str]:
    """Takes every picture; returns what went wrong: console errors, pages that are wider than the screen."""
    problems = []
    for width, lang, theme in product(WIDTHS, LANGUAGES, THEMES):
        context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=theme, reduced_motion="reduce"
        )
        context.add_cookies([{"name": "sk_lang", "value": lang, "url": url}])
        page = _watched(context.new_page(), problems)
        for name, path in paths.items():
            page.goto(f"{url}{path}", wait_until="load")
            page.evaluate("document.fonts.ready")
            page.wait_for_timeout(400)  # the map and the first snapshot
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                problems.append(f"{page.url} is wider than {width} px")
            page.evaluate("document.querySelector('.sk-fuss').style.position = 'static'")  # else it covers the picture
            page.screenshot(path=outdir / f"{name}-{width}-{lang}-{theme}.png", full_page=True)
        context.close()
    return [problem for problem in problems if "404" not in problem]


def _watched(page: Page, problems: list[str]) -> Page:
    page.on("console", lambda said: said.type == "error" and problems.append(f"{page.url}: {said.text}"))
    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
    return page


def main() -> int:
    """Returns 1 when a page had a problem."""
    outdir, url = Path(sys.argv[1]), sys.argv[2].rstrip("/")
    outdir.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        problems = shoot(browser, outdir, url)
        browser.close()
    print("\n".join(sorted(set(problems))) or "No problems.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
