"""What a dataset is made of, as tables: its domains, its levels of difficulty, and the schemes of its families."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from statistics import median

from open_thoughts_gen import plugin
from open_thoughts_gen.families.kit.family import SchemeFamily, schemes_of
from open_thoughts_gen.plugin.when import meets
from open_thoughts_gen.publish.markdown import code, inline, table
from open_thoughts_gen.publish.quality import WordCounts
from open_thoughts_gen.publish.rates import percent
from open_thoughts_gen.recipe import Original, Recipe
from open_thoughts_gen.types import Sample

_MAX_GROUPS = 20  # of a table; more are not read
_MAX_SCHEMES = 30


def makeup(recipe: Recipe, samples: Sequence[Sample], words: WordCounts) -> list[str]:
    """Return the tables that say something: of several domains, levels, schemes; `words` are those of the samples."""
    domains: dict[str, list[int]] = {}
    levels: dict[int, list[int]] = {}
    schemes = Counter[str]()
    for i, sample in enumerate(samples):
        domains.setdefault(sample.question.domain, []).append(i)
        if type(level := sample.trait("level")) is int:
            levels.setdefault(level, []).append(i)
        schemes[str(sample.trait("scheme"))] += 1
    by_size = sorted(domains.items(), key=lambda entry: -len(entry[1]))
    by_level = [(f"{level}", some) for level, some in sorted(levels.items())]
    tables = (_groups(head, groups, samples, words) for head, groups in (("Domain", by_size), ("Level", by_level)))
    return [*tables, _schemes(recipe, schemes)]


def beside_original(original: Original, samples: Sequence[Sample], shown: Callable[[str], str]) -> list[str]:
    """Return what is publicly known of the set that was made again, and the counts here, as `shown` shows them."""
    here = [Counter[str]() for _ in original.counts]  # the rows of each question
    for sample in samples:
        for count, ours in zip(original.counts, here, strict=True):
            if meets(sample, count.when) and count.outcome in (None, sample.outcome):
                ours[sample.question.id] += 1
    rows = []
    for count, ours in zip(original.counts, here, strict=True):
        counted = {"questions": (count.questions, len(ours)), "rows": (count.rows, ours.total())}
        pairs = {unit: (known, num) for unit, (known, num) in counted.items() if known is not None}
        published = ", ".join(f"{known:,} {unit}" for unit, (known, _) in pairs.items())
        here_now = ", ".join(f"{num:,} {unit if num != 1 else unit[:-1]}" for unit, (_, num) in pairs.items())
        rows.append((inline(count.what), f"{'about ' if count.about else ''}{published}", shown(here_now)))
    if not rows:
        return []
    page = f"[{inline(original.dataset)}](https://huggingface.co/datasets/{original.dataset})"
    known_from = f", by {inline(original.known_from)}" if original.known_from else ""
    return ["### Beside the published set", f"{page}{known_from}:", table(("Part", "Published", "Here"), rows)]


def _groups(
    head: str, groups: Sequence[tuple[str, Sequence[int]]], samples: Sequence[Sample], words: WordCounts
) -> str:
    """Return a table of groups of rows, by their indices; empty where there is only one, or too many to read."""
    if not 1 < len(groups) <= _MAX_GROUPS:
        return ""
    rows = [
        (
            inline(name),
            f"{len(rows):,}",
            percent(sum(samples[i].outcome == "correct" for i in rows) / len(rows)),
            f"{len({samples[i].question.trait('twin_of') for i in rows} - {None}):,}",
            f"{median(words.question[i] for i in rows):,.0f} words",
            f"{median(words.reasoning[i] for i in rows):,.0f} words",
        )
        for name, rows in groups
    ]
    return table((head, "Rows", "Verified correct", "Minimal pairs", "Question, median", "Reasoning, median"), rows)


def _schemes(recipe: Recipe, counts: Counter[str]) -> str:
    """Return a table of the schemes that rows are of, each with what it is; empty where there are too many to read."""
    rows = [(code(name), f"{counts[name]:,}", inline(said)) for name, said in _described(recipe) if counts[name]]
    return table(("Scheme", "Rows", "What it is"), rows, numbers=(1,)) if 1 < len(rows) <= _MAX_SCHEMES else ""


def _described(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield the schemes of the families that a recipe draws from, each with the first sentence of its file."""
    names = dict.fromkeys(str(getattr(part.plugin, "family", "")) for part in recipe.sources)
    for family in (plugin.load("family", name) for name in names if name in plugin.names("family")):
        if issubclass(family, SchemeFamily):
            for name, scheme in schemes_of(family.home).items():
                first = (inspect.getdoc(inspect.getmodule(type(scheme))) or "").partition("\n\n")[0]
                yield name, " ".join(first.split())
