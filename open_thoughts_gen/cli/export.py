"""The command `export`: rows in the layout of a trainer, with its settings, and the proof that reasoning survives."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.options import positive
from open_thoughts_gen.cli.program import EXIT_UNPROVED, Command
from open_thoughts_gen.cli.saved_traces import (
    add_traces,
    add_verifiers,
    named_verifiers,
    print_left_out,
    read_traces,
)

if TYPE_CHECKING:
    from rich.console import Console

    from open_thoughts_gen.export.exporting import Exported, ExportOrder

_MAX_ROWS = 5  # of one fault, named on the terminal
TRAINERS = (
    *("trl", "trl-grpo", "dpo", "axolotl", "llamafactory", "unsloth", "verl-sft", "verl", "nemo-rl", "automodel"),
    *("nemo-gym", "openrlhf", "swift", "prime-rl", "verifiers", "openthoughts-114k", "openthoughts3", "stratos"),
    *("alpaca", "sharegpt", "jsonl", "lm-eval", "inspect", "lighteval"),
)


def add(parser: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    add_traces(parser)
    add_verifiers(parser)
    parser.add_argument("--for", dest="trainer", required=True, choices=TRAINERS, metavar="TRAINER",
                        help=f"who is to read the rows: {', '.join(TRAINERS)}")  # fmt: skip
    parser.add_argument(
        "--model", default="", metavar="NAME", help="the model to be trained, such as Qwen/Qwen3-8B (default: any)"
    )
    parser.add_argument(
        "--check",
        nargs="?",
        const="",
        metavar="TEMPLATE",
        help="render every row with this chat template, prove that its reasoning is kept, and choose the layout by it: "
        "a file, a folder with tokenizer_config.json, or a tokenizer in the local cache of the Hub (default: that of "
        "--model)",
    )
    parser.add_argument("--out", metavar="DIR", help="the folder to write to (default: export/TRAINER)")
    parser.add_argument(
        "--style",
        choices=("inline", "reasoning_content", "thinking", "text"),
        help="where the reasoning stands: in <think> tags, in a field of the message, or in rendered text (default: as "
        "the template, else the model's name, wants it)",
    )
    parser.add_argument(
        "--max-length", type=positive, metavar="N", help="the longest row to allow, in tokens (default: the longest)"
    )
    parser.add_argument("--system", default="", metavar="TEXT", help="a system prompt for every row (default: none)")
    parser.add_argument("--only-proved", action="store_true", help="leave out the rows that --check does not prove")


def export(arguments: argparse.Namespace) -> int:
    """Write rows for a trainer; return 1 if some are not kept by the template."""
    from rich.console import Console

    from open_thoughts_gen.errors import Fault, UserError
    from open_thoughts_gen.export.exporting import Export, ExportOrder, preferences
    from open_thoughts_gen.export.templates import load_template
    from open_thoughts_gen.rejudge.saved import check_place, is_run_folder, samples
    from open_thoughts_gen.types import Sample

    check_place(arguments.place)
    if arguments.check == "" and not arguments.model:
        raise UserError(Fault("--check names no template", hint="name one, or the model with --model"))
    template = None if arguments.check is None else load_template(arguments.check or arguments.model)
    if arguments.only_proved and template is None:
        raise UserError(Fault("--only-proved needs a template", hint="name one with --check"))
    order = ExportOrder(
        arguments.trainer,
        Path(arguments.out or Path("export") / arguments.trainer),
        model=arguments.model,
        template=template,
        style=arguments.style,
        system=arguments.system,
        max_length=arguments.max_length,
        only_proved=arguments.only_proved,
        package=re.sub(r"\W+", "_", f"env_{Path(arguments.place).resolve().name}".lower(), flags=re.ASCII).strip("_"),
    )
    saved = read_traces(arguments)
    rows = order.reads.rows
    if rows == "rl":
        parts, _ = named_verifiers(arguments)
        exported = Export(order, saved.samples).write_rl(parts)
    elif rows == "pairs":
        dropped = Path(arguments.place) / "dropped.parquet"
        others = samples(str(dropped)) if is_run_folder(arguments.place) and dropped.is_file() else ()
        right, wrong = preferences([*saved.samples, *(each for each in others if isinstance(each, Sample))])
        exported = Export(order, right).write_chats(wrong)
    else:
        exported = Export(order, saved.samples).write_chats({})
    output = Console(highlight=False)
    print_left_out(saved, output)
    _report(order, exported, output)
    return EXIT_UNPROVED if exported.faults and not arguments.only_proved else 0


COMMAND = Command(
    "export",
    "Write rows in the layout of a trainer, with its settings, and prove that its chat template keeps the reasoning.",
    add,
    export,
)


def _report(order: ExportOrder, exported: Exported, output: Console) -> None:
    """Print what was written, what is proved of it, and which rows are not."""
    from open_thoughts_gen.cli.terminal import plain

    def rows_of(count: int) -> str:
        return "1 row" if count == 1 else f"{count:,} rows"

    def say(text: str, style: str = "") -> None:
        output.print(plain(text, style), soft_wrap=True)

    written, *settings = exported.files
    num_faulty = exported.num_rows - exported.num_proved
    num = exported.num_proved if order.only_proved else exported.num_rows
    how = f", reasoning as {exported.style}" if order.reads.rows != "rl" else ""
    say(f"{rows_of(num)}: {written}{how}")
    for reason, count in exported.left_out.items():
        say(f"{rows_of(count)} left out: {reason}", "yellow")
    measured = "at most " if exported.counts_bytes else ""
    for file in settings:
        say(f"settings: {file}")
    if order.reads.rows == "rl":
        longest = f"{exported.longest_prompt:,} tokens, the longest answer {measured}{exported.longest_completion:,}"
        say(f"the longest prompt has {measured}{longest}")
    else:
        say(f"the longest row has {measured}{exported.longest:,} tokens; the settings allow {exported.length:,}")
    if order.max_length and exported.counts_bytes and exported.longest > order.max_length:
        say(f"not proved that all fit in {order.max_length:,} tokens: give a folder with tokenizer.json", "yellow")
    for doubt in exported.doubts:
        say(f"not proved: {doubt}", "yellow")
    if exported.loss:
        claim = "reasoning once, whole, before the response, in its channel; the prompt is a prefix"
        say(
            f"{exported.num_proved:,} of {exported.num_rows:,} rows are proved: {claim}",
            "" if not num_faulty else "yellow",
        )
        say(f"in the loss: {exported.loss}")
    for fault, rows in exported.faults.items():
        more = f" and {len(rows) - _MAX_ROWS:,} more" if len(rows) > _MAX_ROWS else ""
        say(f"{rows_of(len(rows))}: {fault}: {', '.join(rows[:_MAX_ROWS])}{more}", "red")
    if exported.faults and exported.loss:
        works = f"--style {' or '.join(exported.works)}" if exported.works else "none"
        say(f"the layout that would keep the first of them: {works}")
