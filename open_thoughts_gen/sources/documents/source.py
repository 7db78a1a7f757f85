"""Passages of the user's own documents, as seeds for questions that a model writes, or as questions by themselves.

    use: write
    how: passage
    model: deepseek/deepseek-flash
    seeds: {use: documents, path: handbook/*.pdf}

PDF, Word, EPUB, HTML, Markdown and text. Each document becomes blocks in reading order, and these become chunks that
span no two sections. A chunk is a question whose prompt is its text under its headings, and whose meta says where it
stands: document, section, pages. What cannot be read, a page that is a scan or a broken file, is a row with its reason.

Nothing is fetched and no model is used. For scans and for pages full of formulas, run an OCR tool or a layout model of
your choice (docling, marker, MinerU) first, and give its Markdown to this source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from pydantic import Field, model_validator

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.plugin import Source
from open_thoughts_gen.sources._paths import paths_of
from open_thoughts_gen.sources.documents.blocks import Chunk, TextBlock, Unreadable, chunks
from open_thoughts_gen.sources.documents.markup import markdown_blocks, page_blocks, text_blocks
from open_thoughts_gen.sources.documents.office import BadArchiveError, docx_blocks, epub_blocks
from open_thoughts_gen.sources.documents.pdf import pdf_blocks
from open_thoughts_gen.types import DropReason, Question

Blocks = Iterator[TextBlock | Unreadable]


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


READERS: Mapping[str, Callable[[Path], Blocks]] = {
    ".pdf": pdf_blocks,
    ".docx": docx_blocks,
    ".epub": epub_blocks,
    **dict.fromkeys((".html", ".htm", ".xhtml"), lambda path: page_blocks(path.read_bytes())),
    **dict.fromkeys((".md", ".markdown"), lambda path: markdown_blocks(_decoded(path))),
    **dict.fromkeys((".txt", ".text"), lambda path: text_blocks(_decoded(path))),
}


class Documents(Source):
    """Passages of documents: PDF, Word, EPUB, HTML, Markdown and text."""

    path: str = Field(min_length=1, description="file or glob pattern, relative to the recipe's folder")
    max_words: int = Field(default=400, ge=20, description="how many words a passage has at most, but for a long block")
    min_words: int = Field(
        default=40, ge=1, description="how many words a passage has at least; shorter ones are left out"
    )
    domain: str = Field(default="general", description="the domain of the passages")
    license: str = Field(default="", description="the license of the documents, as the Hub spells it; empty: unknown")

    @model_validator(mode="after")
    def _bounds_make_sense(self) -> Documents:
        if self.min_words > self.max_words:
            raise ValueError(f"min_words {self.min_words} is above max_words {self.max_words}")
        return self

    @property
    def usual_license(self) -> str:
        """The license of the documents."""
        return self.license

    @property
    def inputs(self) -> Sequence[Path]:
        """The documents, in the order of their names."""
        return paths_of(self.path, self._context.folder)

    def start(self) -> None:
        """Look for the documents before the first is read.

        Raises:
            UserError: there is none of that name, or none of a kind that can be read.

        """
        unread = [path for path in self.inputs if path.suffix.lower() not in READERS]
        if len(unread) == len(self.inputs):
            hint = f"these can be read: {', '.join(READERS)}; convert it first"
            raise UserError(Fault(f"{unread[0].name}: {_of_kind(unread[0])}", hint=hint))

    def questions(self) -> Iterator[Question | DropReason]:
        """Yield the passages of one document after the other."""
        for path in self.inputs:
            if path.suffix.lower() in READERS:
                yield from self._passages(path)
            else:
                yield DropReason("document cannot be read", f"{path.name}: {_of_kind(path)}")

    def _passages(self, path: Path) -> Iterator[Question | DropReason]:
        unread: list[Unreadable] = []
        number = -1
        try:
            blocks = partial(_readable, READERS[path.suffix.lower()](path), unread)
            for number, chunk in enumerate(chunks(blocks(), max_words=self.max_words, min_words=self.min_words)):
                yield self._question(path, number, chunk)
        except (BadArchiveError, OSError) as error:
            yield DropReason("document cannot be read", f"{path.name}: {error}")
            return
        for each in unread:
            yield DropReason("page cannot be read", f"{path.name}, {each.where}: {each.why}")
        if number < 0 and not unread:
            yield DropReason("document has no text", f"{path.name}: no passage of {self.min_words} words")

    def _question(self, path: Path, number: int, chunk: Chunk) -> Question:
        title = " > ".join(chunk.headings)
        meta = {
            "document": path.name,
            "section": title,
            "chunk": number,
            **({"pages": list(chunk.pages)} if chunk.pages else {}),
        }
        prompt = f"{title}\n\n{chunk.text}" if title else chunk.text
        return Question(prompt, None, self.domain, f"documents:{path.name}", self.license, meta)


def _of_kind(path: Path) -> str:
    return f"documents with the suffix {path.suffix!r} cannot be read"


def _readable(blocks: Blocks, unread: list[Unreadable]) -> Iterator[TextBlock]:
    for block in blocks:
        if isinstance(block, Unreadable):
            unread.append(block)
        else:
            yield block
