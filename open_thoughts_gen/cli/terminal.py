"""What the command line prints: the closing table of a run, rows to read, plug-ins and their settings.

Texts from models and datasets are hostile in a terminal too: an escape sequence can rewrite what is on the screen, and
square brackets are markup to rich. So everything goes through `clean` and is printed as `Text`, never as markup.
Standard output holds nothing else, so it can be piped.
"""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from open_thoughts_gen.cli.program import PROGRAM
from open_thoughts_gen.publish import contamination
from open_thoughts_gen.publish.faults import FAULTS_FILE, summary
from open_thoughts_gen.publish.funnel import stages
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.recipe.licensing import license_of, materials_of
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import (
    Counts,
    Dropped,
    Finished,
    Question,
    Sample,
    Spent,
    UnacceptedReference,
    VerifierFault,
)

if TYPE_CHECKING:
    from open_thoughts_gen.cli.readiness import SourceSample

MAX_SHOWN, MAX_REFERENCE = 300, 100
OUTCOME_STYLES = {"correct": "green", "incorrect": "red", "undecided": "yellow"}


def clean(text: str) -> str:
    """Return text that is safe to print in a terminal: control and direction characters are written as escapes."""
    return "".join(
        char if char in "\n\t" or char.isprintable() or char == "\u00a0" else _visible(char) for char in text
    )


def _visible(char: str) -> str:
    if unicodedata.category(char) == "Zs" or char in "\u200b\u200c\u200d":
        return " "
    return f"\\u{ord(char):04x}" if ord(char) > 0xFF else f"\\x{ord(char):02x}"


def plain(text: str, style: str = "") -> Text:
    """Return clean text, without markup."""
    return Text(clean(text), style=style)


