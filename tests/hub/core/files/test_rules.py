"""A file is what its content says; names are made harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.files import rules
from tests.hub.core.files import samples


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (samples.pdf(), rules.PDF),
        (samples.photo("JPEG"), rules.JPEG),
        (samples.photo("PNG"), rules.PNG),
        (samples.photo("HEIF"), rules.HEIF),
        (b"GIF89a" + bytes(40), None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", None),
        (b"<!doctype html><script>alert(1)</script>", None),
        (b"MZ\x90\x00", None),
        (b"PK\x03\x04", None),
        (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf", None),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42", None),
        (b"\n%PDF-1.7 not at the beginning %%EOF", None),
        (b"", None),
    ],
)
def test_a_file_is_recognised_by_its_first_bytes(content: bytes, kind: str | None) -> None:
    assert rules.kind_of(content) == kind


@given(st.binary(max_size=300))
def test_no_bytes_confuse_the_recognition_or_the_look_into_pdfs(content: bytes) -> None:
    assert rules.kind_of(content) in (None, *rules.KINDS)
    assert rules.pdf_problem(b"%PDF-1.4\n" + content + b"%%EOF") in (None, "broken", "locked", "active")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (samples.pdf(), None),
        (samples.pdf(samples.deflated(b"<< /Type /Page >>")), None),
        (samples.pdf(end=b""), "broken"),
        (samples.pdf()[:60], "broken"),
        (samples.pdf(b"<< /Encrypt 5 0 R >>"), "locked"),
        (samples.pdf(b"<< /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>"), "active"),
        (samples.pdf(b"<< /S /J#61vaScript /JS (x) >>"), "active"),
        (samples.pdf(b"<< /S /Launch /F (cmd.exe) >>"), "active"),
        (samples.pdf(samples.deflated(b"<< /S /JavaScript /JS (x) >>")), "active"),
        (samples.pdf(samples.deflated(b"<< /S /J#61vaScript /JS (x) >>")), "active"),
    ],
)
def test_what_a_pdf_must_not_be(content: bytes, problem: str | None) -> None:
    assert rules.pdf_problem(content) == problem


def test_a_bomb_of_streams_is_given_up_after_some_hundred_megabytes() -> None:
    bomb = samples.pdf(samples.deflated(bytes(30 << 20)) * 60)
    assert len(bomb) < 3 << 20
    assert rules.pdf_problem(bomb) is None


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("IMG_0042.HEIC", "IMG_0042.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Bilder\\Haus.png", "Haus.jpg"),
        ("rechnung\u202egpj.exe", "rechnunggpj.jpg"),
        ("a\r\nSet-Cookie: x.jpg", "a__Set-Cookie_ x.jpg"),
        ("<img src=x>.jpg", "_img src=x_.jpg"),
        ("Grüße aus Bad Rappenau.jpeg", "Grüße aus Bad Rappenau.jpg"),
        ("", "Datei.jpg"),
        ("...", "Datei.jpg"),
        (".htaccess", "htaccess.jpg"),
    ],
)
def test_a_name_loses_folders_tricks_and_a_wrong_ending(name: str, cleaned: str) -> None:
    assert rules.clean_name(name, rules.JPEG) == cleaned


@given(st.text(max_size=400), st.sampled_from([rules.PDF, rules.JPEG, rules.PNG]))
def test_every_name_becomes_a_short_visible_one(name: str, mime: str) -> None:
    cleaned = rules.clean_name(name, mime)
    assert cleaned.isprintable()
    assert 5 <= len(cleaned) <= 100
    assert not set(cleaned) & set('/\\<>:"|?*')
    assert rules.clean_name(cleaned, mime) == cleaned
