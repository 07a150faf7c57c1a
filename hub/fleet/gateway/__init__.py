"""Outside the house: mail and webhook for alerts."""

import json
from dataclasses import dataclass
from urllib.request import Request, urlopen

from hub.core.mail import Smtp

_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Mail:
    """The server (as in `hub.core.mail`) and the addresses."""

    url: str
    sender: str
    recipient: str
    town: str

    def send(self, body: str) -> None:
        """One mail about one alert; OSError when it could not be handed over."""
        said = json.loads(body)
        state = "Alarm" if said["open"] else "Wieder in Ordnung"
        where, short = (f"Knoten {said['node']}", said["node"]) if said["node"] else ("Leitstelle", "Leitstelle")
        text = f"{state}, {where}.\n\n{said['text']}\n\n{self.town}, Stadtknoten\n"
        Smtp(self.url, self.sender).send(self.recipient, f"{state}: {short} ({said['code']})", text)


@dataclass(frozen=True)
class Webhook:
    """An address that takes JSON: {"node", "code", "open", "text", "at"}; an empty node means the hub itself."""

    url: str

    def send(self, body: str) -> None:
        """One POST; OSError for anything but a 2xx answer."""
        request = Request(self.url, body.encode(), {"Content-Type": "application/json"})  # noqa: S310 (settings checked it)
        with urlopen(request, timeout=_TIMEOUT_S):  # noqa: S310 (an HTTP error is an OSError)
            return
