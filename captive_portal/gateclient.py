"""Access through the gate: asks the privileged process over its unix socket, one line of JSON each way."""

import json
import socket
from pathlib import Path
from typing import Any

from captive_portal.access import AccessError, Opened, Standing, Visitor

_PATIENCE_S = 3.0
_LONGEST_ANSWER = 1 << 20


class GateAccess:
    """Knows nothing but addresses: which device stands behind one is the gate's business alone."""

    preview = False

    def __init__(self, socket_path: Path) -> None:
        self._path = str(socket_path)

    def look(self, visitor: Visitor) -> Standing:
        """The session at this address, as the kernel sees it."""
        answer = self.ask({"verb": "show", "address": visitor.address})
        if answer.get("online") is True:
            device = str(answer.get("device", ""))
            return Standing(int(answer["seconds"]), answer.get("bytes"), device=device)
        reason = str(answer.get("reason", ""))
        if reason == "quota":
            return Standing(None, spent_s=int(answer["seconds"]))
        return Standing(None, closed=reason, opens_ms=answer.get("opens_ms"), device=str(answer.get("device", "")))

    def open(self, visitor: Visitor, seconds: int) -> Opened:
        """Open IPv4 and IPv6 for the device behind this address."""
        answer = self.ask({"verb": "open", "address": visitor.address, "seconds": seconds})
        return Opened(
            seconds=int(answer["seconds"]),
            sessions=int(answer["sessions"]),
            extended=bool(answer["extended"]),
            device=str(answer["device"]),
            until_ms=int(answer["until_ms"]),
        )

    def count(self) -> dict[str, int]:
        """Figures about all sessions together."""
        answer = self.ask({"verb": "count"})
        return {name: int(answer[name]) for name in ("sessions", "spent", "places", "bytes")}

    def ask(self, request: dict[str, object]) -> dict[str, Any]:
        """The gate's answer; AccessError if it refused, is away or speaks nonsense."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(_PATIENCE_S)
                connection.connect(self._path)
                connection.sendall(json.dumps(request).encode() + b"\n")
                with connection.makefile("rb") as lines:
                    answer = json.loads(lines.readline(_LONGEST_ANSWER))
        except (OSError, ValueError) as error:
            raise AccessError(f"the gate does not answer: {error}") from error
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            told = answer if isinstance(answer, dict) else {}
            raise AccessError(f"the gate refused: {told.get('error', answer)}", str(told.get("reason", "")))
        return answer
