"""How sure the town is of who somebody is: three levels, as eIDAS names them (Regulation (EU) 910/2014, article 8)."""

from enum import IntEnum


class Level(IntEnum):
    """basis = low, substantiell = substantial, hoch = high."""

    BASIS = 1
    SUBSTANTIELL = 2
    HOCH = 3

    @property
    def word(self) -> str:
        """The German word, which is also the value in tokens and in the access table."""
        return self.name.lower()


# BundID and its brokers speak STORK's names (German interoperability profile), eIDAS nodes the URIs.
_ACR = {
    "STORK-QAA-Level-1": Level.BASIS,
    "STORK-QAA-Level-3": Level.SUBSTANTIELL,
    "STORK-QAA-Level-4": Level.HOCH,
    "STORK-QAA-1": Level.BASIS,
    "STORK-QAA-3": Level.SUBSTANTIELL,
    "STORK-QAA-4": Level.HOCH,
    "http://eidas.europa.eu/LoA/low": Level.BASIS,
    "http://eidas.europa.eu/LoA/substantial": Level.SUBSTANTIELL,
    "http://eidas.europa.eu/LoA/high": Level.HOCH,
}


def level_of_acr(acr: object) -> Level:
    """The level that an upstream login proves; what is not known proves no more than basis."""
    return _ACR.get(acr, Level.BASIS) if isinstance(acr, str) else Level.BASIS


def acr_of(level: Level) -> str:
    """How BundID is asked for at least this level."""
    return {1: "STORK-QAA-Level-1", 2: "STORK-QAA-Level-3", 3: "STORK-QAA-Level-4"}[level]


def level_of_login(methods: frozenset[str], identified_until: int, now: int, *, trusted: bool) -> Level:
    """The level of a login: substantiell needs two factors and a person who was identified not too long ago.

    `trusted`: the second factor is a key that the identified person surely holds (see `is_trusted`).
    Methods are the names of RFC 8176: "hwk" or "swk" with "user" (passkey with its PIN or finger), "pwd", "otp".
    """
    two_factors = "user" in methods or {"pwd", "otp"} <= methods
    if two_factors and trusted and identified_until > now:
        return Level.SUBSTANTIELL
    return Level.BASIS


def is_trusted(level: Level) -> bool:
    """Whether a key that is added in a session of this level is surely the identified person's.

    Otherwise who knows the password alone could add a second factor of their own, and be as sure as its owner.
    """
    return level >= Level.SUBSTANTIELL
