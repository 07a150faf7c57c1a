"""The requests that the gate carries out, checked before anything is done: open, close, show, count, load, name."""

import ipaddress
import re
from typing import Any

from captive_portal.gate import Gate, RefusedError
from captive_portal.leases import Address

SHORTEST_S = 60
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def answer(gate: Gate, longest_s: int, request: object) -> dict[str, object]:
    """Carry out one request; RefusedError or NftError if it cannot be done."""
    if not isinstance(request, dict):
        raise RefusedError("a request is a JSON object")
    verb = request.get("verb")
    if verb == "open":
        return gate.open(_visitor(gate, request), _seconds(request, longest_s))
    if verb == "close":
        return gate.close(_visitor(gate, request))
    if verb == "show":
        return gate.show(_address(request))
    if verb == "count":
        return gate.count()
    if verb == "load":
        return gate.load()
    if verb == "name":
        return gate.name(_mac(request))
    raise RefusedError("the verbs are open, close, show, count, load, name")


def _mac(request: dict[str, Any]) -> str:
    mac = request.get("mac")
    if not isinstance(mac, str) or not _MAC.fullmatch(mac):
        raise RefusedError("not a hardware address")
    return mac


def _address(request: dict[str, Any]) -> Address:
    text = request.get("address")
    try:
        return ipaddress.ip_address(text if isinstance(text, str) and len(text) < 46 else "")
    except ValueError:
        raise RefusedError("not an IP address") from None


def _visitor(gate: Gate, request: dict[str, Any]) -> Address:
    address = _address(request)
    if not gate.is_visitor(address):
        raise RefusedError("not an address of the visitors' network")
    return address


def _seconds(request: dict[str, Any], longest_s: int) -> int:
    seconds = request.get("seconds")
    if type(seconds) is not int or not SHORTEST_S <= seconds <= longest_s:
        raise RefusedError(f"seconds must be from {SHORTEST_S} to {longest_s}")
    return seconds
