"""Pictures and PDFs as people send them."""

import io
import struct
import zlib

import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SECRET_CAMERA = "Geheimkamera 3000"


def photo(form: str, *, orientation: int = 6) -> bytes:
    """300 x 200 as the sensor saw it, left half blue, taken with a turned camera that wrote place and name."""
    image = Image.new("RGB", (300, 200), "red")
    image.paste("blue", (0, 0, 150, 200))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, SECRET_CAMERA
    exif.get_ifd(0x8825).update({1: "N", 2: (49.0, 14.0, 19.0), 3: "E", 4: (9.0, 6.0, 2.0)})
    out = io.BytesIO()
    image.save(out, form, exif=exif.tobytes())
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    """The picture."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def pdf(extra: bytes = b"", *, end: bytes = b"%%EOF\n") -> bytes:
    """A small PDF with something more in it."""
    return b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + extra + b"\ntrailer\n<< /Root 1 0 R >>\n" + end


def deflated(objects: bytes) -> bytes:
    """An object stream, in which a PDF can hide names."""
    packed = zlib.compress(objects)
    head = b"9 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed)
    return head + packed + b"\nendstream\nendobj\n"


def png_bomb(edge: int) -> bytes:
    """A few kilobytes that say they are edge x edge pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", edge, edge, 1, 0, 0, 0, 0)
    lines = zlib.compress(bytes(min(edge // 8 + 1, 10_000) * 200))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")
