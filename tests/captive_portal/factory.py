"""A realistic bulletin in the contract's shape, and a portal around it. Facts here are the tests' own."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from captive_portal.access import Access
from captive_portal.config import Portal
from captive_portal.preview import PreviewAccess
from captive_portal.report import Reports
from captive_portal.web import create_app
from edge.wire import encode, format_ms


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def text(de: str, en: str) -> dict[str, str]:
    return {"de": de, "en": en}


def bulletin(now: datetime | None = None, **changes: Any) -> dict[str, Any]:
    """A full bulletin as of `now`: as many entries as the contract allows, as long as a town writes them."""
    now = now or datetime.now(UTC)
    body = {
        "v": 1,
        "ts": format_ms(ms(now)),
        "town": {
            "name": "Bad Rappenau",
            "url": "https://www.badrappenau.de",
            "timezone": "Europe/Berlin",
            "demo": True,
        },
        "news": [_news(number, now) for number in range(5)],
        "events": [_event(number, now) for number in range(8)],
        "warnings": [_warning(now)],
        "offices": [_office(number, now) for number in range(5)],
        "parking": [_car_park(number, now) for number in range(16)],
        "legal": {name: _document(name) for name in ("imprint", "privacy", "accessibility", "terms")},
    }
    return {**body, **changes}


def write_state(directory: Path, body: dict[str, Any] | None, connected: bool | None = True) -> Path:
    """The files that the agent would leave in a state directory."""
    directory.mkdir(parents=True, exist_ok=True)
    if body is not None:
        (directory / "bulletin.json").write_bytes(encode("bulletin", body))
    if connected is not None:
        state = {"connected": connected, "since": format_ms(ms(datetime.now(UTC)))}
        (directory / "uplink.json").write_text(json.dumps(state))
    return directory


def portal(directory: Path, **changes: Any) -> Portal:
    return Portal(**{"label": "Kurpark am See", "state_directory": directory, **changes})


def client(directory: Path, access: Access | None = None, addresses: Any = (), **changes: Any) -> Any:
    """A test client of the portal over `directory`."""
    chosen = portal(directory, **changes)
    app = create_app(chosen, access or PreviewAccess(), Reports(directory / "agent.sock"), addresses)
    return app.test_client()


def _news(number: int, now: datetime) -> dict[str, Any]:
    titles = [
        text("Kita im Ärztehaus Fürfeld startet", "New nursery in Fürfeld opens"),
        text("Heizöl-Alarm im Schwaigerner Wald", "Heating-oil alarm in the woods"),
        text("Wellenbecken ist wieder offen", "The wave pool is open again"),
    ]
    long = "Die Stadt hat dafür 2,5 Millionen Euro ausgegeben und bittet um Verständnis für die lange Bauzeit im Ort."
    return {
        "id": f"n{number}",
        "title": titles[number % 3],
        "text": text(long, "The town spent 2.5 million euros on it and asks for patience with the long works."),
        "date": (now - timedelta(days=number)).date().isoformat(),
        "assumed": number % 2 == 1,
    }


def _event(number: int, now: datetime) -> dict[str, Any]:
    places = text("Fußgängerzone", "Pedestrian zone")
    names = [text("Wochenmarkt", "Weekly market"), text("Bad Rappenau on Ice", "Bad Rappenau on Ice")]
    kinds = ["markt", "eisbahn"]
    start = (now + timedelta(days=1 + number)).date()
    return {
        "id": f"e{number}",
        "title": names[number % 2],
        "place": places if number % 2 == 0 else text("Eisbahn am Rathaus", "Ice rink at the town hall"),
        "start": start.isoformat(),
        "end": (start + timedelta(days=20)).isoformat() if number % 2 else None,
        "time": "08:00" if number % 2 == 0 else None,
        "kind": kinds[number % 2],
        "assumed": number % 2 == 0,
    }


def _warning(now: datetime) -> dict[str, Any]:
    return {
        "id": "w0",
        "level": "warning",
        "title": text("Glatteis ab heute Abend", "Black ice from this evening"),
        "text": text("Auf Brücken und Nebenstraßen wird es glatt.", "Bridges and side roads will be slippery."),
        "until": format_ms(ms(now + timedelta(hours=12))),
        "assumed": True,
    }


def _office(number: int, now: datetime) -> dict[str, Any]:
    names = [
        text("Bürgerbüro", "Citizens’ office"),
        text("Stadtbücherei", "Town library"),
        text("Rathaus", "Town hall"),
    ]
    day = timedelta(days=1)
    spans = [(now - timedelta(hours=2) + n * day, now + timedelta(hours=3) + n * day) for n in range(8)]
    return {
        "id": f"o{number}",
        "name": names[number % 3],
        "address": "Kirchplatz 4",
        "open": [[format_ms(ms(start)), format_ms(ms(end))] for start, end in spans],
        "assumed": False,
    }


def _car_park(number: int, now: datetime) -> dict[str, Any]:
    names = [text("Thermarium", "Thermarium"), text("Kurklinik", "Spa clinic"), text("Bahnhof", "Railway station")]
    return {
        "id": f"p{number}",
        "name": names[number % 3],
        "short": names[number % 3],
        "lat": 49.2386 + number / 1000,
        "lon": 9.1016,
        "capacity": 90,
        "free": 18 if number != 2 else None,
        "tariff": text("30 Minuten frei, dann 1 €/Stunde", "30 minutes free, then €1 an hour"),
        "updated_at": format_ms(ms(now)),
        "assumed": number % 2 == 1,
    }


def _document(name: str) -> dict[str, Any]:
    part = {
        "heading": text("Verantwortlich", "Responsible"),
        "text": text("Stadt Bad Rappenau.\nKirchplatz 4.", "The town."),
    }
    titles = {
        "imprint": text("Impressum", "Legal notice"),
        "privacy": text("Datenschutz", "Privacy"),
        "accessibility": text("Erklärung zur Barrierefreiheit", "Accessibility statement"),
        "terms": text("Nutzungsregeln", "Terms of use"),
    }
    return {"title": titles[name], "assumed": True, "sections": [part] * 6}
