"""Markdown, plain text and HTML as blocks.

Of a web page only the main content is read (trafilatura drops navigation, footers and comments); a chapter of a book is
read whole. Nothing is fetched, no script is run, and no entity of a document is resolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import trafilatura
from lxml import etree, html  # type: ignore[import-untyped]

from open_thoughts_gen.sources.documents.blocks import TextBlock, Unreadable

_HEADING = re.compile(r"(#{1,6})[ \t]+(.+?)[ \t]*#*$")
_FENCE = re.compile(r"(```+|~~~+)")
_UNDERLINE, _BREAK = re.compile(r"(=+|-{2,})[ \t]*"), re.compile(r"[ ]{0,3}([-*_])([ \t]*\1){2,}[ \t]*")
_SETTINGS = re.compile(r"\A---[ \t]*\n(?:(?:[\w-]+:|[ \t]+|- |#).*\n|[ \t]*\n)*(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_SPACE = re.compile(r"[ \t\r\f\v\u00a0]+")
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = (
    *(
        "html",
        "body",
        "div",
        "section",
        "article",
        "main",
        "aside",
        "header",
        "footer",
        "address",
        "details",
        "summary",
    ),
    *("p", "blockquote", "figure", "figcaption", "ul", "ol", "li", "dl", "dt", "dd", "hr", "pre", *_HEADINGS),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th"),
)
_SKIPPED = ("script", "style", "nav", "head", "template", "noscript", "svg", "math", "form", "button")
MIN_PAGE_WORDS = 5


def text_blocks(text: str) -> Iterator[TextBlock]:
    """Yield the paragraphs of plain text, which blank lines part."""
    for part in re.split(r"\n[ \t]*\n", text):
        joined = " ".join(part.split())
        if joined:
            yield TextBlock(joined)


def markdown_blocks(text: str) -> Iterator[TextBlock]:
    """Yield headings, listings, tables and paragraphs of Markdown; its inline marks stay, settings at its top go."""
    waiting: list[str] = []
    fence = ""

    def finished() -> Iterator[TextBlock]:
        if waiting:
            is_table = all(line.lstrip().startswith("|") for line in waiting)
            yield TextBlock("\n".join(waiting), "table") if is_table else TextBlock(" ".join(" ".join(waiting).split()))
            waiting.clear()

    for line in _SETTINGS.sub("", text.replace("\r\n", "\n")).splitlines():
        opening = _FENCE.match(line.lstrip())
        if fence:
            waiting.append(line)
            if opening and opening[1].startswith(fence):
                yield TextBlock("\n".join(waiting), "code")
                waiting.clear()
                fence = ""
        elif opening:
            yield from finished()
            waiting.append(line)
            fence = opening[1]
        elif heading := _HEADING.match(line):
            yield from finished()
            yield TextBlock(heading[2].strip(), "heading", len(heading[1]))
        elif len(waiting) == 1 and (underline := _UNDERLINE.fullmatch(line)):
            yield TextBlock(waiting.pop().strip(), "heading", 1 if underline[1][0] == "=" else 2)
        elif not line.strip() or _BREAK.fullmatch(line):
            yield from finished()
        else:
            if waiting and line.lstrip().startswith("|") != waiting[0].lstrip().startswith("|"):
                yield from finished()
            waiting.append(line)
    if fence and waiting:
        yield TextBlock("\n".join(waiting), "code")
    else:
        yield from finished()


def page_blocks(page: bytes) -> Iterator[TextBlock | Unreadable]:
    """Yield the main content of a web page."""
    written = trafilatura.extract(page, output_format="markdown", include_comments=False, include_formatting=True)
    if not written or len(written.split()) < MIN_PAGE_WORDS:
        written = None
        yield from chapter_blocks(page)
    if written:
        yield from markdown_blocks(written)


def chapter_blocks(chapter: bytes) -> Iterator[TextBlock | Unreadable]:
    """Yield all that a page of HTML or XHTML says, in its order."""
    parser = html.HTMLParser(encoding="utf-8" if _is_utf8(chapter) else None, no_network=True, huge_tree=False)
    try:
        tree = html.document_fromstring(chapter, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        yield Unreadable("", f"no HTML: {error}")
        return
    etree.strip_elements(tree, etree.Comment, *_SKIPPED, with_tail=False)
    for each in tree.iter("br", *_BLOCKS):  # else the words before and after it become one
        each.tail = f"\n{each.tail or ''}"
    yield from _inside(tree)


def _inside(element: html.HtmlElement) -> Iterator[TextBlock]:
    """Yield the blocks in an element; what stands between them is a paragraph, too."""
    between = [element.text or ""]
    is_item = element.tag == "li"

    def paragraph() -> Iterator[TextBlock]:
        said = " ".join("".join(between).split())
        between.clear()
        if said:
            yield TextBlock(f"- {said}" if is_item else said)

    for child in element:
        if not isinstance(child.tag, str):
            pass
        elif child.tag in _BLOCKS or next(child.iter(*_BLOCKS), None) is not None:
            yield from paragraph()
            yield from _block(child)
            is_item = False
        else:
            between.append(child.text_content())
        between.append(child.tail or "")
    yield from paragraph()


def _block(element: html.HtmlElement) -> Iterator[TextBlock]:
    if element.tag in _HEADINGS:
        title = _said(element)
        if title:
            yield TextBlock(title, "heading", _HEADINGS[element.tag])
    elif element.tag == "table":
        rows = [[_said(cell) for cell in row if cell.tag in ("td", "th")] for row in element.iter("tr")]
        if any(map(any, rows)):
            yield TextBlock(table_text(rows), "table")
    elif element.tag == "pre":
        yield TextBlock(f"```\n{element.text_content().strip()}\n```", "code")
    else:
        yield from _inside(element)


def _said(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def table_text(rows: list[list[str]]) -> str:
    """Return a table as Markdown, its first row the head."""
    width = max(map(len, rows))
    cells = [[cell.replace("|", "\\|") for cell in row] + [""] * (width - len(row)) for row in rows]
    head, *rest = (f"| {' | '.join(row)} |" for row in cells)
    return "\n".join([head, f"|{' --- |' * width}", *rest])