def funnel(recipe: Recipe, counts: Counts) -> Table:
    """Return the funnel of a run: the counts from questions drawn to rows accepted, and each loss with its reason."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for stage in stages(recipe, counts):
        if stage.is_loss:
            table.add_row(plain(f"  {stage.name}: {stage.reason}", "dim"), Text(f"-{stage.lost:,}", style="dim"))
        else:
            table.add_row(plain(stage.name, "bold"), Text(f"{stage.left:,}", style="bold"))
    return table


def verdicts(counts: Counts) -> Text:
    """Return the number of verdicts with each outcome, on one line."""
    text = Text("verdicts: ")
    for outcome, num in sorted(counts.outcomes.items()):
        text.append(f"{num:,} {outcome}  ", style=OUTCOME_STYLES.get(outcome, ""))
    return text if counts.outcomes else Text("verdicts: none, the recipe has no verifiers")


def expense(counts: Counts) -> Text:
    """Return tokens and cost, one line for each role (teacher, judge); an unknown price is unknown, not zero.

    What the dataset cost and what this run paid differ wherever the response cache had answers.
    """
    roles = counts.spent if len(counts.spent) > 1 else {}
    width = max(map(len, roles), default=0) + 1
    lines = [f"{role + ':':{width}} {of_role(spent)}" for role, spent in roles.items()]
    tokens = f"tokens: {counts.prompt_tokens:,} in, {counts.completion_tokens:,} out"
    paid = [spent.paid_usd for spent in counts.spent.values()]
    known = [usd for usd in paid if usd is not None]
    is_part = len(known) == len(paid) and counts.cost_usd and sum(known) < counts.cost_usd * (1 - 1e-9)
    lines.append(
        f"{tokens}; cost: {money(counts.cost_usd)}{f', of which this run paid {money(sum(known))}' if is_part else ''}"
    )
    if counts.calls_saved:
        lines.append(f"calls saved by `until`: {counts.calls_saved:,}, for questions with enough correct answers")
    return Text("\n".join(lines))


def money(usd: float | None) -> str:
    """Return an amount in words."""
    if usd is None:
        return "unknown, no price is known"
    return f"${usd:,.2f}" if usd >= 0.01 or not usd else "under $0.01"


def of_role(spent: Spent) -> str:
    """Return the number of answers, the tokens and the cost of one role, on one line."""
    cached = f" ({spent.cached:,} cached)" if spent.cached else ""
    tokens = f"{spent.prompt_tokens:,} tokens in, {spent.completion_tokens:,} out"
    return f"{spent.answers:,} answers{cached}; {tokens}; {money(spent.cost_usd)}"


def closing(recipe: Recipe, finished: Finished, remark: str) -> RenderableType:
    """Return the closing page of a run: the funnel, the verdicts, the cost; `remark` is what publishing adds.

    Print it with `soft_wrap`: its notes name files and commands, to be copied.
    """
    counts = finished.counts
    parts: list[RenderableType] = [funnel(recipe, counts), Text(), verdicts(counts), expense(counts), Text()]
    if finished.shortfall:
        parts += [plain(f"fewer samples than the target: {finished.shortfall}", "yellow"), Text()]
    licensing = license_of(recipe.publish, materials_of(finished.samples, recipe.publish.teacher_license))
    licenses = [f"{line}; {licensing.hint}" for line in licensing.faults]
    for note in (*contamination.remarks(finished), *filter(None, (remark,)), *licenses):
        parts += [plain(f"note: {note}", "yellow"), Text()]
    for note in (*fault_notes(finished.faults, FAULTS_FILE), *reference_notes(finished.unaccepted)):
        parts += [plain(note, "yellow"), Text()]
    return Group(*parts)


def fault_notes(raised: Sequence[VerifierFault], where: object) -> list[str]:
    """Return a line on what verifiers raised, if anything: how often, the first, and where the tracebacks are."""
    if not raised:
        return []
    first = summary(raised)["first"]
    line = f"note: verifiers failed {len(raised):,} times, and those rows are undecided; the first: "
    return [f"{line}{first['verifier']} on question {first['question_id']}: {first['error']} (tracebacks: {where})"]


def reference_notes(unaccepted: Sequence[UnacceptedReference]) -> list[str]:
    """Return a line on references that their own verifiers cannot read or accept, if any: how many, and the first."""
    if not unaccepted:
        return []
    num, first = len(unaccepted), unaccepted[0]
    line = f"note: {num:,} references cannot be read, or are not accepted, by the verifier that uses them; "
    line += f"the first: {first.verifier} on question {first.question_id}: {shorten(first.reference, MAX_REFERENCE)!r} "
    return [f"{line}is {first.outcome} ({shorten(first.why, MAX_REFERENCE)}); all: `reward RUN --audit`"]


def next_steps(folder: Path, *, rehearsed: bool = False) -> Text:
    """Return what a run folder holds and what to do with it, a line each; print it with `soft_wrap`, to be copied."""
    dataset = folder / "dataset"
    steps = {
        "the dataset": str(dataset),
        "its card": str(dataset / "README.md"),
        "what was dropped, and why": str(folder / "dropped.parquet"),
        "load it": f'datasets.load_dataset("{dataset.as_posix()}")',
        "publish it": "not at all: it is a rehearsal" if rehearsed else f"{PROGRAM} push {shlex.quote(str(folder))}",
    }
    width = max(map(len, steps))
    lines = [plain(f"{purpose:{width}}  ").append(plain(command, "cyan")) for purpose, command in steps.items()]
    return Text("\n").join(lines)


def row(sample: Sample, dropped: Dropped | None, number: int) -> RenderableType:
    """Return one sample to read: question, reasoning, response, verdicts, and whether it was kept."""
    question, trace = sample.question, sample.trace
    parts: list[RenderableType] = [_part("Question", question.prompt)]
    if trace is not None:
        parts += [_part("Reasoning", trace.reasoning), _part("Response", trace.response)]
    if question.reference is not None:
        parts.append(_part("Reference", question.reference))
    for verdict in sample.verdicts:
        reason = f": {verdict.why}" if verdict.why else ""
        answer = f" ({verdict.answer})" if verdict.answer else ""
        parts.append(plain(f"{verdict.verifier}: {verdict.outcome}{answer}{reason}", OUTCOME_STYLES[verdict.outcome]))
    end, style = "kept", "green"
    if dropped is not None:
        detail = f", {dropped.why.detail}" if dropped.why.detail else ""
        end, style = f"dropped by {dropped.step}, {dropped.plugin}: {dropped.why.reason}{detail}", "yellow"
    parts.append(plain(end, style))
    title = plain(f"{number}. {question.domain} {question.id}", "bold")
    return Group(Rule(title, align="left"), *parts, Text())


def _part(name: str, text: str) -> RenderableType:
    return Group(Text(name, style="bold"), plain(text or "(nothing)"), Text())


def source_sample(source: SourceSample, what: str = "question") -> RenderableType:
    """Return what a source showed: its counts, rows that cannot be used with an example of each, the first question.

    Then the same of the seeds that a model writes from.
    """
    has_more = not source.has_ended and bool(source.num_questions)
    count = f"{source.num_questions:,} {what}s"
    counted = f"read {count} for this check; the source has more" if has_more else count
    if not source.has_ended and not source.num_questions and not source.unread:
        counted = "not read for this check"
    parts: list[RenderableType] = [plain(f"{source.title}: {counted}", "bold")]
    for reason, num in source.unread.most_common():
        example = f" ({shorten(source.examples[reason], MAX_SHOWN)})" if source.examples[reason] else ""
        rows = "1 row" if num == 1 else f"{num:,} rows"
        parts.append(plain(f"{rows} could not be read: {reason}{example}", "yellow"))
    if source.first is not None:
        parts.append(Text(f"the first {what}, as it was read:"))
        shown = _shown_question(source.first)
        parts += [plain(f"  {name:9} {shorten(value, MAX_SHOWN)}") for name, value in shown.items()]
    return Group(*parts, Text(), *(source_sample(seeds, "seed") for seeds in source.seeds))


def _shown_question(question: Question) -> Mapping[str, str]:
    """Return what is known about a question, by field, without what is empty."""
    meta = ", ".join(f"{key}: {value!r}" for key, value in question.meta.items())
    fields = {
        "prompt": question.prompt, "reference": question.reference, "domain": question.domain,
        "source": question.source, "license": question.license, "meta": meta,
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value}


def settings(fields: Iterable[tuple[str, str, str, str]]) -> RenderableType:
    """Return the settings of a plug-in: name, type, default and meaning of each."""
    table = Table(box=None, pad_edge=False)
    for heading in ("setting", "type", "default", "meaning"):
        table.add_column(heading)
    num = 0
    for num, cells in enumerate(fields, start=1):
        table.add_row(*map(plain, cells), end_section=bool(num))
    return table if num else Text("no settings")


def names(lines: Mapping[str, str]) -> RenderableType:
    """Return names with a line on each."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, line in lines.items():
        table.add_row(plain(f"  {name}", "cyan"), plain(line))
    return table
