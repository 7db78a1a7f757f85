"""What `evaluate` prints: the models, their figures by domain, level and scheme, and how they compare."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table

from open_thoughts_gen.cli.terminal import money, plain
from open_thoughts_gen.publish.evaluation import EvaluationRecord, GroupResult, points, short_names, shown

_MAX_GROUPS = 30


def tables(evaluation: EvaluationRecord) -> Iterator[RenderableType]:
    """Yield the parts of the page."""
    judges = ", ".join(evaluation.verifiers)
    samples = f"{evaluation.samples} sample{'s' if evaluation.samples > 1 else ''} each"
    head = f"{evaluation.num_questions:,} questions of {evaluation.dataset}, split {evaluation.split}"
    chosen = f" ({evaluation.chosen})" if evaluation.chosen else ""
    yield plain(f"{head}{chosen}, {samples}, judged by {judges}")
    yield _overall(evaluation)
    if evaluation.samples > 1:
        yield _more_samples(evaluation)
    yield from _by_trait(evaluation)
    for result in evaluation.models:
        tokens = f"{result.prompt_tokens:,} tokens in, {result.completion_tokens:,} out"
        yield plain(f"{result.model}: {result.num_asked:,} answers; {tokens}; {money(result.cost_usd)}")
    for each in evaluation.differences:
        yield plain(f"{each.first} against {each.second}: {points(each.by)} on {each.by.num_questions:,} questions")
    for line in _remarks(evaluation):
        yield plain(f"note: {line}", "yellow")


def _overall(evaluation: EvaluationRecord) -> Table:
    table = _table(1, "model", "pass@1", "at least", "undecided", "failed")
    names = short_names(evaluation.models)
    for result in evaluation.models:
        group = result.overall
        rates = (shown(rate, 0) for rate in (group.pass_at.get(1), group.at_least))
        table.add_row(plain(names[result.model]), *rates, f"{group.undecided:,}", f"{group.failed:,}")
    return table


def _more_samples(evaluation: EvaluationRecord) -> Table:
    """Return pass@k for each k above 1, a row for each: side by side they would not fit a terminal."""
    table, names = _table(1, "model", "k", "pass@k"), short_names(evaluation.models)
    for result in evaluation.models:
        for k, rate in sorted(result.overall.pass_at.items()):
            if k > 1:
                table.add_row(plain(names[result.model]), f"{k}", shown(rate, 0))
    return table


def _by_trait(evaluation: EvaluationRecord) -> Iterator[Table]:
    """Yield pass@1 by each trait; of several models a row each, one under the other."""
    names = short_names(evaluation.models)
    for trait in dict.fromkeys(trait for result in evaluation.models for trait in result.groups):
        by_name: dict[str, dict[str, GroupResult]] = {}
        for result in evaluation.models:
            for group in result.groups.get(trait, ()):
                by_name.setdefault(group.name, {})[result.model] = group
        if 1 < len(by_name) <= _MAX_GROUPS:
            several = len(names) > 1
            table = _table(1 + several, trait, *(["model"] if several else []), "questions", "pass@1")
            for name, groups in by_name.items():
                for i, (model, group) in enumerate(groups.items()):
                    words = [plain("" if i else name), *([plain(names[model])] if several else [])]
                    table.add_row(*words, f"{group.num_questions:,}", shown(group.pass_at.get(1), 0))
            yield table


def _table(num_words: int, *headings: str) -> Table:
    """Return a table, the first columns of which hold words, which may be folded, and the others figures."""
    table = Table(box=None, pad_edge=False)
    for heading in headings[:num_words]:
        table.add_column(plain(heading), overflow="fold")
    for heading in headings[num_words:]:
        table.add_column(plain(heading), justify="right", no_wrap=True)
    return table


def _remarks(evaluation: EvaluationRecord) -> Iterator[str]:
    for result in evaluation.models:
        if result.shortfall:
            yield f"{result.model} was asked {result.num_asked:,} of {result.num_samples:,} samples: {result.shortfall}"
    if evaluation.unjudged:
        yield f"{evaluation.unjudged:,} questions were left out, since no verifier judges them"
    if evaluation.unaccepted:
        yield f"{evaluation.unaccepted:,} references are not accepted by the verifiers that use them"
    if evaluation.num_disputed:
        questions = "1 question is" if evaluation.num_disputed == 1 else f"{evaluation.num_disputed:,} questions are"
        yield f"{questions} disputed: strong models agree against the reference"
