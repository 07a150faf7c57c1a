"""Pictures come out upright, small enough and with nothing but their pixels."""

import io
import random
import resource

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from hub.core.files import Intake, RefusedError, picture
from tests.hub.core.files import samples


@pytest.mark.parametrize(("form", "becomes"), [("JPEG", "JPEG"), ("PNG", "PNG"), ("HEIF", "JPEG")])
def test_a_photo_of_a_turned_phone_is_stored_upright_without_place_and_camera(
    intake: Intake, form: str, becomes: str
) -> None:
    content = samples.photo(form)
    assert samples.SECRET_CAMERA.encode() in content
    received = intake.receive(content, f"foto.{form}")
    stored = intake.vault.get(received.id)
    image = samples.opened(stored)
    assert (image.format, received.mime) == (becomes, f"image/{becomes.lower()}")
    assert image.size == (200, 300)
    top, bottom = image.getpixel((100, 20)), image.getpixel((100, 280))
    assert (top[0] < 20, top[2] > 240) == (True, True)
    assert (bottom[0] > 240, bottom[2] < 20) == (True, True)
    assert not image.getexif()
    assert not image.getexif().get_ifd(0x8825)
    assert samples.SECRET_CAMERA.encode() not in stored
    assert b"Exif" not in stored
    assert not {"exif", "xmp", "icc_profile", "comment", "XML:com.adobe.xmp"} & set(image.info)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_ends_upright(intake: Intake, orientation: int) -> None:
    image = samples.opened(intake.vault.get(intake.receive(samples.photo("JPEG", orientation=orientation), "x").id))
    turned = orientation >= 5
    assert image.size == ((200, 300) if turned else (300, 200))
    blue = {1: (20, 100), 2: (280, 100), 3: (280, 100), 4: (20, 100)}
    blue |= {5: (100, 20), 6: (100, 20), 7: (100, 280), 8: (100, 280)}
    assert image.getpixel(blue[orientation])[2] > 200


def test_comments_and_other_notes_in_a_picture_are_gone(intake: Intake) -> None:
    from PIL.PngImagePlugin import PngInfo

    notes, out = PngInfo(), io.BytesIO()
    notes.add_text("Author", "Rosa Quelle")
    notes.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>Rosa Quelle</x:xmpmeta>")
    Image.new("RGB", (20, 20)).save(out, "PNG", pnginfo=notes)
    assert b"Rosa" in out.getvalue()
    assert b"Rosa" not in intake.vault.get(intake.receive(out.getvalue(), "x.png").id)
    out = io.BytesIO()
    Image.new("RGB", (20, 20)).save(out, "JPEG", comment=b"Rosa Quelle")
    assert b"Rosa" in out.getvalue()
    assert b"Rosa" not in intake.vault.get(intake.receive(out.getvalue(), "x.jpg").id)


@pytest.mark.parametrize(
    ("mode", "form", "becomes"),
    [
        ("1", "PNG", "L"),
        ("L", "PNG", "L"),
        ("LA", "PNG", "RGBA"),
        ("P", "PNG", "RGB"),
        ("RGBA", "PNG", "RGBA"),
        ("I;16", "PNG", "L"),
        ("L", "JPEG", "L"),
        ("CMYK", "JPEG", "RGB"),
    ],
)
def test_every_kind_of_colours_is_taken(intake: Intake, mode: str, form: str, becomes: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (30, 20)).save(out, form)
    assert samples.opened(intake.vault.get(intake.receive(out.getvalue(), "x").id)).mode == becomes


def test_a_large_photo_is_made_smaller(intake: Intake) -> None:
    out = io.BytesIO()
    Image.new("RGB", (6000, 3000), "green").save(out, "JPEG")
    assert samples.opened(intake.vault.get(intake.receive(out.getvalue(), "x").id)).size == (4096, 2048)


@pytest.mark.parametrize("edge", [8_100, 50_000, 2_000_000_000])
def test_a_bomb_of_pixels_is_refused_before_it_takes_memory(intake: Intake, edge: int) -> None:
    content = samples.png_bomb(edge)
    assert len(content) < 20_000
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    with pytest.raises(RefusedError, match="pixels"):
        intake.receive(content, "bombe.png")
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - before < 200_000
    assert not list(intake.vault.directory.rglob("*"))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "HEIF"])
def test_a_cut_off_picture_is_refused(intake: Intake, form: str) -> None:
    content = samples.photo(form)
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(RefusedError, match="broken"):
            intake.receive(content[: int(len(content) * share)], "x")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["JPEG", "PNG", "HEIF"]),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8),
    st.integers(0, 2**32),
)
def test_a_damaged_picture_is_refused_or_comes_out_clean(
    intake: Intake, form: str, changes: list[tuple[int, int]], seed: int
) -> None:
    content = bytearray(samples.photo(form))
    for place, value in changes:
        content[12 + place % (len(content) - 12)] = value
    tail = random.Random(seed).randbytes(50)
    try:
        received = intake.receive(bytes(content) + tail + b"<script>", "x")
    except RefusedError as error:
        assert error.reason in ("broken", "pixels", "kind")
    else:
        stored = intake.vault.get(received.id)
        assert b"<script>" not in stored
        assert samples.opened(stored).format in ("JPEG", "PNG")


def test_what_follows_a_picture_does_not_come_along(intake: Intake) -> None:
    polyglot = samples.photo("JPEG") + b"PK\x03\x04" + samples.pdf() + b"<script>alert(1)</script>"
    stored = intake.vault.get(intake.receive(polyglot, "zwei.jpg.pdf").id)
    assert not {word for word in (b"PK\x03\x04", b"%PDF", b"<script>") if word in stored}


def test_the_decoder_runs_with_limits_and_without_our_secrets(monkeypatch: pytest.MonkeyPatch, intake: Intake) -> None:
    asked = []

    def run(command, **options):
        asked.append((command, options))
        raise RefusedError("broken", "x")

    monkeypatch.setattr("hub.core.files.intake.subprocess.run", run)
    with pytest.raises(RefusedError):
        intake.receive(samples.photo("JPEG"), "x")
    ((command, options),) = asked
    assert "-I" in command
    assert options["env"] == {}
    assert options["timeout"] <= 30
    assert picture.MEMORY_BYTES <= 1 << 30
