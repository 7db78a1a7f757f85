"""Drop questions that also appear in a benchmark: a model must not be measured on what it was trained on.

Every recipe has this filter, at the end of its `question_filters`, unless it says `decontaminate: off`. It checks
against the benchmarks of the registry that have been fetched (`open_thoughts_gen contamination fetch`); a run fetches
nothing itself, so that it is the same with a network as without. What could not be checked is reported in the closing
table, in `run.json` and on the card, or, with `require`, is a fault before anything is paid for.

Each check is a setting, and a question is dropped if any of them finds it; `rule` sets those that are not given. The
default is explained and measured in `contamination.matching`. The published rules compare as their authors did:
`openthoughts-114k` and `openthoughts2` are whole prompts of Indel similarity 95 and 90 as they stand, `openthoughts3`
is 75 or a shared 13-gram of a model's tokens, `open-r1` a shared 8-gram and `s1` a shared 13-gram of words between
white space.

Not covered: paraphrases in other words, translations, and answers without their question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from open_thoughts_gen import text
from open_thoughts_gen.contamination.findings import Finding, Item, LeakRule
from open_thoughts_gen.contamination.registry import StoredBenchmark, chosen, items_in_file, items_of, stored
from open_thoughts_gen.contamination.rules import RULES, RuleName
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.types import DropReason, FilterReport, Sample

if TYPE_CHECKING:
    from open_thoughts_gen.contamination.matching import Contamination

PACKAGE = Path(__file__).parents[1]
NOT_FETCHED = "not fetched"
MAX_SPAN = 160  # characters of a matched span that are reported


class Decontaminate(Filter):
    """Drops questions that also appear in a benchmark, and reports which benchmarks could not be checked."""

    rule: RuleName = Field(
        default="default",
        description="the published rule to follow; it sets each check below that the recipe leaves out. The defaults "
        "in this table are those of `default`",
    )
    benchmarks: tuple[str, ...] = Field(
        default=(),
        description="benchmarks to check against, by their names in `contamination list`; empty: all of them",
    )
    files: Mapping[str, str] = Field(
        default_factory=dict,
        description="files of questions to check against as well, each under a name of your choice; one that comes "
        "with the package is named from its folder: open_thoughts_gen/sources/stand_in_benchmark.jsonl",
    )
    whole: bool = Field(
        default=True,
        description="drop a question that is the same as a benchmark's question, word for word, or that contains a "
        "short one of these as one of its sentences",
    )
    containment: float | None = Field(
        default=0.5,
        gt=0,
        le=1,
        description="drop a question that contains at least this share (0..1) of the 3-word sequences of a benchmark's "
        "question; rare sequences count more; null: off",
    )
    near_containment: float = Field(
        default=0.2,
        gt=0,
        le=1,
        description="also drop a question that contains at least this smaller share, if its text is as similar as "
        "`near_indel` says",
    )
    near_indel: float = Field(
        default=75.0, gt=0, le=100, description="the least Indel similarity (0..100) that `near_containment` asks for"
    )
    word_ngram: int | None = Field(
        default=None,
        ge=1,
        description="drop a question that shares a sequence of N words with a benchmark's; null: off",
    )
    token_ngram: int | None = Field(
        default=None,
        ge=1,
        description="drop a question that shares a sequence of N tokens with a benchmark's; needs `tokenizer`; null: "
        "off",
    )
    tokenizer: str | None = Field(
        default=None, description="tokenizer.json, a folder that holds one, or a model of which the Hub's cache does"
    )
    indel: float | None = Field(
        default=None,
        gt=0,
        le=100,
        description="drop a question whose Indel similarity to a benchmark's question is at least this (0..100, the "
        "percentage of characters that stay when one text is turned into the other); null: off",
    )
    approximate: bool = Field(
        default=False,
        description="compare by `indel` only texts that share a sequence of 3 words; this is faster, but may miss some",
    )
    cut: Literal["letters", "space"] = Field(
        default="letters",
        description="how `word_ngram` cuts a text into words. letters: at everything but letters; space: at white "
        "space",
    )
    fold: tuple[text.Fold, ...] = Field(default=text.FOLDS, description="the differences that `indel` ignores")
    revisions: Mapping[str, str] = Field(
        default_factory=dict,
        description="which fetched commit of a benchmark to use, by the benchmark's name; of others, the one fetched "
        "last",
    )
    require: bool = Field(default=False, description="stop the run before it begins if a benchmark cannot be checked")

    _items: tuple[Item, ...] | None = PrivateAttr(default=None)
    _seen: _Seen | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _take_from_rule(cls, settings: Any) -> Any:  # noqa: ANN401  (whatever a recipe says)
        rule = settings.get("rule", "default") if isinstance(settings, dict) else None
        if not (isinstance(rule, str) and rule in RULES):
            return settings
        # What a validator hands on is not read as JSON any more, so that its lists have to be tuples.
        tupled = {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
        return {**RULES[rule], **tupled}

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.token_ngram is not None and self.tokenizer is None:
            raise ValueError("`token_ngram` needs `tokenizer`, a local folder; or set `word_ngram: 13` instead")
        if not (self.whole or self.containment or self.word_ngram or self.token_ngram or self.indel):
            raise ValueError(
                "every check is off; to check nothing, write `decontaminate: off` at the top level of the recipe"
            )
        return self

    def start(self) -> None:
        """Look which benchmarks can be checked.

        Raises:
            UserError: a benchmark is not known, a file is not there, or `require` and a benchmark was not fetched.

        """
        self._seen = _Seen()
        self._items = None
        for benchmark in chosen(self.benchmarks):  # all of the registry where none is named, also beside `files`
            copy = stored(benchmark, self._context.cache.parent, self.revisions.get(benchmark.name))
            if copy is None:
                self._seen.unchecked[benchmark.name] = "gated, and not fetched" if benchmark.gated else NOT_FETCHED
            else:
                self._seen.checked.append(copy)
        if self.require and self._seen.unchecked:
            names = " ".join(self._seen.unchecked)
            num = len(self._seen.unchecked)
            message = f"`require` is set, but {num} benchmarks have not been fetched: {names}"
            raise UserError(Fault(message, hint="fetch them: python -m open_thoughts_gen contamination fetch"))

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        """Yield "contaminated: BENCHMARK" with the item, the matched span and the score, or None, per sample."""
        prompts = list(dict.fromkeys(sample.question.prompt for sample in samples))
        findings: dict[str, Finding | None] = dict.fromkeys(prompts)
        if self._load():
            findings = dict(zip(prompts, self._contamination().findings(prompts), strict=True))
        seen = self._seen_now()
        seen.reviews = []
        seen.dropped = Counter()
        for sample in samples:
            finding = findings[sample.question.prompt]
            if finding is None:
                yield None
                continue
            why = self._why(finding.located(sample.question.prompt), sample.question.prompt)
            if finding.decision == "leak":
                seen.dropped[finding.item.benchmark] += 1
                yield why
            else:
                seen.reviews.append((sample, why))
                yield None

    def report(self) -> FilterReport | None:
        """Return which benchmarks were checked, at which commit, which could not be, and what is worth a review."""
        seen = self._seen_now()
        sizes = Counter(item.benchmark for item in self._load())
        facts = {
            "rule": self.rule,
            "checked": [
                {
                    "benchmark": one.benchmark.name,
                    "id": one.benchmark.id,
                    "revision": one.revision,
                    "num_items": sizes[one.benchmark.name],
                    "num_dropped": seen.dropped[one.benchmark.name],
                }
                for one in seen.checked
            ]
            + [
                {"benchmark": name, "id": Path(path).name, "num_items": sizes[name], "num_dropped": seen.dropped[name]}
                for name, path in self.files.items()
            ],
            "not_checked": dict(seen.unchecked),
            "num_for_review": len(seen.reviews),
        }
        return FilterReport("", self.plugin_name(), facts, tuple(seen.reviews))

    def _seen_now(self) -> _Seen:
        if self._seen is None:
            self.start()
        return self._seen or _Seen()

    def _load(self) -> tuple[Item, ...]:
        if self._items is None:
            items = [item for one in self._seen_now().checked for item in items_of(one)]
            items += [item for name, path in self.files.items() for item in items_in_file(name, self._path(path))]
            self._items = tuple(items)
        return self._items

    def _contamination(self) -> Contamination:
        # Every recipe names this filter: what takes a tenth of a second to import is imported when it is used.
        from open_thoughts_gen.contamination.matching import Contamination
        from open_thoughts_gen.contamination.tokens import load_tokenizer, tokenizer_path

        tokenizer = None
        if self.token_ngram and self.tokenizer:
            tokenizer = load_tokenizer(tokenizer_path(self.tokenizer, self._context.folder))
        rule = LeakRule(**{name: getattr(self, name) for name in LeakRule.__dataclass_fields__})
        return Contamination(self._load(), rule, tokenizer=tokenizer)

    def _path(self, path: str) -> Path:
        here = self._context.folder / path
        return PACKAGE.parent / path if Path(path).parts[:1] == (PACKAGE.name,) and not here.exists() else here

    def _why(self, finding: Finding, prompt: str) -> DropReason:
        item = finding.item
        verb = "contaminated" if finding.decision == "leak" else "near"
        withheld = {one.benchmark.name for one in self._seen_now().checked if one.benchmark.withheld}
        span = (
            "not quoted"
            if item.benchmark in withheld
            else repr(text.shorten(prompt[finding.start : finding.end], MAX_SPAN))
        )
        remark = f"; {finding.remark}" if finding.remark else ""
        detail = f"{finding.check}, characters {finding.start} to {finding.end}: {span}{remark}"
        return DropReason(f"{verb}: {item.benchmark}", detail, twin=item.id, score=round(finding.score, 2))


@dataclass
class _Seen:
    """What a run reports about its benchmarks."""

    checked: list[StoredBenchmark] = field(default_factory=list)
    unchecked: dict[str, str] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    reviews: list[tuple[Sample, DropReason]] = field(default_factory=list)
