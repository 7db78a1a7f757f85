r"""The prose of a text: what is left without code, formulas, links and tables.

Language and readability are measured on it, since a page of LaTeX is in no language.
"""

from __future__ import annotations

import re

_NOT_PROSE = (
    re.compile(r"^(?P<fence>```+|~~~+)[^\n]*\n.*?(?:^(?P=fence)[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE),
    re.compile(r"`[^`\n]*`"),
    re.compile(r"\\begin\{(\w+\*?)\}.*?(?:\\end\{\1\}|\Z)", re.DOTALL),
    re.compile(r"\$\$.*?\$\$|\\\[.*?\\\]|\\\(.*?\\\)", re.DOTALL),
    re.compile(r"\$(?! )[^$\n]{1,400}(?<! )\$(?!\d)"),
    re.compile(r"https?://\S+|</?[a-zA-Z][^>\n]{0,200}>"),
    re.compile(r"^[ \t]*\|.*$", re.MULTILINE),
)


def prose(text: str) -> str:
    """Return a text without its code, formulas, links, tags and table rows, each replaced by a space."""
    for pattern in _NOT_PROSE:
        text = pattern.sub(" ", text)
    return text
