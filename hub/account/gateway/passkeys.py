"""WebAuthn (level 3) by py_webauthn: what the browser is asked and whether its answer is good."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from hub.account.rules import normal_name

_TIMEOUT_MS = 5 * 60_000


class PasskeyRefusedError(Exception):
    """The browser's answer is not good; the text says why, for the log."""


@dataclass(frozen=True)
class Site:
    """The relying party: host and origin of the hub's public address."""

    name: str
    public_url: str

    @property
    def id(self) -> str:
        """The host, e.g. pass.bad-rappenau.example; passkeys belong to it."""
        return normal_name(urlsplit(self.public_url).hostname or "localhost")

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class NewPasskey:
    """A credential as it is stored; ids are base64url. The device holds it for the person with this `handle`."""

    credential_id: str
    public_key: bytes
    sign_count: int
    backed_up: bool
    transports: str
    handle: str


def creation_options(site: Site, handle: str, name: str, shown: str, challenge: bytes, known: list[str]) -> str:
    """PublicKeyCredentialCreationOptions as JSON: a discoverable key, with PIN, finger or face."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers import base64url_to_bytes, structs

    options = generate_registration_options(
        rp_id=site.id,
        rp_name=site.name,
        user_id=base64url_to_bytes(handle),
        user_name=name,
        user_display_name=shown,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known],
    )
    return options_to_json(options)


def request_options(site: Site, challenge: bytes) -> str:
    """PublicKeyCredentialRequestOptions as JSON: any passkey of this site."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers import structs

    options = generate_authentication_options(
        rp_id=site.id,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def verify_creation(site: Site, answer: str, challenge: bytes, handle: str) -> NewPasskey:
    """The new credential for `handle`; PasskeyRefusedError when the answer is not good."""
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefusedError(str(error)) from error
    return NewPasskey(
        credential_id=bytes_to_base64url(made.credential_id),
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        backed_up=made.credential_backed_up,
        transports=_transports(answer),
        handle=handle,
    )


def credential_and_user(answer: str) -> tuple[str, str]:
    """(credential id, user handle) that an answer names, both base64url; PasskeyRefusedError for nonsense."""
    try:
        said = json.loads(answer)
        found = str(said["id"]), str(said["response"].get("userHandle") or "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PasskeyRefusedError("not an answer of WebAuthn") from error
    return found


def verify_request(site: Site, answer: str, challenge: bytes, public_key: bytes, sign_count: int) -> tuple[int, bool]:
    """(new counter, backed up); PasskeyRefusedError for a false signature or a counter that went back (a clone)."""
    from webauthn import verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        proved = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefusedError(str(error)) from error
    return proved.new_sign_count, proved.credential_backed_up


def _transports(answer: str) -> str:
    try:
        named = json.loads(answer)["response"].get("transports") or []
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    return " ".join(str(one) for one in named)[:100]
