"""What every reader of documents yields: blocks in reading order. Chunks are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph, heading, table or listing. `level` is that of a heading, 1 the highest; `page` counts from 1."""

    text: str
    kind: Literal["paragraph", "heading", "table", "code"] = "paragraph"
    level: int = 0
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A part of a document that could not be read, such as a page that is a picture."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a document under one heading: its text, the headings above it, its first and last page."""

    text: str
    headings: tuple[str, ...]
    pages: tuple[int, int] | None


def chunks(blocks: Iterable[TextBlock], *, max_words: int, min_words: int) -> Iterator[Chunk]:
    """Yield chunks of at most `max_words` words, unless one block alone is longer; none spans two sections.

    A section shorter than `min_words` is joined to the next one, so that a heading with a line under it is not a chunk;
    at the end of the document it is dropped if it is shorter still.
    """
    headings: list[str] = []
    path: tuple[str, ...] = ()
    waiting: list[TextBlock] = []

    def num_words() -> int:
        return sum(len(block.text.split()) for block in waiting)

    for block in blocks:
        if block.kind == "heading":
            if num_words() >= min_words:
                yield _chunk(waiting, path)
                waiting = []
            headings[block.level - 1 :] = [*[""] * (block.level - 1 - len(headings)), block.text]
            path = path if waiting else tuple(filter(None, headings))
            if waiting:
                waiting.append(block)
            continue
        if waiting and num_words() + len(block.text.split()) > max_words and num_words() >= min_words:
            yield _chunk(waiting, path)
            waiting = []
        if not waiting:
            path = tuple(filter(None, headings))
        waiting.append(block)
    if num_words() >= min_words:
        yield _chunk(waiting, path)


def _chunk(blocks: list[TextBlock], headings: tuple[str, ...]) -> Chunk:
    pages = [block.page for block in blocks if block.page is not None]
    return Chunk("\n\n".join(block.text for block in blocks), headings, (min(pages), max(pages)) if pages else None)
