"""Thirty documents of as many layouts, each with the text that a person reads in it, in the order of reading.

They are drawn by code, from words at random, so that what should be read is known. `CASES` maps a name to a function
that writes the file into a folder and returns it with its text. Layouts that pypdfium2's own order gets wrong are among
them on purpose: columns drawn row by row, notes under a paragraph that goes on, words and letters put one by one.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from open_thoughts_gen.sources.documents.blocks import TextBlock, Unreadable
from open_thoughts_gen.sources.documents.source import READERS
from tests.sources.written_files import Put, column, write_docx, write_epub, write_pdf

WORDS = (
    "mill river door north wind winter builder flood year barn village vote rain window bridge stone letter garden "
    "harbour teacher paper lantern market season measure ladder copper forest shepherd kitchen signal bottle "
    "of in by and under after before with from near was had saw kept brought opened mended counted"
).split()
_WIDTHS = {
    letter: width
    for letters, width in {
        "ijl": 222,
        " Ift.,:": 278,
        "r": 333,
        "cksvxyz": 500,
        "F": 611,
        "ABEKPSVXY": 667,
        "CDHNRUw": 722,
        "GOQ": 778,
        "Mm": 833,
        "W": 944,
    }.items()
    for letter in letters
}  # thousandths of the size; others are about 556


@dataclass(frozen=True, slots=True)
class Document:
    """A file, what should be read in it, and the pages that should be reported as unreadable."""

    path: Path
    text: str
    unread: tuple[str, ...] = ()


Write = Callable[[Path], Document]


def prose(seed: int, num: int) -> str:
    """Return sentences of about so many words."""
    rng, sentences, left = Random(seed), [], num
    while left > 0:
        words = rng.choices(WORDS, k=rng.randint(6, 14))
        sentences.append(f"{' '.join(words).capitalize()}.")
        left -= len(words)
    return " ".join(sentences)


def width(text: str, size: float) -> float:
    """Return how wide a text in Helvetica is, in points."""
    return size * sum(_WIDTHS.get(letter, 556) for letter in text) / 1000


def wrapped(text: str, measure: float, size: float = 10) -> list[str]:
    """Return a text as lines no wider than the measure."""
    lines: list[str] = []
    for word in text.split():
        if lines and width(f"{lines[-1]} {word}", size) <= measure:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def justified(text: str, left: float, top: float, measure: float, *, size: float = 10) -> list[Put]:
    """Return words put one by one, so that lines end at the measure."""
    puts: list[Put] = []
    for row, line in enumerate(wrapped(text, measure, size)):
        words = line.split()
        gap = (measure - sum(width(word, size) for word in words)) / max(1, len(words) - 1)
        x = left
        for word in words:
            puts.append((round(x, 2), top - 13 * row, size, word))
            x += width(word, size) + min(gap, 7)
    return puts


def letters(text: str, left: float, top: float, measure: float) -> list[Put]:
    """Return letters put one by one, as some programs do to space them."""
    puts: list[Put] = []
    for row, line in enumerate(wrapped(text, measure)):
        x = left
        for letter in line:
            if letter != " ":
                puts.append((round(x, 2), top - 13 * row, 10, letter))
            x += width(letter, 10)
    return puts


def below(text: str, left: float, top: float, measure: float, *, size: float = 10) -> list[Put]:
    """Return a paragraph, a piece for each line."""
    return column(wrapped(text, measure, size), left, top, size=size, leading=1.3 * size)


def by_rows(*columns: Sequence[Put]) -> list[Put]:
    """Return columns drawn row by row across the page."""
    return sorted((put for each in columns for put in each), key=lambda put: (-put[1], put[0]))


def cells(rows: Sequence[Sequence[str]], lefts: Sequence[float], top: float) -> list[Put]:
    """Return a table of one line a row."""
    return [
        (left, top - 15 * number, 10, cell)
        for number, row in enumerate(rows)
        for left, cell in zip(lefts, row, strict=True)
    ]


TABLE = (
    ("Door", "Kept", "Since"),
    ("East door", "shut", "1902"),
    ("West door", "open", "1911"),
    ("Gate", "shut", "1920"),
)
TABLE_TEXT = " ".join(cell for row in TABLE for cell in row)


def pdf(draw: Callable[[], tuple[Sequence[Sequence[Put]], str]], *unread: str, rotate: int = 0) -> Write:
    """Return what writes the pages that `draw` returns with their text."""

    def write(folder: Path) -> Document:
        pages, text = draw()
        return Document(write_pdf(folder / "a.pdf", pages, rotate=rotate), text, unread)

    return write


def columns_by_rows() -> tuple[list[list[Put]], str]:
    """Draw two columns row by row."""
    one, two = prose(3, 120), prose(4, 120)
    return [by_rows(below(one, 60, 760, 220), below(two, 320, 760, 220))], f"{one} {two}"


def columns_of_words() -> tuple[list[list[Put]], str]:
    """Draw two justified columns word by word, row by row."""
    one, two = prose(5, 120), prose(6, 120)
    return [by_rows(justified(one, 60, 760, 220), justified(two, 310, 760, 220))], f"{one} {two}"


def columns_under_an_abstract() -> tuple[list[list[Put]], str]:
    """Draw a title and a paragraph over the whole width, then columns."""
    above, one, two = prose(7, 60), prose(8, 90), prose(9, 90)
    page = [(150.0, 790.0, 20.0, "The mill and the flood"), *below(above, 60, 750, 470)]
    return [[*page, *by_rows(below(one, 60, 650, 220), below(two, 320, 650, 220))]], " ".join(
        ["The mill and the flood", above, one, two]
    )


def three_columns() -> tuple[list[list[Put]], str]:
    """Draw the columns of a newsletter."""
    texts = [prose(seed, 60) for seed in (10, 11, 12)]
    puts = [below(text, 50 + 172 * number, 760, 150) for number, text in enumerate(texts)]
    return [by_rows(*puts)], " ".join(texts)


def columns_of_unlike_length() -> tuple[list[list[Put]], str]:
    """Draw a right column that begins lower and one that ends higher."""
    one, two = prose(13, 150), prose(14, 60)
    return [by_rows(below(one, 60, 760, 220), below(two, 320, 700, 220))], f"{one} {two}"


def columns_around_a_heading() -> tuple[list[list[Put]], str]:
    """Draw columns, a heading over the whole width, columns again."""
    texts = [prose(seed, 60) for seed in (15, 16, 17, 18)]
    first = by_rows(below(texts[0], 60, 760, 220), below(texts[1], 320, 760, 220))
    second = by_rows(below(texts[2], 60, 560, 220), below(texts[3], 320, 560, 220))
    heading = "What the village said of the flood, and what became of the bridge"
    return [[*first, (60, 590, 15, heading), *second]], " ".join([*texts[:2], heading, *texts[2:]])


def table_between_paragraphs() -> tuple[list[list[Put]], str]:
    """Draw a table of short cells."""
    above, under = prose(19, 50), prose(20, 50)
    page = [*below(above, 60, 760, 470), *cells(TABLE, (60, 220, 380), 660), *below(under, 60, 560, 470)]
    return [page], f"{above} {TABLE_TEXT} {under}"


def table_by_columns() -> tuple[list[list[Put]], str]:
    """Draw the columns of a table one after the other, many rows of them."""
    rows = [(f"Door {number}", f"{number * 37} crowns", f"{1900 + number}") for number in range(1, 25)]
    page = sorted(cells(rows, (60, 220, 380), 760), key=lambda put: put[0])
    return [page], " ".join(cell for row in rows for cell in row)


def table_under_columns() -> tuple[list[list[Put]], str]:
    """Draw two columns and a table over the whole width below them."""
    one, two = prose(21, 80), prose(22, 80)
    page = [*by_rows(below(one, 60, 760, 220), below(two, 320, 760, 220)), *cells(TABLE, (60, 240, 420), 560)]
    return [page], f"{one} {two} {TABLE_TEXT}"


def table_of_wrapped_cells() -> tuple[list[list[Put]], str]:
    """Draw a table without rules whose cells are sentences, which looks like two columns."""
    rows, page, top = [(prose(seed, 20), prose(seed + 1, 20)) for seed in (60, 62, 64)], [], 760.0
    for row in rows:
        drawn = [below(cell, left, top, 200) for cell, left in zip(row, (60, 320), strict=True)]
        page += [put for puts in drawn for put in puts]
        top -= 13 * max(map(len, drawn)) + 14
    return [page], " ".join(cell for row in rows for cell in row)


def running_heads() -> tuple[list[list[Put]], str]:
    """Draw the same line at the head of each page, and its number at the foot."""
    texts = [prose(seed, 60) for seed in range(23, 28)]
    pages = [
        [
            (60.0, 810.0, 8.0, f"Annals of the mill, part {number}"),
            *below(text, 60, 760, 470),
            (290, 30, 8, f"- {number} -"),
        ]
        for number, text in enumerate(texts, 1)
    ]
    return pages, " ".join(texts)


def heads_of_left_and_right() -> tuple[list[list[Put]], str]:
    """Draw the author on even pages and the title on odd ones, with 'Page 3 of 8' below."""
    texts = [prose(seed, 60) for seed in range(28, 36)]
    pages = [
        [
            (60.0, 810.0, 8.0, "A. Miller" if number % 2 else "The flood of that year"),
            *below(text, 60, 760, 470),
            (290, 30, 8, f"Page {number + 1} of 8"),
        ]
        for number, text in enumerate(texts)
    ]
    return pages, " ".join(texts)


def footnotes() -> tuple[list[list[Put]], str]:
    """Draw a page with notes at its foot."""
    body, notes = prose(36, 120), [f"{number} {prose(36 + number, 20)}" for number in (1, 2)]
    page = [*below(body, 60, 760, 470), *below(notes[0], 60, 120, 470, size=7), *below(notes[1], 60, 90, 470, size=7)]
    return [page], " ".join([body, *notes])


def footnotes_under_a_paragraph_that_goes_on() -> tuple[list[list[Put]], str]:
    """Draw a paragraph over two pages, a note below its first half."""
    body, note = prose(40, 200), f"1 {prose(41, 20)}"
    lines = wrapped(body, 470)
    cut = next(i for i in range(8, len(lines)) if not lines[i - 1].endswith(".") and lines[i][0].islower())
    pages = [
        [*column(lines[:cut], 60, 760), *below(note, 60, 100, 470, size=7)],
        column(lines[cut:], 60, 760),
    ]
    return pages, f"{body} {note}"


def footnotes_under_columns() -> tuple[list[list[Put]], str]:
    """Draw a note at the foot of the left column, whose last sentence goes on in the right one."""
    body, note = prose(42, 200), f"* {prose(43, 16)}"
    lines = wrapped(body, 220)
    cut = next(i for i in range(14, len(lines)) if not lines[i - 1].endswith(".") and lines[i][0].islower())
    left = [*column(lines[:cut], 60, 760), *below(note, 60, 760 - 13 * cut - 20, 220, size=7)]
    return [by_rows(left, column(lines[cut:], 320, 760))], f"{body} {note}"


def hyphens() -> tuple[list[list[Put]], str]:
    """Draw words that are parted at the ends of lines, columns and pages."""
    one = ["The miller wrote of the har-", "bour, and of the well-", "known lantern in the win-"]
    two = ["dow of the school. A let-", "ter of that year was kept", "in the mar-"]
    three = ["ket, near the bridge."]
    text = (
        "The miller wrote of the harbour, and of the wellknown lantern in the window of the school. A letter of that "
        "year was kept in the market, near the bridge."
    )
    return [[*column(one, 60, 760), *column(two, 320, 760)], column(three, 60, 760)], text


def words_put_one_by_one() -> tuple[list[list[Put]], str]:
    """Draw a justified page word by word."""
    text = prose(44, 200)
    return [justified(text, 60, 760, 400)], text


def letters_put_one_by_one() -> tuple[list[list[Put]], str]:
    """Draw a page letter by letter."""
    text = prose(45, 120)
    return [letters(text, 60, 760, 470)], text


def headings_and_lists() -> tuple[list[list[Put]], str]:
    """Draw numbered headings in larger type, and items with bullets and numbers."""
    one, two = prose(46, 60), prose(47, 60)
    items = ["\x95 the door to the north", "\x95 the door to the river", "2. the gate"]
    page = [
        (60.0, 780.0, 16.0, "1 The doors"), *below(one, 60, 750, 470), *column(items, 80, 660),
        (60, 590, 16, "2 The \x93flood\x94 of caf\xe9s"), *below(two, 60, 560, 470),
    ]  # fmt: skip
    said = ["• the door to the north", "• the door to the river", "2. the gate"]
    return [page], " ".join(["1 The doors", one, *said, "2 The “flood” of cafés", two])


def turned_page() -> tuple[list[list[Put]], str]:
    """Draw a page that is to be shown upside down, as scanners note it."""
    return columns_by_rows()


def scan_among_pages() -> tuple[list[list[Put]], str]:
    """Draw a page without text between two that have some."""
    one, two = prose(48, 60), prose(49, 60)
    return [below(one, 60, 760, 470), [], below(two, 60, 760, 470)], f"{one} {two}"


def scan_alone() -> tuple[list[list[Put]], str]:
    """Draw pictures alone."""
    return [[], []], ""


def written_by_matplotlib(folder: Path) -> Document:
    """Draw a page by another program: TrueType letters, kerning, and a stamp turned by 90 degrees in the margin."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

    one, two = prose(50, 90), prose(51, 90)
    with rc_context({"pdf.fonttype": 42}), PdfPages(folder / "a.pdf") as pages:
        figure = Figure(figsize=(8.27, 11.69))
        for left, text in ((0.12, one), (0.56, two)):
            for row, line in enumerate(wrapped(text, 200)):
                figure.text(left, 0.9 - 0.017 * row, line, fontsize=9)
        figure.text(0.03, 0.3, "arXiv:2611.01234 [mill] 30 Nov 2026", rotation=90, fontsize=14)
        pages.savefig(figure)
    return Document(folder / "a.pdf", f"{one} {two}")


