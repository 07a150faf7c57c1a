"""The words of letters are data: `letters.json`."""

from collections.abc import Mapping
from dataclasses import dataclass

KEEP_DEMO_MAILS = 200
Letters = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True)
class Letter:
    """Subject and text in one language, everything filled in."""

    subject: str
    text: str


def write(letters: Letters, kind: str, language: str, values: Mapping[str, str]) -> Letter:
    """The letter of this kind; KeyError for an unknown kind or a missing value. Languages without words get German."""
    words = letters[kind].get(language) or letters[kind]["de"]
    return Letter(words["subject"] % values, words["text"] % values)
