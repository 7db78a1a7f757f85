"""Which part of a response is the program: its fenced blocks, and the one among them that defines what was asked.

Responses hold drafts, sample outputs, tests and examples of use beside the program, so neither the first block nor the
last is always it. A block is chosen by its label, then by what it defines; helpers that other blocks define are put
before it. All is seen from fences and words, never by parsing: the text is hostile, and every function here takes time
linear in it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from open_thoughts_gen.types import Trace

Block = Literal["defining", "last", "first", "all"]

_OPENING = re.compile(r"(?<![`~])(`{3,}+|~{3,}+)[ \t]*+([\w+#.-]*+)[^`]*+$")
_CLOSING = re.compile(r"[ \t>]*+(`{3,}+|~{3,}+)(?!\w)")
_PYTHON = {"python", "python3", "py", "py3", "pypy", "pypy3"}
_TRIPLE = re.compile(r"\"\"\"|'''")
_READS = re.compile(r"\binput\s*\(|\bstdin\b|\bopen\s*\(\s*0\b|\bfileinput\b|\bos\s*\.\s*read\b")
_WRITES = re.compile(r"\bprint\s*\(|\bstdout\b|\bos\s*\.\s*write\b")
# Input that a block makes for itself is not a reading: `sys.stdin = io.StringIO("3")`, `patch("sys.stdin", ...)`.
_MOCK = re.compile(r"\bsys\s*\.\s*stdin\s*=(?!=)(?![^\n]*\bstdin\b[^\n]*\bread)[^\n]*|\bpatch(?:\.\w+)?\s*\([^\n]*")
_DEFINED = re.compile(r"\b(?:def|class)[ \t]+([A-Za-z_]\w*)")
_CALLED = re.compile(r"(?<![\w.])([A-Za-z_]\w*)[ \t]*\(")
# What may stand at the left margin of a block that only defines: nothing of it does anything by itself.
_DEFINES = re.compile(r"(?:(?:async|def|class|import|from)\b|[@#)\]}\s]|[A-Z_0-9]+\s*=|\"\"\"|''')")


def program_of(trace: Trace, block: Block, function: str | None) -> str | None:
    """Return the program that a response gives; None if it gives none, or was cut off inside it."""
    blocks = [each for each in fenced(trace.response) if each.language.lower() in _PYTHON or not each.language]
    if not blocks or (trace.finish_reason == "length" and not blocks[-1].closed):
        return None
    labelled = [each.source for each in blocks if each.language]
    bare = [each.source for each in blocks if not each.language]
    sources = labelled or bare
    match block:
        case "all":
            return "\n\n".join(sources)
        case "first":
            return sources[0]
        case "last":
            return sources[-1]
    chosen = _defining(sources, function)
    if chosen is None and function is not None and labelled:
        chosen, sources = _defining(bare, function), bare if _defining(bare, function) is not None else sources
    return _with_helpers(sources, len(sources) - 1 if chosen is None else chosen)


def _defining(sources: Sequence[str], function: str | None) -> int | None:
    """Return the index of the last block that defines the function, or of the one that reads input or else prints."""
    if function is not None:
        signs = [re.compile(rf"\b(?:def|class)\s+{re.escape(function)}\b"), re.compile(r"\bclass\s+Solution\b")]
        texts = [*sources]
    else:
        signs, texts = [_READS, _WRITES], [_MOCK.sub("", source) for source in sources]
        tests = [bool(_MOCK.search(source)) for source in sources]
        if any(_READS.search(text) for text, is_test in zip(texts, tests, strict=True) if not is_test):
            texts = ["" if is_test else text for text, is_test in zip(texts, tests, strict=True)]
    for sign in signs:
        for index in reversed(range(len(texts))):
            if sign.search(texts[index]):
                return index
    return None


def _with_helpers(sources: Sequence[str], chosen: int) -> str:
    """Return a block after those that define what it calls and does not define, and do nothing else."""
    parts = [sources[chosen]]
    missing = {*_CALLED.findall(parts[0])} - {*_DEFINED.findall(parts[0])}
    for index in reversed(range(len(sources))):
        helper = sources[index]
        defined = {*_DEFINED.findall(helper)}
        only_defines = all(not line or _DEFINES.match(line) for line in helper.split("\n"))
        if index != chosen and only_defines and (missing & defined or not defined):
            missing = (missing | {*_CALLED.findall(helper)}) - defined
            parts.insert(0, helper)
    return "\n\n".join(parts)


@dataclass(frozen=True, slots=True)
class Fenced:
    """A fenced block of Markdown. One that never closes goes on to the end of its text."""

    language: str
    source: str
    closed: bool


def fenced(markdown: str) -> list[Fenced]:
    """Return the fenced blocks of a text that are not empty; a fence may also open or close amid a line.

    A fence inside a docstring of the block is text of the program, if the docstring ends.
    """
    blocks: list[Fenced] = []
    all_lines = markdown.split("\n")
    last_of = {quotes: i for i, line in enumerate(all_lines) for quotes in _TRIPLE.findall(line)}
    fence, language, quotes, inside = "", "", "", list[str]()

    def end(closed: bool) -> None:
        source = textwrap.dedent("\n".join(inside))
        if source.strip():
            blocks.append(Fenced(language, source, closed))
        inside.clear()

    for i, line in enumerate(all_lines):
        if not fence:
            if opening := _OPENING.search(line):
                fence, language = opening.groups()
                quotes = ""
        elif quotes and last_of[quotes] >= i:
            inside.append(line)
            quotes = _open_quotes(line, quotes)
        elif (closing := _CLOSING.match(line)) and closing[1].startswith(fence):
            end(closed=True)
            fence = ""
        elif line.rstrip().endswith(fence):
            inside.append(line.rstrip().rstrip(fence[0]))
            end(closed=True)
            fence = ""
        else:
            inside.append(line)
            quotes = _open_quotes(line, quotes)
    if fence:
        end(closed=False)
    return blocks


def _open_quotes(line: str, quotes: str) -> str:
    """Return the triple quotes that are open after a line, given those before it; empty where none are."""
    for mark in _TRIPLE.findall(line):
        if not quotes:
            quotes = mark
        elif mark == quotes:
            quotes = ""
    return quotes