def word_with_headings_and_a_table(folder: Path) -> Document:
    """Write headings, paragraphs, a table."""
    one, two = prose(52, 60), prose(53, 60)
    paragraphs = [("berschrift1", "The mill"), ("", one), ("berschrift2", "Doors & gates"), ("", two)]
    path = write_docx(folder / "a.docx", paragraphs, [TABLE])
    return Document(path, f"The mill {one} Doors & gates {two} {TABLE_TEXT}")


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _word(path: Path, body: str, **parts: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", f"<w:document {_W}><w:body>{body}</w:body></w:document>")
        for name, content in parts.items():
            archive.writestr(f"word/{name}.xml", f"<w:{name} {_W}>{content}</w:{name}>")
    return path


def _run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def word_with_changes_and_notes(folder: Path) -> Document:
    """Write tracked changes, a link, a note, a header and a deleted sentence."""
    body = (
        f"<w:p>{_run('The mill has ')}<w:ins>{_run('three')}</w:ins>"
        "<w:del><w:r><w:delText>two</w:delText></w:r></w:del>"
        f'{_run(" doors")}<w:r><w:footnoteReference w:id="2"/></w:r><w:hyperlink>{_run(" and a gate")}</w:hyperlink>'
        f"{_run('.')}</w:p><w:p>{_run('It stood the flood.')}</w:p>"
    )
    notes = (
        f'<w:footnote w:id="0" w:type="separator"><w:p>{_run("-")}</w:p></w:footnote>'
        f'<w:footnote w:id="2"><w:p>{_run("Since 1902.")}</w:p></w:footnote>'
    )
    path = _word(folder / "a.docx", body, footnotes=notes, header1=f"<w:p>{_run('Annals')}</w:p>")
    return Document(path, "The mill has three doors and a gate. Since 1902. It stood the flood.")


def word_with_boxes_and_controls(folder: Path) -> Document:
    """Write a content control around paragraphs, a table in a table, and a box that old programs have twice."""
    inner = f"<w:tbl><w:tr><w:tc><w:p>{_run('east')}</w:p></w:tc><w:tc><w:p>{_run('west')}</w:p></w:tc></w:tr></w:tbl>"
    outer = f"<w:tbl><w:tr><w:tc><w:p>{_run('Doors')}</w:p></w:tc><w:tc>{inner}<w:p/></w:tc></w:tr></w:tbl>"
    box = f"<w:txbxContent><w:p>{_run('A remark in a box.')}</w:p></w:txbxContent>"
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    both = (
        f"<mc:AlternateContent {mc}><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    )
    body = (
        f"<w:sdt><w:sdtContent><w:p>{_run('The mill by the river.')}</w:p></w:sdtContent></w:sdt>"
        f"<w:p>{_run('It has doors.')}<w:r>{both}</w:r></w:p>{outer}<w:p>{_run('That is all.')}</w:p>"
    )
    text = "The mill by the river. It has doors. A remark in a box. Doors east west That is all."
    return Document(_word(folder / "a.docx", body), text)


def book_of_chapters(folder: Path) -> Document:
    """Write chapters whose files are in another order than the spine."""
    one, two = prose(54, 80), prose(55, 80)
    chapters = {
        "z.xhtml": f"<html><head><title>no</title></head><body><h1>One</h1><p>{one}</p></body></html>",
        "a.xhtml": f"<body><h1>Two</h1><p>{two}</p><ul><li>a door</li><li>a gate</li></ul></body>",
    }
    return Document(write_epub(folder / "a.epub", chapters), f"One {one} Two {two} a door a gate")


def book_with_notes_and_entities(folder: Path) -> Document:
    """Write XHTML with a declaration, entities, nested blocks, a note and a table."""
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in TABLE)
    chapter = (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><body>'
        "<section><div><h2>The mill &amp; the flood</h2><div>It stood&#160;&mdash; <em>it</em> stands.<br/>Still.</div>"
        f"<blockquote><p>Shut the door.</p></blockquote></div></section><table>{rows}</table>"
        "<aside><p>1. Since 1902.</p></aside><nav><a>Contents</a></nav></body></html>"
    )
    text = f"The mill & the flood It stood — it stands. Still. Shut the door. {TABLE_TEXT} 1. Since 1902."
    return Document(write_epub(folder / "a.epub", {"a.xhtml": chapter}), text)


def web_page(folder: Path) -> Document:
    """Write an article between navigation, an advertisement and a footer."""
    one, two = prose(56, 90), prose(57, 90)
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in TABLE)
    page = (
        "<html><head><title>x</title><script>track()</script></head><body><nav><a href='/'>Home</a></nav>"
        "<aside class='sidebar'><p>Buy bread</p></aside>"
        f"<main><article><h1>The mill</h1><p>{one}</p><h2>Doors</h2><table>{rows}</table><p>{two}</p></article></main>"
        "<footer><p>Imprint</p></footer></body></html>"
    )
    (folder / "a.html").write_text(page, "utf-8")
    return Document(folder / "a.html", f"The mill {one} Doors {TABLE_TEXT} {two}")


