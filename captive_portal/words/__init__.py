"""The portal's own words in each language, and how it says days and times. A further language is one more file."""

from captive_portal.words.speech import LANGUAGES, WORDS, Speech

__all__ = ["LANGUAGES", "WORDS", "Speech"]
