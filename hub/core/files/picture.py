"""A program of its own that reads a picture from standard input and writes a clean one to standard output.

Decoders of foreign pictures are where attacks land and memory goes, so they run in a process with limits of its own
that knows neither database nor keys. `python picture.py JPEG|PNG|HEIF`; exit codes 3 too many pixels, 4 unreadable.
"""

import io
import resource
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 64_000_000  # an iPhone takes 48
MAX_EDGE = 4096  # pixels; a sheet of paper at 350 dots per inch
MEMORY_BYTES, CPU_SECONDS = 1 << 30, 20
TOO_MANY_PIXELS, UNREADABLE = 3, 4
_ORIENTATION = 0x0112


def clean(content: bytes, kind: str) -> bytes:
    """The picture upright, at most 4096 pixels long, without any metadata: PNG stays PNG, the others become JPEG."""
    from PIL import Image, ImageFile, ImageOps  # noqa: PLC0415 (after the limits)

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    if kind == "HEIF":
        import pillow_heif  # noqa: PLC0415 (only where it is needed)

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.register_heif_opener(thumbnails=False)
    with Image.open(io.BytesIO(content), formats=(kind,)) as image:
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        if kind == "JPEG":
            image.draft(None, (MAX_EDGE, MAX_EDGE))  # lets the decoder itself leave out what is not needed
        image.load()
        plain = _plain(image, keep_alpha=kind == "PNG")
        plain.thumbnail((MAX_EDGE, MAX_EDGE))
        plain.getexif()[_ORIENTATION] = image.getexif().get(_ORIENTATION, 1)
        upright = ImageOps.exif_transpose(plain)
    bare = Image.new(upright.mode, upright.size)  # has no place where metadata could hide
    bare.paste(upright)
    out = io.BytesIO()
    bare.save(out, "PNG" if kind == "PNG" else "JPEG", quality=88)
    return out.getvalue()


def _plain(image: "Image.Image", *, keep_alpha: bool) -> "Image.Image":
    """Eight bits a channel: grey, RGB, or RGBA where a PNG is see-through."""
    if image.mode.startswith("I"):  # 16 bits of grey
        image = image.point(lambda value: value / 256).convert("L")
    if keep_alpha and image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def main() -> int:
    """Limits first, then the work; says nothing about why a picture cannot be read."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = sys.stdin.buffer.read()
    try:
        result = clean(content, sys.argv[1])
    except Exception as error:
        return TOO_MANY_PIXELS if "DecompressionBomb" in type(error).__name__ else UNREADABLE
    sys.stdout.buffer.write(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