def markdown(folder: Path) -> Document:
    """Write headings of both kinds, a list, a table, a listing, and settings at the top."""
    one, two = prose(58, 60), prose(59, 60)
    rows = "\n".join(f"| {' | '.join(row)} |" for row in (TABLE[0], ("---",) * 3, *TABLE[1:]))
    text = (
        f"---\ntitle: no\ndate: 2026-11-30\n---\n# The mill\n\n{one}\n\nDoors\n-----\n\n"
        "- to the north\n- to the river\n\n"
        f"{rows}\n\n```python\n# no heading\nx = 1\n```\n\n{two}\n"
    )
    (folder / "a.md").write_text(text, "utf-8")
    said = f"The mill {one} Doors to the north to the river {TABLE_TEXT} python # no heading x = 1 {two}"
    return Document(folder / "a.md", said)


CASES: Mapping[str, Write] = {
    **{
        draw.__name__: pdf(draw)
        for draw in (
            *(columns_by_rows, columns_of_words, columns_under_an_abstract),
            *(three_columns, columns_of_unlike_length, columns_around_a_heading),
            *(table_between_paragraphs, table_by_columns, table_under_columns, table_of_wrapped_cells),
            *(running_heads, heads_of_left_and_right),
            *(footnotes, footnotes_under_a_paragraph_that_goes_on, footnotes_under_columns),
            *(hyphens, words_put_one_by_one, letters_put_one_by_one, headings_and_lists),
        )
    },
    "turned_page": pdf(turned_page, rotate=180),
    "scan_among_pages": pdf(scan_among_pages, "page 2"),
    "scan_alone": pdf(scan_alone, "page 1", "page 2"),
    **{
        write.__name__: write
        for write in (
            *(written_by_matplotlib, word_with_headings_and_a_table, word_with_changes_and_notes),
            *(word_with_boxes_and_controls, book_of_chapters, book_with_notes_and_entities),
            *(web_page, markdown),
        )
    },
}


def misread(folder: Path) -> list[str]:
    """Write all documents into a folder, read them, and return the names of those that are not read right."""
    return [name for name, write in CASES.items() if not _is_read_right(folder / name, write)]


def _is_read_right(folder: Path, write: Write) -> bool:
    folder.mkdir()
    document = write(folder)
    blocks = list(READERS[document.path.suffix](document.path))
    unread = tuple(each.where for each in blocks if isinstance(each, Unreadable))
    read = _words_of(each.text for each in blocks if isinstance(each, TextBlock))
    return read == _words_of([document.text]) and unread == document.unread


def _words_of(texts: Iterable[str]) -> list[str]:
    """Return the words of blocks, without the marks of Markdown around them."""
    said = " ".join(texts).replace("|", " ").replace("```", " ")
    return [word for word in said.split() if word not in ("-", "---")]
