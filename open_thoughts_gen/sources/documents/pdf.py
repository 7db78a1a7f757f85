"""PDF as blocks in reading order: column after column, running heads and page numbers removed, hyphens joined.

pypdfium2 gives the letters of a page with their boxes, in the order in which they were drawn, which may be row by row
across columns, word by word or letter by letter. So pieces are made of letters that follow each other on a line, and
lines of the pieces that stand at one height. Where several lines in a row leave the same gutter free, and are filled on
both sides of it, they are columns. A table has gutters, too, but its cells are short, so it is read row by row. Notes
at the foot of a column follow the paragraph above them, which may go on elsewhere.

A page without any text is a picture, of a scan for example, and is reported: to read it takes optical character
recognition, which is not done here. Text that is turned against the rest of its page, such as a stamp in the margin, is
left out. Not covered: formulas, right-to-left scripts, tables without rules whose cells are sentences of several lines
(they are read as columns).
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

from open_thoughts_gen.sources.documents.blocks import TextBlock, Unreadable
from open_thoughts_gen.sources.documents.office import BadArchiveError

MIN_GUTTER = 8.0  # points
MIN_LINES, MIN_FILLED = 3, 0.55  # of a stretch of columns: lines, and the share of the column's width that they fill
MIN_CHARACTERS = 20  # of most lines of a column; cells of a table are shorter
EDGE_LINES = 2  # lines at the top and bottom of a page that may be running heads
MIN_REPEATS, REPEATED_SHARE = 3, 0.5  # pages on which a running head stands
PARAGRAPH_GAP, HEADING_SIZE, NOTE_SIZE = 1.3, 1.15, 0.9  # in steps between lines; in sizes of the body
_LETTERS = {0x02: "-", 0xFFFE: "-"}  # what pypdfium2 has for a hyphen at the end of a line
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")
_NOTE = re.compile(r"(?:\d{1,3}|[*†‡§¶])[.)]?\s*\S")
_NUMBER_ALONE = re.compile(r"[\W_]*(?:page\s+)?(?:\d{1,4}|[ivxlc]{1,6})(?:\s*(?:of|/)\s*\d{1,4})?[\W_]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TextBox:
    """A piece of text and its box in points, from the lower left of the page."""

    left: float
    bottom: float
    right: float
    top: float
    text: str

    @property
    def height(self) -> float:
        """How high it is."""
        return self.top - self.bottom


@dataclass(frozen=True, slots=True)
class TextLine:
    """Pieces at one height, from left to right."""

    pieces: tuple[TextBox, ...]

    @property
    def text(self) -> str:
        """The words of the line."""
        return " ".join(" ".join(piece.text for piece in self.pieces).split())

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.pieces[0].left

    @property
    def right(self) -> float:
        """Where it ends."""
        return max(piece.right for piece in self.pieces)

    @property
    def top(self) -> float:
        """Its upper edge."""
        return max(piece.top for piece in self.pieces)

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return min(piece.bottom for piece in self.pieces)

    @property
    def size(self) -> float:
        """The height of most of its pieces."""
        return median(piece.height for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Spacing:
    """The usual size of a line, and the usual step from one line to the next, in points."""

    size: float
    leading: float


def pdf_blocks(path: Path) -> Iterator[TextBlock | Unreadable]:
    """Yield the blocks of a PDF file, page after page; a paragraph that goes on over a page is one block.

    Raises:
        BadArchiveError: it is not a PDF file, or is protected by a password.

    """
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        why = "it is protected by a password" if "password" in str(error).lower() else "it is not a PDF file"
        raise BadArchiveError(why) from error
    try:
        pages = [_lines_in_order(_pieces(document[index])) for index in range(len(document))]
    finally:
        document.close()
    running = _running_heads(pages)
    bodies = [_without_heads(lines, running) for lines in pages]
    sizes = [line.size for lines in bodies for line in lines for _ in range(1 + len(line.text) // 20)]
    body = median(sizes) if sizes else 0.0
    steps = [
        one.bottom - other.bottom
        for lines in bodies
        for one, other in itertools.pairwise(lines)
        if 0 < one.bottom - other.bottom < 3 * body
    ]
    layout = Spacing(body, median(steps) if steps else body)
    headings = {round(line.size) for lines in bodies for line in lines if line.size > body * HEADING_SIZE}
    larger = sorted(headings, reverse=True)
    waiting: list[TextBlock] = []  # a paragraph that may go on over the page, and the notes below it
    for number, (lines, before) in enumerate(zip(bodies, pages, strict=True), 1):
        if not before:
            yield Unreadable(f"page {number}", "it has no text, as a scan has none; read it with an OCR tool first")
            continue
        text, notes = _footnotes(lines, layout)
        for block in _page_blocks(text, number, layout, larger):
            if waiting and _goes_on(waiting[0], block):
                waiting[0] = TextBlock(_joined(waiting[0].text, block.text), page=waiting[0].page)
                continue
            yield from waiting
            waiting = [block]
        waiting += _page_blocks(notes, number, layout, larger)
    yield from waiting


def _pieces(page: pdfium.PdfPage) -> list[TextBox]:
    """Return the runs of letters of a page, each on one line, with no gap in it that could be a gutter.

    Boxes are those of the font's line, which do not depend on the letters as those of the ink do.
    """
    textpage = page.get_textpage()
    handle, box = textpage.raw, raw.FS_RECTF()
    pieces: list[TextBox] = []
    turn, run = _turn(handle, textpage.count_chars()), _LetterRun()
    is_apart = False  # a space stands before the next letter
    for index in range(textpage.count_chars()):
        letter = _LETTERS.get(code := raw.FPDFText_GetUnicode(handle, index)) or chr(code)
        if letter.isspace() or code == 0:
            is_apart = True
            continue
        raw.FPDFText_GetLooseCharBox(handle, index, box)
        left, bottom, right, top = _turned(box, turn)
        if not run.goes_on(left, (bottom + top) / 2):
            pieces += run.boxes()
            run = _LetterRun(is_upright=_quarter(handle, index) == turn)
        run.add(f" {letter}" if is_apart else letter, left, bottom, right, top)
        is_apart = False
    textpage.close()
    return [*pieces, *run.boxes()]


@dataclass(slots=True)
class _LetterRun:
    """Letters that follow each other on a line; `is_upright` if they stand as most of the page does."""

    is_upright: bool = True
    letters: list[str] = field(default_factory=list)
    left: float = 0.0
    bottom: float = 0.0
    right: float = 0.0
    top: float = 0.0

    def goes_on(self, left: float, middle: float) -> bool:
        """Return whether a letter at this place belongs to the run."""
        return self.bottom < middle < self.top and self.bottom - self.top < left - self.right < MIN_GUTTER

    def add(self, text: str, left: float, bottom: float, right: float, top: float) -> None:
        """Add a letter; the first one says how high the line is."""
        if not self.letters:
            self.left, self.bottom, self.top = left, bottom, top
        self.letters.append(text)
        self.right = right

    def boxes(self) -> Iterator[TextBox]:
        """Yield the run as a piece, unless nothing is in it or it is turned."""
        text = "".join(self.letters).strip()
        if text and self.is_upright and self.right > self.left and self.top > self.bottom:
            yield TextBox(self.left, self.bottom, self.right, self.top, text)


def _turn(handle: object, num: int) -> int:
    """Return how most of a page's text is turned, in quarters."""
    sampled = Counter(_quarter(handle, index) for index in range(0, num, 1 + num // 50))
    return max(sampled, key=lambda turn: sampled[turn], default=0)


def _quarter(handle: object, index: int) -> int:
    angle: float = raw.FPDFText_GetCharAngle(handle, index)
    return round(2 * angle / math.pi) % 4


def _turned(box: raw.FS_RECTF, turn: int) -> tuple[float, float, float, float]:
    """Return left, bottom, right and top of a box as they are once the page is turned back by these quarters."""
    left, bottom, right, top = box.left, box.bottom, box.right, box.top
    if turn == 0:
        return left, bottom, right, top
    if turn == 1:
        return bottom, -right, top, -left
    return (-right, -top, -left, -bottom) if turn == 2 else (-top, left, -bottom, right)


def _lines_in_order(pieces: Sequence[TextBox]) -> list[TextLine]:
    """Return the lines of a page in reading order."""
    rows: list[list[TextBox]] = []
    for piece in sorted(pieces, key=lambda each: -(each.top + each.bottom)):
        middle = (piece.top + piece.bottom) / 2
        row = rows[-1] if rows else []
        if row and min(each.bottom for each in row) < middle < max(each.top for each in row):
            row.append(piece)
        else:
            rows.append([piece])
    lines = [TextLine(tuple(sorted(row, key=lambda each: each.left))) for row in rows]
    ordered: list[TextLine] = []
    start = 0
    while start < len(lines):
        end, gutter = _columns_from(lines, start)
        if gutter is None:
            ordered.append(lines[start])
            start += 1
            continue
        for is_right in (False, True):
            side = [tuple(p for p in line.pieces if (p.left >= gutter) is is_right) for line in lines[start:end]]
            ordered += _lines_in_order([piece for pieces in side for piece in pieces])
        start = end
    return ordered


def _columns_from(lines: Sequence[TextLine], start: int) -> tuple[int, float | None]:
    """Return where the columns that begin at a line end, and the middle of their gutter; None where there are none."""
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    best: tuple[int, float | None] = (start + 1, None)
    for low, high in _gaps(lines[start]) or _free_half(lines[start], left, right):
        gutter, end = (low, high), start + 1
        while end < len(lines):
            shared = _shared(gutter, lines[end])
            if shared is None:
                break
            gutter, end = shared, end + 1
        middle = (gutter[0] + gutter[1]) / 2
        block = _without_table(lines[start:end], middle)
        end = start + len(block)
        if end > best[0] and all(_is_filled(block, middle, is_right) for is_right in (False, True)):
            best = (end, middle)
    return best


def _without_table(block: Sequence[TextLine], middle: float) -> Sequence[TextLine]:
    """Return the lines of columns up to a table below them; none if one begins with them.

    The rows of a table over the whole width have more gaps than the lines of the columns, and prose on neither side.
    """
    nums = [sum(not low < middle < high for low, high in _gaps(line)) for line in block]
    usual = median(nums)
    is_row = [num > usual and not _has_prose(line, middle) for num, line in zip(nums, block, strict=True)]
    if is_row[0]:
        return ()
    while is_row[-1]:
        is_row.pop()
    return block[: len(is_row)]


def _has_prose(line: TextLine, middle: float) -> bool:
    """Return whether a line has, on one side of a gutter, a single long piece."""
    sides = [[p for p in line.pieces if (p.left >= middle) is is_right] for is_right in (False, True)]
    return any(len(side) == 1 and len(side[0].text) >= MIN_CHARACTERS for side in sides)


def _gaps(line: TextLine) -> list[tuple[float, float]]:
    return [
        (one.right, other.left)
        for one, other in zip(line.pieces, line.pieces[1:], strict=False)
        if other.left - one.right >= MIN_GUTTER
    ]


def _free_half(line: TextLine, left: float, right: float) -> list[tuple[float, float]]:
    """Return the free space beside a line that keeps to one half of the page: the other column may begin lower."""
    middle = (left + right) / 2
    if line.right < middle:
        return [(line.right, right)]
    return [(left, line.left)] if line.left > middle else []


def _shared(gutter: tuple[float, float], line: TextLine) -> tuple[float, float] | None:
    """Return the part of a gutter that a line leaves free, None if that is too narrow."""
    low, high = gutter
    for piece in line.pieces:
        if piece.right <= low or piece.left >= high:
            continue
        if piece.left - low >= high - piece.right:
            high = min(high, piece.left)
        else:
            low = max(low, piece.right)
    return (low, high) if high - low >= MIN_GUTTER else None


def _is_filled(block: Sequence[TextLine], middle: float, is_right: bool) -> bool:
    """Return whether the lines on one side of a gutter are prose: several, that fill their column."""
    sides = [[p for p in line.pieces if (p.left >= middle) is is_right] for line in block]
    spans = [(side[0].left, max(piece.right for piece in side)) for side in sides if side]
    lengths = [sum(len(piece.text) for piece in side) for side in sides if side]
    if len(spans) < MIN_LINES or median(lengths) < MIN_CHARACTERS:
        return False
    width = max(right for _, right in spans) - min(left for left, _ in spans)
    return width > 0 and median(right - left for left, right in spans) / width >= MIN_FILLED


def _running_heads(pages: Sequence[Sequence[TextLine]]) -> set[str]:
    """Return what stands at the edge of many pages, its numbers left out."""
    counts: Counter[str] = Counter()
    for lines in pages:
        counts.update({_folded(line) for line in _edges(lines)})
    least = max(MIN_REPEATS, REPEATED_SHARE * sum(map(bool, pages)))
    return {text for text, num in counts.items() if num >= least}


def _edges(lines: Sequence[TextLine]) -> list[TextLine]:
    by_height = sorted(lines, key=lambda line: line.top)
    return [*by_height[:EDGE_LINES], *by_height[-EDGE_LINES:]] if len(by_height) > 2 * EDGE_LINES else []


def _without_heads(lines: Sequence[TextLine], running: set[str]) -> list[TextLine]:
    edges = {id(line) for line in _edges(lines) if _folded(line) in running or _NUMBER_ALONE.fullmatch(line.text)}
    return [line for line in lines if id(line) not in edges]


def _footnotes(lines: Sequence[TextLine], layout: Spacing) -> tuple[list[TextLine], list[TextLine]]:
    """Return the lines of a page without its footnotes, and these: small type at the foot of a column, after a mark."""
    text: list[TextLine] = []
    notes: list[TextLine] = []
    small: list[TextLine] = []
    for line, below in itertools.zip_longest(lines, lines[1:]):
        if line.size >= layout.size * NOTE_SIZE or (not small and not _NOTE.match(line.text)):
            text += [*small, line]
            small = []
            continue
        small.append(line)
        if below is None or below.top > line.top:  # the column ends here
            notes += small
            small = []
    return text, notes


def _folded(line: TextLine) -> str:
    return _DIGITS.sub("#", line.text.casefold())


def _page_blocks(lines: Sequence[TextLine], page: int, layout: Spacing, larger: Sequence[float]) -> Iterator[TextBlock]:
    """Yield the paragraphs and headings of a page."""
    waiting: list[TextLine] = []

    def finished() -> Iterator[TextBlock]:
        if waiting:
            text = waiting[0].text
            for line in waiting[1:]:
                text = _joined(text, line.text)
            size = round(median(line.size for line in waiting))
            is_heading = size in larger and len(text.split()) <= 20
            yield TextBlock(text, "heading", larger.index(size) + 1, page) if is_heading else TextBlock(text, page=page)
            waiting.clear()

    for line in lines:
        if waiting and _parts(waiting[-1], line, waiting[0].left, layout):
            yield from finished()
        waiting.append(line)
    yield from finished()


def _parts(one: TextLine, other: TextLine, left: float, layout: Spacing) -> bool:
    """Return whether a paragraph ends between two lines: by space, size or an indented first line."""
    is_above = one.top > other.top  # else the next column begins, and the paragraph may go on
    by_space = is_above and one.bottom - other.bottom > PARAGRAPH_GAP * layout.leading
    by_size = abs(one.size - other.size) > (HEADING_SIZE - 1) * layout.size
    is_indented = is_above and other.left - left > layout.size and other.left - one.left > layout.size
    return by_space or by_size or is_indented


def _joined(one: str, other: str) -> str:
    """Return two lines as one, the hyphen at the end of the first gone where it parts a word."""
    if one.endswith("-") and one[-2:-1].isalpha() and other[:1].islower():
        return one[:-1] + other
    return f"{one} {other}"


def _goes_on(one: TextBlock, other: TextBlock) -> bool:
    """Return whether a paragraph at the end of one page goes on at the top of the next."""
    is_prose = one.kind == other.kind == "paragraph" and one.page != other.page
    return is_prose and not one.text.rstrip().endswith((".", "!", "?", ":", "”", '"')) and other.text[:1].islower()
