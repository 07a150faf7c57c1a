"""Calls to providers: JSON, short patience, and one of two errors when it did not work."""

from typing import Any

from hub.payments.gateway import AwayError, DeclinedError

TIMEOUT_S = 8
_MAX_BODY = 256 * 1024


class UnknownError(AwayError):
    """The provider does not know who asks (401)."""


def call(
    method: str, url: str, *, headers: dict[str, str], body: object = None, form: dict[str, str] | None = None
) -> dict[str, Any]:
    """The answer's JSON object; AwayError for time-outs, 5xx, 401, 408, 425, 429 and nonsense, else DeclinedError."""
    import requests

    try:
        answer = requests.request(
            method, url, json=body, data=form, headers=headers, timeout=TIMEOUT_S, allow_redirects=False
        )
    except requests.RequestException as error:
        raise AwayError(f"the provider does not answer ({type(error).__name__})") from error
    if 400 <= answer.status_code < 500 and answer.status_code not in (401, 408, 425, 429):
        raise DeclinedError(f"the provider answered {answer.status_code}")
    if answer.status_code == 401:
        raise UnknownError("the provider answered 401")
    if not 200 <= answer.status_code < 300 or len(answer.content) > _MAX_BODY:
        raise AwayError(f"the provider answered {answer.status_code}")
    try:
        content = answer.json()
    except ValueError as error:
        raise AwayError("the provider's answer is no JSON") from error
    if not isinstance(content, dict):
        raise AwayError("the provider's answer is no object")
    return content
