"""Reads the text of a receipt as a person would, from the PDF alone."""

import re
import zlib

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_SHOWN = re.compile(rb"/(F\d) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text_of(pdf: bytes) -> str:
    """Every piece of text, a line each, with plain blanks."""
    assert pdf.startswith(b"%PDF")
    assert pdf.rstrip().endswith(b"%%EOF")
    streams = [_opened(found[1]) for found in _STREAM.finditer(pdf)]
    maps = [_characters(one) for one in streams if b"beginbfchar" in one]
    fonts = {f"F{number}".encode(): found for number, found in enumerate(maps, 1)}
    return "\n".join(line for one in streams if b") Tj" in one for line in _lines(one, fonts))


def _opened(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def _characters(cmap: bytes) -> dict[int, str]:
    pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]{4})>", cmap.split(b"beginbfchar")[1])
    return {int(glyph, 16): chr(int(letter, 16)) for glyph, letter in pairs}


def _lines(page: bytes, fonts: dict[bytes, dict[int, str]]) -> list[str]:
    lines, font = [], b"F1"
    for found in _SHOWN.finditer(page):
        if found[1]:
            font = found[1]
            continue
        raw = re.sub(rb"\\(.)", lambda one: _ESCAPES.get(one[1], one[1]), found[2], flags=re.DOTALL)
        glyphs = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
        lines.append("".join(fonts[font].get(glyph, "?") for glyph in glyphs).replace("\u00a0", " "))
    return lines
