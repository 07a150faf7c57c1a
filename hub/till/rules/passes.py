"""The code on a phone's pass: a short-lived signed token that a till can judge without a connection.

BP1, then 32 signs of which no keyboard layout makes others: scanners type like an American keyboard, and a German one
swaps Y and Z and has no - where they expect it. Inside: key (8 bytes), moment (4), random number (6), whom it is for
(0 to 40), signature (64, ECDSA P-256 with SHA-256, r and s).
"""

import re
import struct
from dataclasses import dataclass

PREFIX = "BP1"
SIGNS = "0123456789ABCDEFGHJKLMNPQRSTUVWX"
HUB_KEY = "0" * 16  # the hub's own key, for phones without scripts
PHONE_MS, HUB_MS = 60_000, 120_000  # so long a token holds
SKEW_MS = 60_000  # clocks may be wrong by so much
HANDLING_MS = 10 * 60_000  # a till that has seen a token may use it so long for what follows
CONTEXT = b"stadtknoten pass 1\0"
_HEAD, _SIGNATURE, _WHO = struct.Struct(">8sI6s"), 64, 40
_OWNER = re.compile(r"([1-9][0-9]{0,9})?(?:/((?:organisation|child):[1-9][0-9]{0,9}))?")
_MOST = 220  # signs


@dataclass(frozen=True)
class Token:
    """A token as it was read; nothing of it is proved yet. `issued` ms; `who` as in `whom`."""

    key: str
    issued: int
    number: str
    who: str
    payload: bytes
    signature: bytes

    @property
    def id(self) -> str:
        """What makes it one of a kind; the signature is not part of it, for two of them can fit."""
        return self.key + self.number

    @property
    def signed(self) -> bytes:
        """What the signature is about."""
        return CONTEXT + self.payload


def payload(key: str, issued: int, number: bytes, who: str) -> bytes:
    """What is to be signed; `key` 16 hexadecimal digits, `issued` ms, `number` 6 random bytes."""
    return _HEAD.pack(bytes.fromhex(key), issued // 1000, number) + who.encode()


def write(content: bytes, signature: bytes) -> str:
    """The token of a payload and its signature."""
    whole = content + signature
    bits = "".join(f"{byte:08b}" for byte in whole)
    bits += "0" * (-len(bits) % 5)
    return PREFIX + "".join(SIGNS[int(bits[at : at + 5], 2)] for at in range(0, len(bits), 5))


def read(text: str) -> Token:
    """What a scanner read or somebody typed; ValueError for what is no token."""
    signs = re.sub(r"\s", "", text).upper()
    if not signs.startswith(PREFIX) or len(signs) > _MOST:
        raise ValueError("this is no code of a pass")
    whole = _bytes(signs.removeprefix(PREFIX))
    content, signature = whole[:-_SIGNATURE], whole[-_SIGNATURE:]
    if not _HEAD.size <= len(content) <= _HEAD.size + _WHO:
        raise ValueError("this is no code of a pass")
    key, issued, number = _HEAD.unpack_from(content)
    who = content[_HEAD.size :].decode("ascii", "replace")
    if _OWNER.fullmatch(who) is None:
        raise ValueError("this is no code of a pass")
    return Token(key.hex(), issued * 1000, number.hex(), who, content, signature)


def _bytes(signs: str) -> bytes:
    if any(sign not in SIGNS for sign in signs):
        raise ValueError("this is no code of a pass")
    bits = "".join(f"{SIGNS.index(sign):05b}" for sign in signs)
    size = len(bits) // 8
    rest = bits[size * 8 :]
    if len(rest) > 4 or "1" in rest:  # one token has one spelling
        raise ValueError("this is no code of a pass")
    return bytes(int(bits[at : at + 8], 2) for at in range(0, size * 8, 8))


def whom(who: str) -> tuple[int | None, str]:
    """(person, organisation or child that they act for) of 7, 7/child:3, /child:3 or nothing at all."""
    found = _OWNER.fullmatch(who)
    if found is None:
        raise ValueError("nobody")
    return int(found[1]) if found[1] else None, found[2] or ""


def written_who(person_id: int | None, acting_for: str) -> str:
    """The same the other way round."""
    return (str(person_id) if person_id else "") + (f"/{acting_for}" if acting_for else "")


def lifetime(key: str) -> int:
    """How long a token of this key holds, ms."""
    return HUB_MS if key == HUB_KEY else PHONE_MS


def problem(token: Token, at: int) -> str:
    """expired, early (a clock is wrong) or nothing, for a token that was shown at a moment."""
    if at > token.issued + lifetime(token.key) + SKEW_MS:
        return "expired"
    return "early" if at < token.issued - SKEW_MS else ""
