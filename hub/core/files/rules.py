"""What a file is by its content, which PDF is taken, how a file may be called."""

import re
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

PDF, JPEG, PNG, HEIF = "application/pdf", "image/jpeg", "image/png", "image/heif"
KINDS = {PDF: "PDF", JPEG: "JPEG", PNG: "PNG", HEIF: "HEIC"}
ACCEPT = ".pdf,.jpg,.jpeg,.png,.heic,.heif"  # for the browser's file dialogue; nothing relies on it
STORED_AS = {PDF: PDF, JPEG: JPEG, PNG: PNG, HEIF: JPEG}  # cameras of iPhones write HEIC, which many cannot open
_ENDINGS = {PDF: ".pdf", JPEG: ".jpg", PNG: ".png"}
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis"})
_NAME_LENGTH = 100  # characters
_DIRECTIONS = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")  # would show a name backwards

_ACTIVE = (b"/JavaScript", b"/Launch", b"/RichMedia")
_STREAM = re.compile(rb"stream\r?\n")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM_BYTES, _ALL_STREAMS_BYTES = 4 << 20, 128 << 20


def kind_of(content: bytes) -> str | None:
    """The MIME type by the first bytes, one of KINDS; None for everything else."""
    if content.startswith(b"%PDF-"):
        return PDF
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    return HEIF if _brands(content) & _HEIF_BRANDS else None


def _brands(content: bytes) -> frozenset[bytes]:
    """What an ISO base media file says of itself: the major brand and the compatible ones."""
    length = int.from_bytes(content[:4], "big")
    if content[4:8] != b"ftyp" or not 16 <= length <= 256:
        return frozenset()
    box = content[8:length]
    return frozenset(box[at : at + 4] for at in range(0, len(box), 4) if at != 4)  # 4 is the version


def pdf_problem(content: bytes) -> str | None:
    """broken, locked (encrypted) or active (carries scripts or starts programs); None for a plain document.

    Looks at names in the open and in deflated streams. It keeps honest senders from what others cannot open and stops
    the usual attacks; whoever must be sure sets HUB_CLAMD_URL.
    """
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-2048:]:
        return "broken"
    if b"/Encrypt" in _plain_names(content):
        return "locked"
    if any(word in part for part in (_plain_names(content), *_inflated(content)) for word in _ACTIVE):
        return "active"
    return None


def _plain_names(content: bytes) -> bytes:
    """/J#61vaScript means /JavaScript."""
    return _ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), content)


def _inflated(content: bytes) -> Iterator[bytes]:
    """The beginning of every deflated stream, for objects may stand in there, too."""
    left, view = _ALL_STREAMS_BYTES, memoryview(content)
    for found in _STREAM.finditer(content):
        try:
            part = zlib.decompressobj().decompress(view[found.end() :], min(_STREAM_BYTES, left))
        except zlib.error:
            continue
        left -= len(part)
        yield _plain_names(part)
        if left <= 0:
            return


def clean_name(name: str, mime: str) -> str:
    """A name that is safe to show and to save under: no folders, nothing invisible, the ending of what it is."""
    last = PureWindowsPath(PurePosixPath(name.replace("\0", "")).name).name
    visible = _DIRECTIONS.sub("", last)
    kept = "".join(one if one.isprintable() and one not in '<>:"/\\|?*' else "_" for one in visible)
    stem = " ".join(PurePosixPath(kept).stem.split()).strip(". ")
    ending = _ENDINGS[mime]
    return (stem[: _NAME_LENGTH - len(ending)].rstrip(". ") or "Datei") + ending
