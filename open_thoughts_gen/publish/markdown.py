"""Markdown out of text that nobody has vetted.

Every function here returns Markdown in which the given text stays text: it opens no tag, closes no table cell, ends no
fence. CommonMark (https://spec.commonmark.org/0.31.2/#backslash-escapes) lets any ASCII punctuation be escaped with a
backslash; only what can mean something is, so that the source stays readable.

`authored` is for text that is Markdown on purpose, by the recipe's author: it stays Markdown, but cannot swallow or
break the page around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_\[\]{}|~$#@])")
_LINE_START = re.compile(r"^(\s*)([-+=>:])|^(\s*\d+)([.)])")
_LINK = re.compile(r"(https?|ftp|mailto)(:)|(\bwww)(\.)", re.IGNORECASE)
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|[\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_FENCE = re.compile(r"^( {0,3})(`{3,}|~{3,})(.*)$")
_TAG = re.compile(r"<(?=[A-Za-z/!?])(?!(?:https?|mailto):[^\s<>]*>)")
_SPAN = re.compile(r"(?<![\\`])(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_HEADING = re.compile(r"^((?: {0,3}(?:>|[-+*]|\d+[.)])[ \t]?)* {0,3})#{1,2}(?=\s|$)")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)\s*$")
_PRIVATE_HOST = re.compile(
    r"(https?\\?://)(?:localhost|[\w-]+(?:\.local|\.internal|\.lan)?(?=[:/])|127(?:\.\d+){3}|10(?:\.\d+){3}|0\.0\.0\.0"
    r"|192\.168(?:\.\d+){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}|169\.254(?:\.\d+){2}|\\?\[[0-9a-fA-F:]+\\?\])(?::\d+)?(?=[/#\s`'\"]|$)"
)

MAX_CELL = 2_000  # characters of a table's cell


def authored(text: str) -> str:
    """Return the author's Markdown with fences closed, HTML shown as text, and headings below those of the page."""
    parts: list[tuple[bool, str]] = []  # whether it is code, and the line
    opened: tuple[str, str] | None = None
    for line in _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip("\n").split("\n"):
        match = _FENCE.match(line)
        if opened is None and match and not (match[2][0] == "`" and "`" in match[3]):
            opened = match[1], match[2]
            parts.append((False, line))
        elif opened is not None:
            closes = match and match[2].startswith(opened[1]) and not match[3].strip()
            opened = None if closes else opened
            parts.append((True, line))
        else:
            parts.append((False, line))
    if opened:
        parts.append((True, "".join(opened)))
    # A span of code is left alone only where every backtick has its match on its own line: there is no other reading.
    plain = all("`" not in _SPAN.sub("", line) for is_code, line in parts if not is_code and not _FENCE.match(line))
    lines: list[str] = []
    for is_code, line in parts:
        if not is_code and (under := _UNDERLINE.match(line)) and lines and lines[-1].strip():
            lines += [f"\\{line.strip()}"] if under[1][0] == "=" else ["", line]
        else:
            lines.append(line if is_code else _without_tags(_HEADING.sub(r"\1###", line), keep_spans=plain))
    return "\n".join(lines).strip()


def _without_tags(line: str, *, keep_spans: bool) -> str:
    if not keep_spans:
        return _TAG.sub("&lt;", line)
    done, end = "", 0
    for span in _SPAN.finditer(line):
        done += _TAG.sub("&lt;", line[end : span.start()]) + span[0]
        end = span.end()
    return done + _TAG.sub("&lt;", line[end:])


def inline(text: str) -> str:
    """Return text on one line of Markdown, fit for a heading, a sentence or a table cell."""
    return _escape(" ".join(_CONTROL.sub(" ", text).split()))


def code(text: str) -> str:
    """Return text as code on one line. It may hold a `|` and still stand in a table cell, which a span could not."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    if "|" in line or not line:
        return f"<code>{_escape(line)}</code>"
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fence(text: str, language: str = "") -> str:
    """Return text as a fenced code block."""
    text = _lines(text)
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{ticks}{language}\n{text}\n{ticks}"


def quote(text: str) -> str:
    """Return text as a block quote that shows it as it stands: paragraphs and indentation kept, nothing interpreted."""
    paragraphs = [paragraph for paragraph in re.split(r"\n[ \t]*\n+", _lines(text).strip("\n")) if paragraph.strip()]
    quoted = []
    for paragraph in paragraphs:
        lines = [(line, line.lstrip(" ")) for line in paragraph.split("\n")]
        shown = ["&nbsp;" * (len(line) - len(body)) + _escape(body.rstrip()) for line, body in lines]
        quoted.append("> " + "  \n> ".join(shown))
    return "\n>\n".join(quoted) or ">"


def awaited(what: str) -> str:
    """Return an empty place of a card before its run; `what` is a sentence of ours that says what will stand there."""
    return f"> **After the run:** {what}"


def clip(text: str, limit: int) -> str:
    """Return text of at most `limit` characters or so: what is too long is cut in the middle, and the cut says so."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} [… {len(text) - 2 * half:,} characters left out …] {text[-half:]}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()) -> str:
    """Return a table of cells that are Markdown already; columns named in `numbers` are set flush right."""
    right = set(numbers)
    rule = ["---:" if i in right else "---" for i in range(len(head))]
    lines = []
    for cells in (head, rule, *rows):
        # A cell that is too long is shown as plain text, cut: Markdown cannot be cut anywhere.
        bounded = [cell if len(cell) <= MAX_CELL else inline(clip(cell, MAX_CELL // 8)) for cell in cells]
        lines.append(f"| {' | '.join(bounded)} |")
    return "\n".join(lines)


def public_name(teacher: str, stated: str = "") -> str:
    """Return what is published as a teacher's name: what the recipe states, else its own without a private address.

    Of a model on a server of one's own that is the model's name alone.
    """
    return stated or (teacher.rpartition("#")[2] if _PRIVATE_HOST.search(teacher) else teacher)


def without_private_hosts(markdown: str) -> str:
    """Return a page that names no endpoint of a private network; quoted rows stay as they are."""
    lines = markdown.split("\n")
    return "\n".join(line if line.startswith(">") else _PRIVATE_HOST.sub(r"\1HOST", line) for line in lines)


def _lines(text: str) -> str:
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\t", "    ")


def _escape(line: str) -> str:
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _SPECIAL.sub(r"\\\1", line)
    line = _LINK.sub(lambda m: f"{m[1] or m[3]}\\{m[2] or m[4]}", line)
    return _LINE_START.sub(lambda m: f"{m[1] or m[3] or ''}\\{m[2] or m[4]}", line)
