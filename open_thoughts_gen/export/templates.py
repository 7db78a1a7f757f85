"""Chat templates, rendered as transformers renders them, by jinja2 alone.

A template is a file, a folder with `chat_template.jinja` or `tokenizer_config.json`, or the name of a tokenizer in the
local cache of the Hub. It comes from a third party, so it runs in jinja2's sandbox, where it can change nothing and
reach no attribute of Python's. Its clock stands still: a date in a system prompt is always the same day.

`{% generation %}` marks what an assistant is trained on. It is rendered between two marks that no text has, so that the
stretches are known to the character, whatever stands in the rows.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from open_thoughts_gen.errors import Fault, UserError

Message = Mapping[str, Any]
REASONING_FIELDS = ("reasoning_content", "thinking", "reasoning")  # one and the same for transformers from 5.21 on
_NONCE = secrets.token_hex(8)
_STARTS, _ENDS = f"\ue000{_NONCE}(", f"\ue000{_NONCE})"
_TODAY = datetime(2026, 1, 1, tzinfo=UTC)
_FILES = (
    "chat_template.jinja",
    "tokenizer_config.json",
    "chat_template.json",
    "tokenizer.json",
    "special_tokens_map.json",
)
_DEFAULT_TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}  # for a file alone; templates concatenate them
_MAX_FAULT = 200


class RenderError(Exception):
    """A template refuses a chat, or cannot render it."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A chat as text, and the stretches of it (start, end) that the template marks as generated."""

    text: str
    generated: tuple[tuple[int, int], ...] = ()


class _Generation(Extension):
    """The block `{% generation %}` of transformers."""

    tags = {"generation"}  # noqa: RUF012  (declared so by jinja2)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("marked"), [], [], body).set_lineno(line)

    @staticmethod
    def marked(caller: Any) -> str:  # noqa: ANN401  (jinja2's macro)
        return f"{_STARTS}{caller()}{_ENDS}"


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A template with the special tokens that it may name; `where` is what its user calls it.

    With `aliases`, `reasoning_content`, `thinking` and `reasoning` of a message are one field, as in transformers from
    5.21 on; without, a template sees the field that the row has. `adds_bos`: the tokenizer itself begins every text
    with its first token.
    """

    where: str
    source: str
    tokens: Mapping[str, str] = field(default_factory=dict)
    aliases: bool = True
    tokenizer: Any = None
    adds_bos: bool = True
    _compiled: list[jinja2.Template] = field(default_factory=list, repr=False)

    def render(self, messages: Sequence[Message], *, open_turn: bool = False) -> Rendered:
        """Return a chat as text; with `open_turn` it ends where the assistant is to begin.

        Raises:
            RenderError: the template refuses the chat, or cannot render it.

        """
        turns = []
        for turn in messages:
            value = next((turn[name] for name in REASONING_FIELDS if turn.get(name) is not None), None)
            turns.append({**(dict.fromkeys(REASONING_FIELDS, value) if self.aliases and value else {}), **turn})
        try:
            text = self.compiled().render(
                messages=turns, tools=None, documents=None, add_generation_prompt=open_turn, **self.tokens
            )
        except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
            raise RenderError(f"{type(error).__name__}: {str(error)[:_MAX_FAULT]}") from error
        return without_marks(text)

    @property
    def special(self) -> frozenset[str]:
        """The special tokens that the tokenizer finds in texts; empty without one."""
        if self.tokenizer is None:
            return frozenset()
        added = self.tokenizer.get_added_tokens_decoder().values()
        return frozenset(token.content for token in added if token.special)

    def count(self, text: str) -> int:
        """Return how many tokens a text has; without a tokenizer its bytes in UTF-8, which are never fewer."""
        if self.tokenizer is None:
            return len(text.encode("utf-8", "replace"))
        return len(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def compiled(self) -> jinja2.Template:
        """Return the template in its sandbox, compiled once.

        Raises:
            jinja2.TemplateSyntaxError: it is not a template.

        """
        if not self._compiled:
            environment = ImmutableSandboxedEnvironment(
                trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
            )
            environment.filters["tojson"] = to_json
            environment.globals["raise_exception"] = raise_exception
            environment.globals["strftime_now"] = _TODAY.strftime
            self._compiled.append(environment.from_string(self.source))
        return self._compiled[0]


def load_template(where: str, *, aliases: bool = True) -> ChatTemplate:
    """Return the template of a file, a folder, or a tokenizer in the local cache of the Hub.

    Raises:
        UserError: there is no such template, or it is not one of jinja2.

    """
    path = Path(where)
    if path.is_dir():
        files = {name: path / name for name in _FILES if (path / name).is_file()}
    elif path.is_file():
        files = {"tokenizer_config.json" if path.suffix == ".json" else "chat_template.jinja": path}
    else:
        files = cached_files(where)
    template = of_files(where, files, aliases=aliases)
    try:
        template.compiled()
    except jinja2.TemplateError as error:
        line = f":{error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
        hint = "name a template of jinja2, as transformers reads it"
        raise UserError(Fault(f"{where}{line}: not a chat template: {error.message}", hint=hint)) from error
    return template


def cached_files(name: str) -> dict[str, Path]:
    """Return the files of a tokenizer in the local cache of the Hub, by their names; none where it is not there."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    files = {}
    with suppress(HFValidationError):
        for each in _FILES:
            path = try_to_load_from_cache(name, each)
            if isinstance(path, str):
                files[each] = Path(path)
    return files


