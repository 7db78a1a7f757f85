"""The command `reward`: rows to train on by reinforcement learning, each with the verifiers that judge it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.program import Command
from open_thoughts_gen.cli.saved_traces import (
    add_traces,
    add_verifiers,
    named_verifiers,
    print_left_out,
    read_traces,
)

if TYPE_CHECKING:
    from open_thoughts_gen.recipe import Part
    from open_thoughts_gen.types import Question, UnacceptedReference

_MAX_REFERENCE = 300


def add(parser: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    add_traces(parser)
    add_verifiers(parser)
    parser.add_argument(
        "--out", metavar="DIR", help="the folder to write train.parquet or train.jsonl to; may be left out with --audit"
    )
    parser.add_argument(
        "--audit",
        action="store_true",
        help="list the rows whose verifier does not accept their own reference; with --out, the rows are written too",
    )
    parser.add_argument(
        "--layout",
        choices=("trl", "verl", "nemo-gym"),
        default="trl",
        help="the training library whose column names are used (default: trl)",
    )
    parser.add_argument(
        "--format", choices=("parquet", "jsonl"), default="parquet", help="the file format (default: parquet)"
    )


def reward(arguments: argparse.Namespace) -> int:
    """Write rows for reinforcement learning, rewarded by verifiers."""
    from rich.console import Console

    from open_thoughts_gen import rewards
    from open_thoughts_gen.cli.terminal import plain
    from open_thoughts_gen.errors import Fault, UserError
    from open_thoughts_gen.export.files import write_rows
    from open_thoughts_gen.rejudge.saved import check_place
    from open_thoughts_gen.text import shorten

    check_place(arguments.place)
    if not arguments.out and not arguments.audit:
        hint = "add --out DIR, or --audit to only list the rows whose reference is not accepted"
        raise UserError(Fault("there is no folder to write the rows to", hint=hint))
    parts, _ = named_verifiers(arguments)
    saved = read_traces(arguments)
    questions = list({sample.question.id: sample.question for sample in saved.samples}.values())
    rows = list(rewards.reward_rows(saved.samples, parts))
    if not rows:
        raise UserError(Fault("no verifier applies to any of the questions", hint="check `when:` in the recipe"))
    output = Console(highlight=False)
    if arguments.out:
        laid_out = [rewards.LAYOUTS[arguments.layout](row, i) for i, row in enumerate(rows)]
        file = write_rows(laid_out, Path(arguments.out) / f"train.{arguments.format}")
        output.print(plain(f"{len(rows):,} rows: {file}"), soft_wrap=True)
    if len(rows) < len(questions):
        output.print(plain(f"{len(questions) - len(rows):,} questions left out: no verifier applies to them", "yellow"))
    print_left_out(saved, output)
    ids = {row["id"] for row in rows}
    rewarded = [question for question in questions if question.id in ids]
    unaccepted = _unaccepted(rewarded, parts, arguments)
    if arguments.audit:
        for each in unaccepted:
            output.print(plain(f"{each.question_id}  {each.verifier}: {each.outcome}, {each.why}"), soft_wrap=True)
            output.print(plain(f"    reference: {shorten(each.reference, _MAX_REFERENCE)}"), soft_wrap=True)
    output.print(plain(_summary(rewarded, unaccepted, parts)))
    return 0


COMMAND = Command(
    "reward",
    "Write prompts for reinforcement learning, each with the verifiers that will score the answers to it.",
    add,
    reward,
)


def _unaccepted(
    questions: Sequence[Question], parts: Sequence[Part], arguments: argparse.Namespace
) -> list[UnacceptedReference]:
    """Return the references that their own verifiers do not accept; verifiers with risks are not asked."""
    from open_thoughts_gen.cli.options import cache_path
    from open_thoughts_gen.engines.local import Local
    from open_thoughts_gen.pipeline.references import unaccepted
    from open_thoughts_gen.pipeline.verdicts import assigned
    from open_thoughts_gen.plugin import Context

    tried = [part for part in parts if not part.plugin.risks]
    with Local() as engine:
        return unaccepted(engine, assigned(tried, Context(cache=cache_path(arguments), run="reward")), questions)


def _summary(questions: Sequence[Question], unaccepted: Sequence[UnacceptedReference], parts: Sequence[Part]) -> str:
    """Return how many references their own verifiers accept: a reward that refuses the right answer teaches nothing."""
    tried = [part for part in parts if part.plugin.reads_reference and not part.plugin.risks]
    if not tried:
        return "the references were not tested: no verifier reads them, or it costs money or is not safe to run"
    known = [question for question in questions if question.reference and any(p.applies_to(question) for p in tried)]
    num = len(known) - len({each.question_id for each in unaccepted})
    return f"{num:,} of {len(known):,} references are accepted by the verifiers that use them"
