r"""Drop, or keep, questions by words and patterns: proofs, several parts, missing figures, URLs, words of one's own.

    use: rules
    rules: [proof, multi_part, missing_figure, image, url]   # named rules, those of `rules.yaml`
    words: [homework, extra credit]                          # whole words, in either case
    files: [banned.txt]                                      # more words, one a line; recipes can share the file
    patterns: ['problem \d+[a-c]']                           # in the syntax of Python's `re`

Which rule dropped a row, and the words that it matched, are in its reason. A rule is a guess from the wording: "show
that" nearly always asks for a proof, and a question may ask for one in other words.

Named rules and words take time linear in the text. A recipe's own patterns may not, so they are matched in worker
processes that can be killed; a text on which they take too long is dropped with that reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal, Self

import yaml
from pydantic import Field, PrivateAttr, field_validator, model_validator

from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.sandbox.workers import Workers
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import DropReason, Sample

EMPTY = "empty"
_RULES = Path(__file__).with_suffix(".yaml")
_MAX_SHOWN = 60

Rule = tuple[tuple[re.Pattern[str], ...], ...]  # one alternative is enough; its patterns follow each other in the text


class Rules(Filter):
    """Drops, or keeps, questions that match a named rule, a word or a pattern."""

    rules: tuple[str, ...] = Field(
        default=(),
        description="named rules: proof, multi_part, multiple_choice, yes_no, missing_figure, image, url, no_reference",
    )
    words: tuple[str, ...] = Field(default=(), description="words or phrases of your own")
    files: tuple[Path, ...] = Field(
        default=(), description="files with more words or phrases, one a line; `#` begins a comment"
    )
    patterns: tuple[str, ...] = Field(default=(), description="regular expressions of your own (Python's `re`)")
    of: Literal["question", "reference"] = Field(default="question", description="the text that is looked at")
    ignore_case: bool = Field(default=True, description="whether words and patterns match in either case")
    whole_words: bool = Field(default=True, description="whether words match whole words only")
    matching: Literal["drop", "keep"] = Field(
        default="drop", description="what to do with questions that match; the others get the contrary"
    )
    timeout_s: float = Field(default=1.0, gt=0, description="seconds that your own patterns may take on one text")

    function: ClassVar[str] = f"{__name__}:first_match"
    _by_name: dict[str, Rule] = PrivateAttr(default_factory=dict)
    _workers: Workers | None = PrivateAttr(default=None)

    @field_validator("rules")
    @classmethod
    def _are_known(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        known = [*named_rules(), "no_reference"]
        if unknown := [name for name in rules if name not in known]:
            raise ValueError(f"there is no rule {unknown[0]!r}; {did_you_mean(unknown[0], known)}")
        return rules

    @field_validator("patterns")
    @classmethod
    def _are_patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except (re.error, OverflowError, RecursionError) as error:
                raise ValueError(f"{pattern!r} is not a pattern: {error}") from error
        return patterns

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not (self.rules or self.words or self.files or self.patterns):
            raise ValueError("set at least one of rules, words, files, patterns")
        return self

    def start(self) -> None:
        """Read the files of words, and prepare what is matched.

        Raises:
            UserError: a file cannot be read.

        """
        self._by_name = {name: named_rules()[name] for name in self.rules if name in named_rules()}
        words = [*self.words, *(word for path in self.files for word in _lines(self._context.folder / path))]
        if words:
            self._by_name["words"] = ((self._choice(words),),)
        self._workers = Workers(self.function, num_workers=1, timeout_s=self.timeout_s) if self.patterns else None

    def _choice(self, words: Sequence[str]) -> re.Pattern[str]:
        spaced = (r"\s+".join(map(re.escape, word.split())) for word in sorted(words, key=len, reverse=True))
        choice = "|".join(spaced)
        return re.compile(rf"(?<!\w)(?:{choice})(?!\w)" if self.whole_words else choice, self._flags)

    @property
    def _flags(self) -> int:
        return re.IGNORECASE if self.ignore_case else 0

    def drop_reason(self, sample: Sample) -> DropReason | None:
        """Return the reason for one sample."""
        return next(self.drop_reasons([sample]))

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        """Yield "rule: NAME" with the matched words, or None, per sample."""
        texts = [sample.question.prompt if self.of == "question" else sample.question.reference for sample in samples]
        matches = [self._plain_match(sample, string) for sample, string in zip(samples, texts, strict=True)]
        if self._workers is not None:
            left = [i for i, match in enumerate(matches) if match is None]
            tasks = [(list(self.patterns), self._flags, texts[i] or "") for i in left]
            for i, reply in zip(left, self._workers.map(tasks), strict=True):
                failure = f"the patterns ended in: {reply.failure}"
                matches[i] = ("patterns", failure) if reply.failure else tuple(reply.value) if reply.value else None
        yield from map(self._reason, matches)

    def _plain_match(self, sample: Sample, string: str | None) -> tuple[str, str] | None:
        """Return the first named rule or list of words that matches, and the words matched."""
        if "no_reference" in self.rules and not (sample.question.reference or "").strip():
            return "no_reference", "there is none"
        for name, rule in self._by_name.items():
            match = match_of(rule, string or "")
            if match is not None:
                return name, match
        return None

    def _reason(self, match: tuple[str, str] | None) -> DropReason | None:
        if self.matching == "keep":
            return DropReason("no rule matches") if match is None else None
        if match is None:
            return None
        name, excerpt = match
        return DropReason(f"rule: {name.replace('_', ' ')}", shorten(excerpt, _MAX_SHOWN))

    @classmethod
    def sees_whole_set(cls) -> bool:
        """Return False: rows are judged one by one, in runs."""
        return False


def first_match(task: tuple[Sequence[str], int, str]) -> tuple[str, str] | None:
    """Return the first pattern that matches a text, without any limit: for worker processes only."""
    patterns, flags, string = task
    for pattern in patterns:
        match = re.search(pattern, string, flags)
        if match:
            return f"pattern {shorten(pattern, 30)}", " ".join(match.group().split())
    return None


def match_of(rule: Rule, string: str) -> str | None:
    """Return the words in a text that a rule matches, None if it matches none."""
    for patterns in rule:
        start, first, match = 0, None, None
        for pattern in patterns:
            match = pattern.search(string, start)
            if match is None:
                break
            start, first = match.end(), match if first is None else first
        if match is not None and first is not None:
            return " ".join(first.group().split())
    return None


@cache
def named_rules() -> Mapping[str, Rule]:
    """Return the named rules of `rules.yaml`."""
    written = yaml.safe_load(_RULES.read_text(encoding="utf-8"))
    return {name: tuple(map(_compiled, lines)) for name, lines in written.items() if lines != EMPTY}


def _compiled(line: str | list[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(each, re.IGNORECASE | re.MULTILINE) for each in ([line] if isinstance(line, str) else line))


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        hint = "name a text file in UTF-8 with one word or phrase a line, by its path from the recipe"
        raise UserError(Fault(f"rules: {path} cannot be read: {error}", hint=hint)) from error
    return [word for line in lines if (word := line.partition("#")[0].strip())]