def of_files(where: str, files: Mapping[str, Path], *, aliases: bool = True) -> ChatTemplate:
    """Return the template in the files of a tokenizer, by their names.

    Raises:
        UserError: they hold none, or one of them is not JSON.

    """
    written: dict[str, Any] = {}
    for name in ("special_tokens_map.json", "tokenizer_config.json", "chat_template.json"):
        if name in files:
            try:
                value = json.loads(files[name].read_text("utf-8"))
            except (ValueError, RecursionError) as error:
                hint = "name the folder of a tokenizer"
                raise UserError(Fault(f"{files[name]} is not JSON: {error}", hint=hint)) from error
            written |= value if isinstance(value, dict) else {}
    source = written.get("chat_template")
    if "chat_template.jinja" in files:
        source = files["chat_template.jinja"].read_text("utf-8", "replace")
    if isinstance(source, list):  # several templates of one tokenizer, by name
        named = {each.get("name"): each.get("template") for each in source if isinstance(each, dict)}
        source = named.get("default")
    if not isinstance(source, str):
        hint = "name a template file, a folder with tokenizer_config.json, or a tokenizer in the cache of the Hub"
        raise UserError(Fault(f"{where!r} has no chat template", hint=hint))
    values = {key: value.get("content") if isinstance(value, dict) else value for key, value in written.items()}
    tokens = {key: value for key, value in values.items() if key.endswith("_token") and isinstance(value, str)}
    tokenizer = None
    if "tokenizer.json" in files:
        with suppress(ImportError):  # it need not be installed; lengths are then bounded by bytes
            from tokenizers import Tokenizer

            tokenizer = Tokenizer.from_file(str(files["tokenizer.json"]))
    return ChatTemplate(
        where, source, {**_DEFAULT_TOKENS, **tokens}, aliases, tokenizer, written.get("add_bos_token") is not False
    )


def without_marks(text: str) -> Rendered:
    """Return a text without the marks of its generated stretches, and the stretches."""
    first, *others = text.split(f"\ue000{_NONCE}")
    spans: list[tuple[int, int]] = []
    pieces, length, depth = [first], len(first), 0
    starts = 0
    for piece in others:  # begins with the rest of its mark
        if piece[0] == "(":
            starts = starts if depth else length
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                spans.append((starts, length))
        pieces.append(piece[1:])
        length += len(piece) - 1
    return Rendered("".join(pieces), tuple(spans))


def raise_exception(message: str) -> None:
    """Refuse a chat, as a template asks for it by this name.

    Raises:
        jinja2.TemplateError: always.

    """
    raise jinja2.TemplateError(message)


def to_json(
    value: Any,  # noqa: ANN401  (whatever a row has)
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Return a value as JSON, as the filter `tojson` of transformers does: short of what HTML would need."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
