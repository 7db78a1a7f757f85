"""Documents for tests, written by hand: PDF pages with text at given points, Word files, books."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

Put = tuple[float, float, float, str]  # left, baseline, size in points, text

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def write_pdf(path: Path, pages: Sequence[Sequence[Put]], *, rotate: int = 0) -> Path:
    """Write a PDF file of A4 pages in Helvetica; an empty page has a drawn rectangle, as a scan has a picture.

    With `rotate` each page is to be turned by so many degrees when it is shown.
    """
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", font]
    kids = []
    for page in pages:
        drawn = "".join(
            f"BT /F1 {size} Tf {left} {base} Td ({_escaped(text)}) Tj ET\n" for left, base, size, text in page
        )
        stream = drawn or "0.5 g 50 50 400 700 re f\n"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}endstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Rotate {rotate} "
            f"/Contents {len(objects)} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    content, offsets = "%PDF-1.4\n", []
    for number, written in enumerate(objects, 1):
        offsets.append(len(content))
        content += f"{number} 0 obj\n{written}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    content += (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
    )
    path.write_bytes(f"{content}startxref\n{content.rindex('xref')}\n%%EOF\n".encode("latin-1"))
    return path


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def column(lines: Sequence[str], left: float, top: float, *, size: float = 10, leading: float = 13) -> list[Put]:
    """Return lines below each other."""
    return [(left, top - leading * index, size, line) for index, line in enumerate(lines)]


def write_docx(
    path: Path, paragraphs: Sequence[tuple[str, str]], tables: Sequence[Sequence[Sequence[str]]] = ()
) -> Path:
    """Write a Word file of (style, text) paragraphs, then tables."""
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{escape(text)}</w:t></w:r></w:p>'
        for style, text in paragraphs
    )
    for table in tables:
        rows = (
            "".join(f"<w:tc><w:p><w:r><w:t>{escape(cell)}</w:t></w:r></w:p></w:tc>" for cell in row) for row in table
        )
        body += f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"
    styles = "".join(
        f'<w:style w:styleId="{name}"><w:name w:val="heading {level}"/></w:style>'
        for level, name in enumerate(("berschrift1", "berschrift2"), 1)
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", f"<w:document {_W}><w:body>{body}</w:body></w:document>")
        archive.writestr("word/styles.xml", f"<w:styles {_W}>{styles}</w:styles>")
    return path


def write_epub(path: Path, chapters: Mapping[str, str]) -> Path:
    """Write a book of chapters, by file name, in this order."""
    items = "".join(f'<item id="{name}" href="text/{name}"/>' for name in sorted(chapters))
    spine = "".join(f'<itemref idref="{name}"/>' for name in chapters)
    package = (
        f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{items}</manifest><spine>{spine}</spine></package>'
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/content.opf"/></rootfiles></container>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("OEBPS/content.opf", package)
        for name, chapter in chapters.items():
            archive.writestr(f"OEBPS/text/{name}", chapter)
    return path
