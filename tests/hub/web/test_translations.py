"""English is complete: every text that the code shows has its translation, with the same places to fill in."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import hub
from hub.core import i18n

METHODS = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"templates/**.html": {"extensions": "jinja2.ext.i18n", "silent": "false"}}


def shown_texts() -> Iterator[tuple[str, tuple[str, ...]]]:
    """(file, forms) of every text marked for translation."""
    root = Path(hub.__file__).parent
    for file, _, message, _, _ in extract_from_dir(root, METHODS, OPTIONS):
        yield file, message if isinstance(message, tuple) else (message,)


def test_there_are_texts_to_translate() -> None:
    files = {file for file, _ in shown_texts()}
    assert {"templates/base.html", "bulletin/web.py", "core/web/errors.py"} <= files


def translations(lang: str) -> dict[str, tuple[str, ...]]:
    """German text -> its forms in `lang`, from all catalogues."""
    found = {}
    for path in (i18n.CATALOGUES / lang / "LC_MESSAGES").glob("*.po"):
        with path.open("rb") as file:
            for message in read_po(file, locale=lang):
                key, forms = _forms(message.id), _forms(message.string)
                found[key[0]] = forms
    return found


def _forms(text: object) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, (list, tuple)) else (str(text),)


@pytest.mark.parametrize("lang", [lang for lang in i18n.LANGUAGES if lang != "de"])
def test_no_translation_is_missing_and_the_places_to_fill_in_are_the_same(lang: str) -> None:
    known = translations(lang)
    for file, forms in shown_texts():
        translated = known.get(forms[0], ())
        assert translated, f"{file}: no {lang} for {forms[0]!r}"
        assert all(translated), f"{file}: no {lang} for {forms[0]!r}"
        for form in translated:
            assert places(form) == places(forms[-1]), f"{file}: {forms[0]!r}"


def places(text: str) -> set[str]:
    """The names that are filled in: %(name)s."""
    return set(re.findall(r"%\((\w+)\)s", text))


def test_both_catalogues_are_in_use() -> None:
    assert i18n.translate("Parken", "en") == "Parking"
    assert i18n.translate("Leitstelle", "en") == "Control room"
    assert i18n.translate("Nirgends übersetzt", "en") == "Nirgends übersetzt"
    assert i18n.translate_plural("%(num)s Ladepunkt", "%(num)s Ladepunkte", 1, "en") == "%(num)s charging point"
