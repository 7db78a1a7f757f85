"""Word (.docx) and EPUB as blocks: both are ZIP archives of XML, read here without a network and within bounds.

An archive may be hostile. No entity is resolved, no path of it is written anywhere, and a member that unpacks to more
than `MAX_MEMBER` bytes is refused, as is an archive of more than `MAX_ARCHIVE`.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from lxml import etree  # type: ignore[import-untyped]

from open_thoughts_gen.sources.documents.blocks import TextBlock, Unreadable
from open_thoughts_gen.sources.documents.markup import chapter_blocks, table_text

MAX_MEMBER, MAX_ARCHIVE = 64 << 20, 512 << 20
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_WRAPPERS = tuple(f"{_W}{name}" for name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"))
_SPACES = tuple(f"{_W}{name}" for name in ("tab", "br", "cr"))
_NOT_IN_LINE = (f"{_W}del", f"{_W}moveFrom", f"{_W}txbxContent", f"{_W}pPr", _FALLBACK)
_OPF = "{http://www.idpf.org/2007/opf}"
_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"


class BadArchiveError(Exception):
    """A file is not what its suffix says, or is too large; the message says so to the user."""


def docx_blocks(path: Path) -> Iterator[TextBlock | Unreadable]:
    """Yield headings, paragraphs and tables of a Word file, in their order; notes and boxes follow their paragraph.

    Raises:
        BadArchiveError: it is not a Word file.

    """
    with _Archive(path) as archive:
        body = archive.xml("word/document.xml").find(f"{_W}body")
        if body is not None:
            yield from _word_blocks(body, _heading_styles(archive), _notes(archive))


def _word_blocks(parent: etree._Element, levels: Mapping[str, int], notes: Mapping[str, str]) -> Iterator[TextBlock]:
    for child in _children(parent, f"{_W}p", f"{_W}tbl"):
        if child.tag == f"{_W}tbl":
            rows = [
                [" ".join(filter(None, map(_paragraph, cell.iter(f"{_W}p")))) for cell in _children(row, f"{_W}tc")]
                for row in _children(child, f"{_W}tr")
            ]
            if any(map(any, rows)):
                yield TextBlock(table_text(rows), "table")
            continue
        text, level = _paragraph(child), levels.get(_style(child), 0)
        if text:
            yield TextBlock(text, "heading", level) if level else TextBlock(text)
        for mark in child.iter(f"{_W}footnoteReference", f"{_W}endnoteReference"):
            if note := notes.get(f"{mark.tag.removesuffix('Reference')} {mark.get(f'{_W}id')}"):
                yield TextBlock(note)
        for box in child.iter(f"{_W}txbxContent"):
            if next(box.iterancestors(_FALLBACK), None) is None:  # the same box once more, for old programs
                yield from _word_blocks(box, levels, notes)


def _children(parent: etree._Element, *tags: str) -> Iterator[etree._Element]:
    """Yield the elements of these tags in another, also in content controls and what was inserted."""
    for child in parent:
        if child.tag in tags:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _children(child, *tags)


def _notes(archive: _Archive) -> dict[str, str]:
    """Return the text of each footnote and endnote by its tag and id."""
    notes = {}
    for part in ("footnote", "endnote"):
        with suppress(BadArchiveError):  # most files have none
            for note in archive.xml(f"word/{part}s.xml").iter(f"{_W}{part}"):
                if note.get(f"{_W}type", "normal") == "normal":
                    said = " ".join(filter(None, map(_paragraph, note.iter(f"{_W}p"))))
                    notes[f"{note.tag} {note.get(f'{_W}id')}"] = said
    return notes


def epub_blocks(path: Path) -> Iterator[TextBlock | Unreadable]:
    """Yield the chapters of a book in the order of its spine.

    Raises:
        BadArchiveError: it is not a book.

    """
    with _Archive(path) as archive:
        root = archive.xml("META-INF/container.xml").find(f".//{_CONTAINER}rootfile")
        if root is None:
            raise BadArchiveError("it names no package file")
        package = root.get("full-path", "")
        opf, folder = archive.xml(package), posixpath.dirname(package)
        files = {item.get("id"): item.get("href", "") for item in opf.iter(f"{_OPF}item")}
        for item in opf.iter(f"{_OPF}itemref"):
            name = posixpath.normpath(posixpath.join(folder, unquote(files.get(item.get("idref"), ""))))
            try:
                chapter = archive.read(name)
            except BadArchiveError as error:
                yield Unreadable(name, str(error))
                continue
            yield from chapter_blocks(chapter)


class _Archive:
    """A ZIP archive whose members are read within bounds."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise BadArchiveError("it is not a ZIP archive, as such files are") from error
        if sum(member.file_size for member in self._zip.infolist()) > MAX_ARCHIVE:
            raise BadArchiveError(f"it unpacks to more than {MAX_ARCHIVE >> 20} MB")

    def __enter__(self) -> _Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def read(self, name: str) -> bytes:
        try:
            member = self._zip.getinfo(name)
            if member.file_size > MAX_MEMBER:
                raise BadArchiveError(f"{name} unpacks to more than {MAX_MEMBER >> 20} MB")
            with self._zip.open(member) as stream:
                content = stream.read(MAX_MEMBER + 1)
        except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
            raise BadArchiveError(f"it has no {name} that can be read") from error
        if len(content) > MAX_MEMBER:
            raise BadArchiveError(f"{name} unpacks to more than {MAX_MEMBER >> 20} MB")
        return content

    def xml(self, name: str) -> etree._Element:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            return etree.fromstring(self.read(name), parser)
        except etree.XMLSyntaxError as error:
            raise BadArchiveError(f"{name} is not XML: {error}") from error


def _heading_styles(archive: _Archive) -> dict[str, int]:
    """Return the level of each style of headings, by the style's id, which differs from language to language."""
    try:
        styles = archive.xml("word/styles.xml")
    except BadArchiveError:
        return {}
    levels = {}
    for style in styles.iter(f"{_W}style"):
        outline, name = style.find(f".//{_W}outlineLvl"), style.find(f"{_W}name")
        known = (name.get(f"{_W}val", "") if name is not None else "").lower()
        if outline is not None and outline.get(f"{_W}val", "9").isdigit():
            level = int(outline.get(f"{_W}val")) + 1
        elif known == "title":
            level = 1
        elif known.startswith("heading ") and known[8:].isdigit():
            level = int(known[8:])
        else:
            continue
        levels[style.get(f"{_W}styleId", "")] = level if level <= 9 else 0
    return levels


def _style(paragraph: etree._Element) -> str:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    return style.get(f"{_W}val", "") if style is not None else ""


def _paragraph(paragraph: etree._Element) -> str:
    """Return the text of a paragraph, without what was deleted in it; an item of a list has a dash before it."""
    text = " ".join("".join(_letters(paragraph)).split())
    is_item = paragraph.find(f"{_W}pPr/{_W}numPr") is not None
    return f"- {text}" if is_item and text else text


def _letters(node: etree._Element) -> Iterator[str]:
    for child in node:
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _SPACES:
            yield " "
        elif child.tag == f"{_W}noBreakHyphen":
            yield "-"
        elif child.tag not in _NOT_IN_LINE:
            yield from _letters(child)
