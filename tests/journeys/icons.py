"""Draws the app's icons from hub/static/icon.svg: `python -m tests.journeys.icons` after the drawing was changed."""

from pathlib import Path

from playwright.sync_api import sync_playwright

import hub
from tests.journeys.pages import CHROMIUM

STATIC = Path(hub.__file__).parent / "static"
SALT = "#F2F6F5"
# name -> (edge in px, share of it that the drawing takes, ground). A mask may cut everything outside of 80 %.
ICONS = {
    "icon-192": (192, 1.0, ""),
    "icon-512": (512, 1.0, ""),
    "icon-maskable-192": (192, 0.68, SALT),
    "icon-maskable-512": (512, 0.68, SALT),
    "apple-touch-icon": (180, 0.8, SALT),
}
# Android shows the badge in one colour: the town's crystal and its four neighbours.
BADGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 34 34"><path fill="none" stroke="#FFF" stroke-width="3" '
    'd="M17 3.5 30.5 17 17 30.5 3.5 17z"/><path fill="#FFF" d="M12.5 12.5h9v9h-9z"/></svg>'
)


def main() -> None:
    """Writes every file."""
    drawing = (STATIC / "icon.svg").read_text()
    pictures = {name: (*facts, drawing) for name, facts in ICONS.items()} | {"badge-96": (96, 1.0, "", BADGE)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for name, (edge, share, ground, svg) in pictures.items():
            page = browser.new_page(viewport={"width": edge, "height": edge})
            body = f"margin:0;display:grid;place-items:center;height:100vh;background:{ground or 'transparent'}"
            page.set_content(f"<style>body{{{body}}}svg{{width:{share:.0%};height:{share:.0%}}}</style>{svg}")
            page.screenshot(path=STATIC / "icons" / f"{name}.png", omit_background=not ground)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
