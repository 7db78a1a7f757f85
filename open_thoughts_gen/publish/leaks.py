"""Secrets and e-mail addresses in the texts of a dataset: what nobody wants to have published.

A secret is known by its form: the prefixes of keys that providers hand out, a private key, a signed token. What the
environment of this process holds as a key or a token is looked for literally. An e-mail address counts if its domain
is one that people have; those that are reserved for examples (RFC 2606) do not. Nothing found is ever printed, only
what it looks like and where it stands.

Not looked for: names, addresses and telephone numbers of people, which no pattern tells from those that are made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

_FORMS = {
    "a token of Hugging Face": r"\bhf_[A-Za-z0-9]{30,}\b",
    "a key of OpenAI or Anthropic": r"\bsk-(?:proj-|ant-|or-v1-)?[A-Za-z0-9_-]{24,}",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})\b",
    "a key of AWS": r"\bAKIA[0-9A-Z]{16}\b",
    "a key of Google": r"\bAIza[0-9A-Za-z_-]{35}",
    "a token of Slack": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "a key of NVIDIA": r"\bnvapi-[A-Za-z0-9_-]{24,}",
    "a private key": r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
}
_TLDS = (
    "com|org|net|edu|gov|mil|int|info|biz|io|ai|dev|app|co|me|eu|de|fr|uk|nl|be|ch|at|it|es|pt|se|no|dk|fi|pl|cz|ru|ua|"
)
_TLDS += "tr|gr|ie|us|ca|mx|br|ar|cl|au|nz|jp|cn|kr|in|id|sg|hk|tw|za|ng|ke|il|ir|ae|sa"
_EMAIL = rf"\b[A-Za-z0-9][A-Za-z0-9._%+-]*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+(?:{_TLDS})\b"
_RESERVED = re.compile(
    r"@(?:[^@]*\.)?(?:example\.(?:com|org|net|edu)|[^@]*\.(?:example|test|invalid|localhost))$", re.IGNORECASE
)
_HELD = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD)$")
_MIN_HELD = 16  # characters; a shorter value may be a common word


class Leak(NamedTuple):
    """Something that should not be published: which check finds it, what it looks like, and the number of the row."""

    check: str
    what: str
    row: int


class LeakFinder:
    """Finds leaks in texts; `env` is the environment whose secrets are looked for literally."""

    def __init__(self, env: Mapping[str, str]) -> None:
        """Put the patterns together."""
        held = {name: value.strip() for name, value in env.items() if _HELD.search(name)}
        literal = {f"the value of ${name}": re.escape(value) for name, value in held.items() if len(value) >= _MIN_HELD}
        self._secrets = {what: re.compile(form) for what, form in (literal | _FORMS).items()}
        self._email = re.compile(_EMAIL, re.IGNORECASE)
        # One pass of Arrow's engine over whole columns finds the few texts that are worth a second look.
        self._any = "|".join([*(literal | _FORMS).values(), f"(?i:{_EMAIL})"])

    def in_text(self, text: str, row: int = 0) -> Iterator[Leak]:
        """Yield what a text leaks, each kind once."""
        for what, form in self._secrets.items():
            if form.search(text):
                yield Leak("secrets", what, row)
        if any(not _RESERVED.search(match.group()) for match in self._email.finditer(text)):
            yield Leak("emails", "an e-mail address", row)

    def in_column(self, column: pa.Array, first_row: int = 0) -> Iterator[Leak]:
        """Yield what the texts of a column leak, however deep they lie in lists and structs."""
        for texts, rows in _texts(column, pa.array(range(first_row, first_row + len(column)), pa.int64())):
            suspects = pc.match_substring_regex(texts, self._any)
            for text, row in zip(texts.filter(suspects).to_pylist(), rows.filter(suspects).to_pylist(), strict=True):
                yield from self.in_text(text, row)


def _texts(column: pa.Array, rows: pa.Array) -> Iterator[tuple[pa.Array, pa.Array]]:
    """Yield the arrays of texts in a column, each with the numbers of the rows that its texts stand in."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        yield column, rows
    elif pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        yield from _texts(pc.list_flatten(column), rows.take(pc.list_parent_indices(column)))
    elif pa.types.is_struct(column.type):
        for member in column.flatten():
            yield from _texts(member, rows)
