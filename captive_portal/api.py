"""RFC 8908, the Captive Portal API: what a phone's system asks instead of guessing."""

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from captive_portal.access import Standing

MEDIA_TYPE = "application/captive+json"
_UNDERSTOOD = (MEDIA_TYPE, "application/json")


def body(standing: Standing, portal_url: str, venue_url: str) -> dict[str, object]:
    """The keys of RFC 8908 section 5; seconds and bytes only for who is online."""
    found: dict[str, object] = {
        "captive": standing.seconds is None,
        "user-portal-url": portal_url,
        "can-extend-session": standing.spent_s is None,
    }
    if venue_url:
        found["venue-info-url"] = venue_url
    if standing.seconds is not None:
        found["seconds-remaining"] = standing.seconds
        if standing.bytes_left is not None:
            found["bytes-remaining"] = standing.bytes_left
    return found


def answer_kind(accept: str) -> str:
    """What to send for an Accept header: "json", "page" for a person's browser that ended up here, or "none"."""
    if not accept.strip():
        return "json"
    ranges = parse_accept_header(accept, MIMEAccept)
    json = max(ranges.quality(kind) for kind in _UNDERSTOOD)
    page = ranges.quality("text/html")
    if json <= 0 and page <= 0:
        return "none"
    return "page" if page > json else "json"
