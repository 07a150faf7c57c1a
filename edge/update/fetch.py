"""Fetches a release from the hub: the manifest, its signature, this machine's part. A lost connection costs nothing.

The part is written to <part>.tar.part and continued with HTTP Range where it ended, also after a new start.
"""

import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from edge import files, trust
from edge.rules.release import Part, ReleaseError
from edge.update import signed
from edge.update.order import Order
from edge.update.progress import Progress, save
from edge.window import pause_s

_log = logging.getLogger(__name__)
_TIMEOUT_S = 20.0
_BLOCK = 1 << 16
_SMALL = 1 << 20  # manifest and signature
_GONE = (403, 404, 410)  # the hub has taken the release back
SHARE = 60  # percent of the whole update that the download is


class Fetch:
    """One order's download into `directory`; `rest(failures)` waits between tries."""

    def __init__(self, directory: Path, key: Path, rest: Callable[[int], None] | None = None) -> None:
        self._directory, self._key = directory, key
        self._rest = rest or (lambda failures: time.sleep(pause_s(failures, random.random())))  # noqa: S311 (jitter)
        self._file = directory / "fetch.json"
        self._believed = trust.context(directory.parent / trust.PINNED)

    def run(self, order: Order, part_name: str) -> bool:
        """Fetches until everything is here (True) or the release is refused (False)."""
        failures = 0
        self._say(order, "downloading", 0)
        while True:
            try:
                part = self._manifest(order, part_name)
                self._archive(order, part)
            except ReleaseError as error:
                self._say(order, "refused", 0, str(error))
                return False
            except HTTPError as error:
                if error.code in _GONE:
                    self._say(order, "refused", 0, f"the hub has no such release any more ({error.code})")
                    return False
                failures += 1
                _log.info("update: the hub answered %d, trying again", error.code)
            except (OSError, HTTPException) as error:
                failures += 1
                _log.info("update: the connection was lost (%s), going on where it ended", error)
            else:
                self._say(order, "waiting", SHARE)
                return True
            self._rest(failures)

    def _manifest(self, order: Order, name: str) -> Part:
        for file in (signed.MANIFEST, signed.SIGNATURE):
            with self._get(f"{order.url}/{file}") as answer:
                content = answer.read(_SMALL + 1)
            files.replace(self._directory / file, content)
        return signed.verified(self._directory, self._key, name)

    def _archive(self, order: Order, part: Part) -> None:
        target = self._directory / f"{part.name}.tar"
        partial = target.with_name(target.name + ".part")
        if target.exists() and target.stat().st_size == part.size and signed.sha256_of(target) == part.sha256:
            return
        for _ in range(2):  # what lies here may be of another release: then it begins once more
            self._continue(order, part, partial)
            if signed.sha256_of(partial) == part.sha256:
                partial.replace(target)
                return
            partial.unlink()
        raise ReleaseError(f"{part.name} is not what was signed: nothing is installed")

    def _continue(self, order: Order, part: Part, partial: Path) -> None:
        """Writes what is missing; OSError when the connection ends before."""
        have = partial.stat().st_size if partial.exists() else 0
        if have > part.size:
            partial.unlink()
            have = 0
        if have == part.size:
            return
        with self._get(f"{order.url}/{part.name}.tar", have) as answer:
            if answer.status != 206:
                have = 0  # the server sends everything
            with partial.open("r+b" if have else "wb") as out:
                out.seek(have)
                shown = -1
                while have < part.size and (block := answer.read(min(_BLOCK, part.size - have))):
                    out.write(block)
                    have += len(block)
                    if (percent := SHARE * have // part.size) != shown:
                        shown = percent
                        self._say(order, "downloading", percent)
        if have < part.size:
            raise ConnectionError("the download ended early")

    def _say(self, order: Order, state: str, percent: int, text: str = "") -> None:
        with suppress(OSError):
            save(self._file, Progress(order.id, state, percent, text[:200]))

    def _get(self, url: str, start: int = 0) -> HTTPResponse:
        if not url.startswith(("https://", "http://")):
            raise ReleaseError("the release's address must begin with https://")
        request = Request(url, headers={"Range": f"bytes={start}-"} if start else {})  # noqa: S310 (scheme checked above)
        answer: HTTPResponse = urlopen(request, timeout=_TIMEOUT_S, context=self._believed)  # noqa: S310 (the same)
        return answer
