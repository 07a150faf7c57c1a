"""Access through the gate: asks the privileged process over its unix socket, one line of JSON each way."""

import json
import socket
from pathlib import Path
from typing import Any

from captive_portal.access import AccessError, Opened, Visitor

_PATIENCE_S = 3.0
_LONGEST_ANSWER = 1 << 20


class GateAccess:
    """Knows nothing but addresses: which device stands behind one is the gate's business alone."""

    preview = False

    def __init__(self, socket_path: Path) -> None:
        self._path = str(socket_path)

    def remaining_s(self, visitor: Visitor) -> int | None:
        """Seconds left of the session at this address, as the kernel sees it."""
        answer = self.ask({"verb": "list", "address": visitor.address})
        sessions = answer["sessions"]
        return int(sessions[0]["seconds"]) if sessions else None

    def open(self, visitor: Visitor, seconds: int) -> Opened:
        """Open IPv4 and IPv6 for the device behind this address."""
        answer = self.ask({"verb": "open", "address": visitor.address, "seconds": seconds})
        return Opened(int(answer["seconds"]), int(answer["sessions"]), bool(answer["extended"]))

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
            raise AccessError(f"the gate refused: {answer.get('error') if isinstance(answer, dict) else answer}")
        return answer
