"""The first letter in the demonstration: to Erika, who is invented, from an office that is not one."""

from hub.account import api as account
from hub.core import files
from hub.core.db import Database
from hub.inbox import rules
from hub.inbox.api import letters, reading, threads

_FORM_KEY = "demo welcome"
_ERIKA = "erika.muster@demo.example"
_NAME = "Willkommen-Demonstration.pdf"


def welcome(database: Database, intake: files.Intake, house: letters.House, now: int) -> None:
    """Writes the letter with a small PDF; does nothing when Erika is missing or has had it."""
    with database.read() as session:
        erika = account.find_by_name(session, _ERIKA)
        if erika is None or reading.was_sent(session, _FORM_KEY):
            return
    words = rules.write(letters.letters(), "demo-welcome", erika.language, house.values())
    sheet = intake.receive(_sheet(words.subject, words.text), _NAME)
    letter = threads.Letter(words.text, (sheet,), _FORM_KEY, words.subject)
    database.write(lambda session: threads.begin(session, erika.id, threads.OFFICE, letter, now))


def _sheet(title: str, text: str) -> bytes:
    """A page of A4 as PDF, written by hand: one font that every reader has, one line each."""
    lines = [title, "", *text.splitlines()]
    shown = " ".join(f"({_escaped(line)}) Tj T*" for line in lines)
    page = f"BT /F1 12 Tf 18 TL 64 770 Td {shown} ET".encode("cp1252", "replace")
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (de) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        font,
    ]
    return _assembled(objects)


def _assembled(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return out + head + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
