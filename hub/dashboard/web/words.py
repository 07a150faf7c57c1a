"""A node's settings and commands in the reader's words, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.core import i18n
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.fleet import api as fleet

WIFI_NUMBERS = ("download_mbit", "upload_mbit", "quota_mb")


def days() -> list[str]:
    """Monday first."""
    return [_("Montag"), _("Dienstag"), _("Mittwoch"), _("Donnerstag"), _("Freitag"), _("Samstag"), _("Sonntag")]


def commands() -> dict[str, str]:
    """What a node may be asked."""
    return {
        "identify": _("Leuchte blinken lassen"),
        "restart": _("Programm neu starten"),
        "restart_wifi": _("WLAN-Dienste neu starten"),
        "reread": _("Datei neu lesen"),
    }


def reasons() -> dict[str, str]:
    """Why there is a version."""
    return {
        "changed": _("geändert"),
        "returned": _("zurückgeholt"),
        "blocked": _("Gerät gesperrt"),
        "unblocked": _("Gerät freigegeben"),
    }


def own_certificates() -> dict[str, str]:
    """The hub's own certificates."""
    return {
        "broker": _("Broker"),
        "web": _("Webserver"),
        "hub": _("Anmeldung des Hubs beim Broker"),
        "authority": _("Zertifizierungsstelle der Stadt"),
    }


def remedies() -> dict[str, str]:
    """What to do when one of them ends."""
    return {
        "playbook": _("Führen Sie „ansible-playbook site.yml --limit hubs“ aus, das erneuert es."),
        "buy": _("Besorgen Sie ein neues, tragen Sie es bei hub_tls_certificate ein und führen Sie das Playbook aus."),
        "broker": _("Besorgen Sie beim Betreiber des Brokers ein neues."),
        "authority": _(
            "Legen Sie auf dem Hub das Verzeichnis ca beiseite, führen Sie das Playbook aus und schreiben Sie danach "
            "jeden Knoten neu ein."
        ),
    }


def radio_states() -> dict[str, str]:
    """What the radio does, as the node says it."""
    return {
        "on": _("Name des WLANs ist zu sehen"),
        "off": _("Funk aus: der Name ist nicht zu sehen"),
        "turning": _("Funk schaltet gerade um"),
        "stuck": _("Funk gehorcht nicht"),
        "away": _("Funk antwortet nicht"),
    }


def rule_names() -> dict[str, str]:
    """The rules of bays."""
    return {
        "occupied_after_s": _("Belegt nach Sekunden"),
        "free_after_s": _("Frei nach Sekunden"),
        "max_flips": _("Wechsel in 10 Minuten bis „gestört“"),
        "repeat_minutes": _("Lebenszeichen alle … Minuten"),
    }


def wifi_names() -> dict[str, str]:
    """The settings of the WiFi."""
    return {
        "off": _("WLAN aus"),
        "zone": _("Zeitzone"),
        "hours": _("Öffnungszeiten"),
        "download_mbit": _("Laden, Mbit/s je Gerät"),
        "upload_mbit": _("Senden, Mbit/s je Gerät"),
        "quota_mb": _("Datenmenge je Sitzung, MB"),
    }


def path_label(path: Sequence[str]) -> str:
    """What a difference is about: ("wifi", "hours", "0") -> Montag."""
    part, name = path[0], path[1]
    if part == "wifi" and len(path) == 3:
        return _("Geöffnet %(day)s", day=days()[int(path[2])]) if path[2].isdecimal() else path[2]
    if part == "wifi":
        return wifi_names().get(name, name)
    if part == "rules":
        return rule_names().get(name, name)
    labels = {"occupied_below_m": _("belegt unter, m"), "free_above_m": _("frei über, m")}
    return f"{name}: {labels.get(path[2], path[2])}"


def by_section(changes: Sequence[fleet.Difference]) -> dict[str, list[fleet.Difference]]:
    """Heading -> the differences below it."""
    names = {"wifi": _("WLAN"), "rules": _("Sensoren"), "bays": _("Abstände der Stellplätze")}
    found: dict[str, list[fleet.Difference]] = {}
    for change in changes:
        found.setdefault(names.get(change.path[0], change.path[0]), []).append(change)
    return found


def shown(value: str, path: Sequence[str] = ()) -> str:
    """A difference's value; empty = the node's own file, which knows neither opening times nor off."""
    if not value and path and path[0] == "wifi" and path[1] in ("off", "hours"):
        return _("nein") if path[1] == "off" else _("durchgehend")
    words = {"": _("wie in der Datei des Knotens"), "true": _("ja"), "false": _("nein"), "–": _("geschlossen")}
    return words.get(value, value.replace(".", ",") if language() == "de" and value.count(".") == 1 else value)


def wifi_values(wifi: Mapping[str, Any], lang: str) -> dict[str, str]:
    """Form fields out of a node's WiFi settings."""
    hours = wifi.get("hours")
    found = {"wann": "aus" if wifi.get("off") else "zeiten" if hours else "immer"}
    for number, spans in enumerate(hours or ()):
        found[f"tag{number}"] = fleet.wifi.words_of(spans)
    for name in WIFI_NUMBERS:
        if name in wifi:
            found[name] = i18n.number(wifi[name], lang)
    return found


def steps() -> dict[str, str]:
    """What a node does, in the reader's words."""
    return {
        "waiting": _("noch nicht an der Reihe"),
        "working": _("Auftrag ist unterwegs"),
        "downloading": _("lädt"),
        "fetched": _("geladen"),
        "installing": _("richtet ein"),
        "trial": _("probiert"),
        "interrupted": _("unterbrochen, beginnt neu"),
        "done": _("fertig"),
        "failed": _("nicht geklappt"),
        "skipped": _("beiseitegelegt"),
        "refused": _("abgelehnt"),
        "rolled_back": _("zurückgenommen"),
    }
