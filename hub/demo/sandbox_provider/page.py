"""The hosted page on which one pays, in the town's colours, without scripts."""

from html import escape
from typing import Any

STYLE = """
:root{--salz:#f2f6f5;--flaeche:#fff;--tinte:#0f2a2e;--leise:#455f60;--rand:#6a8382;
--sole:#0b5d66;--auf:#fff;--sand:#f6e9d9}
@media (prefers-color-scheme:dark){:root{--salz:#0a181b;--flaeche:#11262a;--tinte:#e8f2f0;--leise:#a6bebb;
--rand:#78979a;--sole:#74d3cf;--auf:#06272b;--sand:#372a1a}}
*{box-sizing:border-box}body{margin:0;background:var(--salz);color:var(--tinte);font:1.0625rem/1.5 system-ui,sans-serif}
aside{background:var(--sand);padding:.4rem 1rem;text-align:center;font-size:.875rem}
main{max-width:30rem;margin:0 auto;padding:1.5rem 1rem 3rem;display:grid;gap:1rem}
section{background:var(--flaeche);border-radius:20px;padding:1.5rem;display:grid;gap:1rem}
h1{font-size:1.6rem;line-height:1.15;margin:0}p,dl,dd{margin:0}dt{color:var(--leise);font-size:.9375rem}
dl{display:grid;gap:.75rem}.summe{font-size:2.25rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.1}
form{display:grid;gap:.75rem}button{font:inherit;font-weight:600;min-height:3rem;padding:.6rem 1rem;border-radius:12px;
border:1.5px solid var(--sole);background:none;color:var(--sole);cursor:pointer}
button.erst{background:var(--sole);color:var(--auf)}:focus-visible{outline:3px solid var(--tinte);outline-offset:2px}
small{color:var(--leise);font-size:.9375rem}
"""
_WORDS = {
    "de": {
        "demo": "Demonstration: hier fließt kein Geld.",
        "title": "Bezahlen",
        "to": "Empfänger",
        "town": "Stadt Bad Rappenau",
        "for": "Wofür",
        "pay": "Mit Testkarte bezahlen",
        "late": "Bezahlen, aber spät bestätigen",
        "late_hint": "Das Geld kommt erst nach einiger Zeit an, wie es bei manchen Banken vorkommt.",
        "fail": "Karte ablehnen lassen",
        "cancel": "Abbrechen und zurück",
        "keep": "Die Testkarte wird für automatisches Aufladen gespeichert.",
        "over": "Dieser Bezahlvorgang ist abgeschlossen.",
        "back": "Zurück zur Stadt",
    },
    "en": {
        "demo": "Demonstration: no money moves here.",
        "title": "Pay",
        "to": "Payee",
        "town": "Town of Bad Rappenau",
        "for": "For",
        "pay": "Pay with the test card",
        "late": "Pay, but confirm late",
        "late_hint": "The money arrives after a while, as happens with some banks.",
        "fail": "Have the card declined",
        "cancel": "Cancel and go back",
        "keep": "The test card is kept for automatic top-ups.",
        "over": "This payment is finished.",
        "back": "Back to the town",
    },
}


def render(payment: dict[str, Any]) -> str:
    """The whole page."""
    language = "en" if payment.get("language") == "en" else "de"
    words, cents = _WORDS[language], payment["amount"]
    english = f"{cents // 100:,}.{cents % 100:02d}"
    amount = f"€{english}" if language == "en" else english.translate(str.maketrans(",.", ".,")) + "\u00a0€"
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{words['title']} – Testkasse</title>"
        '<link rel="icon" href="data:,">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        f'content="light dark"><style>{STYLE}</style></head><body><aside>{words["demo"]}</aside><main>'
        f'<h1>{words["title"]}</h1><section><p class="summe">{amount}</p><dl><div><dt>{words["to"]}</dt>'
        f"<dd>{words['town']}</dd></div><div><dt>{words['for']}</dt><dd>{escape(str(payment['title']))}</dd></div></dl>"
        f"{_form(payment, words)}</section></main></body></html>"
    )


def _form(payment: dict[str, Any], words: dict[str, str]) -> str:
    if payment["status"] in ("captured", "failed", "cancelled"):
        link = f'<a href="{escape(payment["return_url"])}">{words["back"]}</a>'
        return f"<p>{words['over']}</p><p>{link}</p>"
    keep = f"<small>{words['keep']}</small>" if payment.get("keep") else ""
    buttons = "".join(
        f'<button name="do" value="{verb}"{" class=erst" if verb == "pay" else ""}>{words[verb]}</button>'
        + (f"<small>{words['late_hint']}</small>" if verb == "late" else "")
        for verb in ("pay", "late", "fail", "cancel")
    )
    return f'{keep}<form method="post">{buttons}</form>'
