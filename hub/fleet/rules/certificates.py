"""The hub's own certificates: when one of them needs a person, and what that person does. Moments in ms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hub.fleet.rules.alerts import DAY_MS

WARN_DAYS = 30
FOREIGN_WARN_DAYS = 14  # machines renew such a certificate 30 days before its end: then nobody need hear of it
NAMES = ("broker", "web", "hub", "authority")  # in the order in which they are shown
_GERMAN = {
    "broker": "Das Zertifikat des Brokers",
    "web": "Das Zertifikat des Webservers",
    "hub": "Das Zertifikat, mit dem sich der Hub beim Broker ausweist,",
    "authority": "Das Zertifikat der städtischen Zertifizierungsstelle",
}
_REMEDY = {
    "playbook": "Führen Sie „ansible-playbook site.yml --limit hubs“ aus, das erneuert es.",
    "buy": "Besorgen Sie ein neues, tragen Sie es bei hub_tls_certificate ein und führen Sie das Playbook aus.",
    "broker": "Besorgen Sie beim Betreiber des Brokers ein neues.",
    "authority": "Legen Sie auf dem Hub das Verzeichnis ca beiseite, führen Sie das Playbook aus "
    "und schreiben Sie danach jeden Knoten neu ein.",
}


@dataclass(frozen=True)
class Own:
    """A certificate that the hub or its broker shows; `ours`: of the town's own authority; `warned`: people know."""

    name: str
    until: int
    ours: bool
    warned: bool = False


def days_left(one: Own, now: int) -> int:
    """Whole days; negative when it is over."""
    return (one.until - now) // DAY_MS


def is_due(one: Own, now: int) -> bool:
    """Whether somebody must do something."""
    return one.until - now <= (WARN_DAYS if one.ours else FOREIGN_WARN_DAYS) * DAY_MS


def remedy(one: Own) -> str:
    """What to do: playbook, buy, broker or authority."""
    if one.name == "authority":
        return "authority"
    if one.ours:
        return "playbook"
    return "buy" if one.name == "web" else "broker"


@dataclass(frozen=True)
class Judgement:
    """Certificates that people must hear of now, and those that are in order again."""

    begin: Sequence[Own]
    end: Sequence[Own]


def judge(known: Sequence[Own], now: int) -> Judgement:
    """Each is told once before its end, and once when it was renewed."""
    return Judgement(
        [one for one in known if is_due(one, now) and not one.warned],
        [one for one in known if one.warned and not is_due(one, now)],
    )


def sentence(one: Own, now: int) -> str:
    """What is told: how long, and what to do."""
    day, days = f"{datetime.fromtimestamp(one.until / 1000, UTC):%d.%m.%Y}", days_left(one, now)
    if one.until <= now:
        end = f"ist seit dem {day} abgelaufen"
    else:
        end = f"gilt noch {days} Tage, bis zum {day}" if days != 1 else f"gilt noch 1 Tag, bis zum {day}"
    return f"{_GERMAN.get(one.name, one.name)} {end}. {_REMEDY[remedy(one)]}"


def restored(one: Own) -> str:
    """What is told when it was renewed."""
    day = f"{datetime.fromtimestamp(one.until / 1000, UTC):%d.%m.%Y}"
    return f"{_GERMAN.get(one.name, one.name).rstrip(',')} gilt jetzt bis zum {day}."
