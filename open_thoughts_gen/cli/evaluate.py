"""The command `evaluate`: how often models are right on the questions of a run or a dataset."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.line import console, run_recipe
from open_thoughts_gen.cli.options import add_cache, add_engine, cache_path, positive, read_fields
from open_thoughts_gen.cli.program import EXIT_BELOW_TARGET, EXIT_USER_ERROR, Command
from open_thoughts_gen.cli.saved_traces import add_verifiers, named_verifiers

if TYPE_CHECKING:
    from open_thoughts_gen.plugin.when import Wanted
    from open_thoughts_gen.publish.evaluation import EvaluationRecord
    from open_thoughts_gen.recipe import Part, Recipe
    from open_thoughts_gen.rejudge.evaluating import ModelAnswers
    from open_thoughts_gen.rejudge.questions import AskedQuestions, Location
    from open_thoughts_gen.types import Finished, Question

FOLDER = "evaluations"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "place", metavar="RUN_OR_DATASET", help="a run folder, a folder or file of rows, or OWNER/NAME on the Hub"
    )
    parser.add_argument(
        "--model",
        action="append",
        required=True,
        default=[],
        metavar="SPEC",
        help="a model to evaluate, named as `run --teacher` names it: PROVIDER/MODEL, http://HOST:PORT/v1#MODEL, or a "
        "teacher plug-in; repeatable, and several are compared with each other",
    )
    _add_choice(parser)
    parser.add_argument(
        "--samples", type=positive, default=1, metavar="K", help="answers to ask for each question (default: 1)"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY.PATH=VALUE",
        help="a setting of all models, such as teacher.temperature=0.6 or teacher.max_tokens=32768, or a cap on what "
        "they cost together, such as budget.usd=5; repeatable",
    )
    add_verifiers(parser)
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="NAME",
        help="a package, or a verifier such as judge, that the dataset's own rows may name; repeatable",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="where evaluation.json is written (default: the run folder, with its card; of other datasets "
        f"{FOLDER}/NAME)",
    )
    add_cache(parser)
    add_engine(parser)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which questions are asked, and by what the figures are broken down."""
    parser.add_argument(
        "--split", default="", metavar="NAME", help="the split to ask (default: test where there is one, else train)"
    )
    parser.add_argument("--config", metavar="NAME", help="config of a dataset on the Hub (default: its default one)")
    parser.add_argument(
        "--num", type=positive, metavar="N", help="ask N of the questions; more later include these (default: all)"
    )
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="ask only questions whose domain, source, license or column KEY is VALUE, or one of [VALUE, ...]; "
        "repeatable, and all must hold",
    )
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="COLUMN",
        help="also break the figures down by this column, beside domain, level and scheme; repeatable",
    )
    parser.add_argument(
        "--fields",
        default="",
        metavar="FIELD=COLUMN,...",
        help="which column holds the prompt, reference and domain, such as prompt=question,reference=answer (default: "
        "columns of these names, or of common other names)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from open_thoughts_gen.cli.evaluation_tables import tables
    from open_thoughts_gen.publish.evaluation import write_evaluation
    from open_thoughts_gen.rejudge import evaluating

    asking = _asking(arguments)
    recipes = asking.recipes(arguments)
    models = _ask(recipes, asking, arguments)
    if not any(model.result.num_asked for model in models.answered):
        return _report_failures(models)
    disputed = evaluating.disputed(asking.chosen, models.answered)
    evaluation = _evaluation(asking, models, arguments, num_disputed=len(disputed))
    output = console()
    for part in tables(evaluation):
        output.print(part, soft_wrap=isinstance(part, str))
    folder = asking.folder(arguments.out)
    of_run = asking.is_run and folder.resolve() == asking.location.path.resolve()
    for file in write_evaluation(evaluation, disputed, folder, of_run=of_run):
        output.print(f"written: {file}", markup=False, soft_wrap=True)
    is_short = any(result.shortfall for result in evaluation.models)
    return _report_failures(models) or (EXIT_BELOW_TARGET if is_short else 0)


COMMAND = Command(
    "evaluate",
    "Ask models the questions of a run or dataset, judge the answers by its own verifiers, and compare the models.",
    add_arguments,
    run,
)


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is asked, and who judges it: `chosen` of the `num_meeting` questions that meet the conditions.

    `run` is the recipe of a run folder, or the one that was named.
    """

    location: Location
    asked: AskedQuestions
    chosen: Sequence[Question]
    num_meeting: int
    unjudged: int
    parts: Sequence[Part]
    run: Recipe | None

    @property
    def is_run(self) -> bool:
        """Whether the questions are those of a run folder, whose card can say how models did."""
        from open_thoughts_gen.rejudge.saved import is_run_folder

        return is_run_folder(self.location.where) and self.location.path.joinpath("dataset", "README.md").is_file()

    def folder(self, out: str | None) -> Path:
        """Return where the record is written."""
        if out:
            return Path(out)
        path = self.location.path
        name = path.resolve().name if path.exists() else self.location.where.replace("/", "--")
        return path if self.is_run else Path(FOLDER) / Path(name).stem

    def recipes(self, arguments: argparse.Namespace) -> list[Recipe]:
        """Return the recipe of each model, and check them all before any is paid."""
        from open_thoughts_gen.money.budget import Spending
        from open_thoughts_gen.pipeline.attempts import check_budget
        from open_thoughts_gen.plugin import Context
        from open_thoughts_gen.rejudge.evaluating import recipe_for

        recipes = [
            recipe_for(spec, self.chosen, self.parts, samples=arguments.samples, settings=arguments.set, run=self.run)
            for spec in dict.fromkeys(arguments.model)
        ]
        context = Context(cache=cache_path(arguments), run="evaluate", spending=Spending())
        for recipe in recipes:
            check_budget(recipe, recipe.teacher.plugin.fresh(context))
        return recipes


@dataclass
class _Models:
    """What the models answered; what ended the run of those that failed, and of those lost on the way, by names."""

    answered: list[ModelAnswers] = field(default_factory=list)
    finished: list[Finished] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)


def _asking(arguments: argparse.Namespace) -> _Asking:
    """Return what the options name: which questions are asked, and who judges."""
    from open_thoughts_gen.cli.terminal import clean
    from open_thoughts_gen.errors import Fault, UserError, did_you_mean
    from open_thoughts_gen.plugin.when import meets
    from open_thoughts_gen.recipe.model import TRAITS
    from open_thoughts_gen.rejudge import questions
    from open_thoughts_gen.rejudge.saved import check_place, is_run_folder

    where: str = arguments.place
    check_place(where)
    conditions = _conditions(arguments.where)
    named: tuple[list[Part], Recipe | None] | None = None
    if arguments.recipe or arguments.verifier or is_run_folder(where):
        named = named_verifiers(arguments)
    location = questions.Location(where, arguments.split, arguments.config, read_fields(arguments.fields))
    location = replace(location, split=questions.split_of(location))
    asked = questions.read_questions(
        location, lambda line: sys.stderr.write(f"columns: {clean(line)} (--fields changes them)\n")
    )
    if named is None:
        all_questions, parts = questions.own_verifiers(location, asked, arguments.trust)
        run = None
    else:
        all_questions, (parts, run) = list(asked.questions), named
        parts = questions.answer_verifiers(parts)
    judged = [question for question in all_questions if any(part.applies_to(question) for part in parts)]
    if not judged:
        hint = "name others with --verifier, or check `when:` in the recipe"
        raise UserError(Fault(f"no verifier judges any of the {len(all_questions):,} questions of {where}", hint=hint))
    meeting = [question for question in judged if meets(question, conditions)]
    known = [*TRAITS, *dict.fromkeys(key for question in judged for key in question.meta)]
    unknown = [key for key in (*conditions, *arguments.by) if key not in known]
    if unknown:
        raise UserError(
            *(Fault(f"no question of {where} has a column {key!r}", hint=did_you_mean(key, known)) for key in unknown)
        )
    if not meeting:
        raise UserError(Fault(f"none of the {len(judged):,} questions of {where} meets --where", hint="change it"))
    return _Asking(
        location,
        asked,
        questions.choose(meeting, arguments.num),
        len(meeting),
        len(all_questions) - len(judged),
        parts,
        run,
    )


def _conditions(texts: Sequence[str]) -> Mapping[str, Wanted]:
    """Return the conditions of `--where`."""
    import yaml
    from pydantic_core import PydanticCustomError

    from open_thoughts_gen.errors import Fault, UserError
    from open_thoughts_gen.plugin.when import read_when

    conditions: dict[str, Wanted] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        try:
            if not (equals and key.strip() and value.strip()):
                raise PydanticCustomError("when", "no key or no value")
            conditions |= read_when({key.strip(): yaml.safe_load(value)})
        except (yaml.YAMLError, PydanticCustomError):
            hint = "write KEY=VALUE or KEY=[VALUE, ...], such as level=3 or domain=[law, finance]"
            raise UserError(Fault(f"--where: {text!r} is not a condition", hint=hint)) from None
    return conditions


def _ask(recipes: Sequence[Recipe], asking: _Asking, arguments: argparse.Namespace) -> _Models:
    """Ask one model after the other; one whose endpoint fails for good costs the others nothing."""
    from open_thoughts_gen.cli import terminal
    from open_thoughts_gen.errors import UserError
    from open_thoughts_gen.money.budget import Spending
    from open_thoughts_gen.plugin import Context
    from open_thoughts_gen.rejudge import evaluating

    models, spent, began_s = _Models(), list[Spending](), time.monotonic()
    traits = [*evaluating.TRAITS, *arguments.by]
    for number, recipe in enumerate(recipes):
        name = recipe.teacher.plugin.label
        shortfall, finished = "", None
        try:
            budget = evaluating.share_of(
                recipe.budget, spent, (time.monotonic() - began_s) / 3600, len(recipes) - number
            )
            spending = Spending(budget, recipe.known_prices, keeps_part=True)
            spent.append(spending)
            context = Context(
                seed=recipe.seed,
                folder=asking.run.folder if asking.run else Path(),
                cache=cache_path(arguments),
                run="evaluate",
                spending=spending,
            )
            capped = recipe.model_copy(update={"budget": budget})
            finished, _ = run_recipe(capped, context, arguments, title=f"evaluate {name}")
            shortfall = spending.why
            if spending.teacher_is_lost:
                models.lost[name] = shortfall
            models.finished.append(finished)
            for note in terminal.fault_notes(finished.faults, "none are kept of an evaluation"):
                sys.stderr.write(f"{terminal.clean(note)}\n")
        except evaluating.BudgetSpentError as error:
            shortfall = error.faults[0].message
        except UserError as error:
            models.failures[name] = str(error)
            continue
        models.answered.append(evaluating.answered(recipe, finished, asking.chosen, traits, shortfall))
    return models


def _report_failures(models: _Models) -> int:
    """Say which models could not be evaluated, and return the exit code."""
    from open_thoughts_gen.cli.terminal import clean

    for name, why in models.failures.items():
        sys.stderr.write(f"{clean(name)} is not evaluated: {clean(why)}\n")
    for name, why in models.lost.items():
        hint = "run the same command again for the rest: what was answered is stored, and costs nothing"
        sys.stderr.write(f"{clean(name)} is evaluated in part: {clean(why)}; {hint}\n")
    if not models.failures and not any(model.result.num_asked for model in models.answered):
        reasons = dict.fromkeys(model.result.shortfall for model in models.answered)
        sys.stderr.write(f"nothing was asked: {clean('; '.join(reasons))}\n")
        return EXIT_BELOW_TARGET
    return EXIT_USER_ERROR if models.failures or models.lost else 0


def _evaluation(
    asking: _Asking, models: _Models, arguments: argparse.Namespace, *, num_disputed: int
) -> EvaluationRecord:
    """Return the record."""
    from open_thoughts_gen.publish import evaluation
    from open_thoughts_gen.rejudge import evaluating

    asked, split = asking.asked, asking.location.split or "train"
    title = asking.location.path.resolve().name if asking.location.path.exists() else asking.location.where
    card = asking.location.path / "dataset" / "README.md"
    title = evaluation.title_of(card.read_text("utf-8")) if card.is_file() else title
    by_chance = [f"chosen by chance from {asking.num_meeting:,}"] if len(asking.chosen) < asking.num_meeting else []
    references = [question.reference for question in asked.questions]
    return evaluation.EvaluationRecord(
        dataset=asking.location.where if not asking.location.path.exists() else title,
        split=split,
        digest=evaluation.digest_of((question.id, question.reference) for question in asked.questions),
        chosen=", ".join([*arguments.where, *by_chance]),
        num_rows=asked.num_rows,
        num_questions=len(asking.chosen),
        unjudged=asking.unjudged,
        unaccepted=evaluating.num_unaccepted(models.finished),
        samples=arguments.samples,
        verifiers=list(dict.fromkeys(part.plugin.label for part in asking.parts)),
        models=[model.result for model in models.answered],
        differences=evaluating.differences(models.answered),
        num_disputed=num_disputed,
        benchmark=evaluation.benchmark(title, split, references, len(asked.questions)),
    )
