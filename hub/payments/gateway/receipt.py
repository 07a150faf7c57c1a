"""A receipt as PDF: what was paid, why so much, the tax at each rate. About 35 ms, so it belongs into the worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fpdf import FPDF

_FONTS = Path(__file__).parent / "fonts"
_LEFT, _WIDTH, _RIGHT = 20, 130, 40  # mm


@dataclass(frozen=True)
class Position:
    """A line with its amount and the lines that explain it."""

    text: str
    amount: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paper:
    """Everything on the paper, in the reader's language."""

    language: str
    title: str
    issuer: tuple[str, ...]
    facts: Sequence[tuple[str, str]]
    positions: Sequence[Position]
    total: tuple[str, str]
    taxes: Sequence[tuple[str, str]]
    notes: Sequence[str]


def render(paper: Paper) -> bytes:
    """The PDF file."""
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.add_font("DejaVu", "", _FONTS / "DejaVuSans.ttf")
    pdf.add_font("DejaVu", "B", _FONTS / "DejaVuSans-Bold.ttf")
    pdf.set_margins(_LEFT, 20)
    pdf.set_title(paper.title)
    pdf.set_lang(paper.language)
    pdf.set_author(paper.issuer[0])
    pdf.add_page()
    _text(pdf, paper.issuer[0], 11, bold=True)
    for line in paper.issuer[1:]:
        _text(pdf, line, 9)
    pdf.ln(8)
    _text(pdf, paper.title, 18, bold=True)
    pdf.ln(3)
    for name, value in paper.facts:
        _pair(pdf, name, value, 10)
    _rule(pdf)
    for one in paper.positions:
        _pair(pdf, one.text, one.amount, 11)
        for line in one.lines:
            _text(pdf, line, 8.5, grey=True)
    _rule(pdf)
    _pair(pdf, *paper.total, 12, bold=True)
    for name, value in paper.taxes:
        _pair(pdf, name, value, 9)
    pdf.ln(8)
    for note in paper.notes:
        _text(pdf, note, 9)
    return bytes(pdf.output())


def _text(pdf: "FPDF", text: str, size: float, *, bold: bool = False, grey: bool = False) -> None:
    pdf.set_font("DejaVu", "B" if bold else "", size)
    pdf.set_text_color(90 if grey else 0)
    pdf.multi_cell(_WIDTH + _RIGHT, size * 0.5, text, new_x="LMARGIN", new_y="NEXT", align="L")


def _pair(pdf: "FPDF", name: str, value: str, size: float, *, bold: bool = False) -> None:
    pdf.set_font("DejaVu", "B" if bold else "", size)
    pdf.set_text_color(0)
    top = pdf.get_y()
    pdf.multi_cell(_WIDTH - 30, size * 0.55, name, new_x="RIGHT", new_y="TOP", align="L")
    pdf.set_xy(_LEFT + _WIDTH - 30, top)
    pdf.multi_cell(_RIGHT + 30, size * 0.55, value, new_x="LMARGIN", new_y="NEXT", align="R")
    below = pdf.get_y()
    pdf.set_y(max(below, top + size * 0.55 * max(1, -(-len(name) // 48))))


def _rule(pdf: "FPDF") -> None:
    pdf.ln(3)
    pdf.set_draw_color(180)
    pdf.line(_LEFT, pdf.get_y(), _LEFT + _WIDTH + _RIGHT, pdf.get_y())
    pdf.ln(3)
