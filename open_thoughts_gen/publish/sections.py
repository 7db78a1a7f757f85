"""The sections of the card, a function each, which return Markdown; `card` puts them together.

Each is computed from the run (`Facts`), save for what the recipe's author writes under `publish`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from open_thoughts_gen.publish import contamination, provenance
from open_thoughts_gen.publish.agreement import agreement_table
from open_thoughts_gen.publish.evaluation import EvaluationRecord
from open_thoughts_gen.publish.front_matter import (
    Config,
    load_name,
    one_line,
    rebuild_from_hub,
    rebuild_here,
    repository,
)
from open_thoughts_gen.publish.makeup import beside_original, makeup
from open_thoughts_gen.publish.markdown import authored, awaited, code, fence, inline, public_name, table
from open_thoughts_gen.publish.measures import measures_table
from open_thoughts_gen.publish.pictures import Drawn
from open_thoughts_gen.publish.quality import Quality
from open_thoughts_gen.publish.question_files import QuestionFiles
from open_thoughts_gen.publish.rates import percent
from open_thoughts_gen.publish.reward_code import reward_code
from open_thoughts_gen.publish.training_code import fine_tuning_code, grpo_code
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.recipe.hub_terms import UNSTATED
from open_thoughts_gen.recipe.licensing import Licensing
from open_thoughts_gen.types import Finished

_MAX_DOMAINS = 20


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a card is made of.

    `remark` is what the Hub's viewer will not show, empty if it shows all; `asked` says which files of
    questions are published. Before a run (`has_run` is False) there are no samples, and what only they can tell is
    an empty place, by `after_run` in the text and by `cell` in tables.
    """

    recipe: Recipe
    finished: Finished
    configs: Sequence[Config]
    quality: Quality
    figures: Sequence[Drawn]
    command: str
    licensing: Licensing
    asked: QuestionFiles
    remark: str = ""
    evaluation: EvaluationRecord | None = None
    has_run: bool = True

    def after_run(self, what: str, *parts: str) -> list[str]:
        """Return what only a run can tell; before it, the place where that will stand, which says `what` it is."""
        return list(parts) if self.has_run else [awaited(what)]

    def cell(self, text: str) -> str:
        """Return a figure that only a run can tell; before it, that it is not there yet."""
        return text if self.has_run else "*after the run*"

    @property
    def knows_license(self) -> bool:
        """Whether the dataset's licence is known; after a run it is known that there is none."""
        return self.has_run or self.licensing.license != UNSTATED

    @property
    def title(self) -> str:
        """The dataset's title on one line."""
        return one_line(self.recipe.publish.title)

    @property
    def where(self) -> str:
        """What `load_dataset` is given, as a Python string."""
        return f'"{load_name(self.recipe, self.command)}"'


def loading(facts: Facts) -> str:
    """Return the code that loads the dataset."""
    default, *others = facts.configs
    held_out = [
        f'{split.name} = load_dataset({facts.where}, split="{split.name}")  # '
        f"{f'{split.num_rows:,} rows, ' if facts.has_run else ''}none like train"
        for split in default.splits[1:]
    ]
    names = {"messages": "chats", "reasoning_content": "chats_beside", "rl": "prompts"}
    lines = [
        "from datasets import load_dataset",
        "",
        f'rows = load_dataset({facts.where}, split="train")  # {len(default.columns)} columns, described below',
        *held_out,
        *(
            f'{names.get(config.name, config.name)} = load_dataset({facts.where}, "{config.name}", split="train")'
            f"  # {SHORT_USES.get(config.name, SCHEMA_USE)}"
            for config in others
        ),
    ]
    return fence("\n".join(lines), "python")


def purpose(facts: Facts) -> list[str]:
    """Return what the dataset is for, its domains and languages, and the figures of its make-up."""
    domains = Counter(sample.question.domain for sample in facts.finished.samples)
    counted = ", ".join(f"{inline(domain)} ({num:,})" for domain, num in domains.most_common(12))
    languages = ", ".join(map(inline, facts.recipe.publish.language))
    scope = f"Domains, with their rows: {counted}. Language: {languages}."
    original, samples = facts.recipe.publish.original, facts.finished.samples
    return [
        authored(facts.recipe.publish.purpose),
        *(beside_original(original, samples, facts.cell) if original else []),
        *([] if facts.has_run else [f"Language: {languages}."]),
        *facts.after_run(
            "The domains with their rows, a table of each (how many are verified correct, how long questions and "
            "reasoning are), and figures of the make-up and of the lengths.",
            scope,
            *_figures(facts, "makeup"),
            *makeup(facts.recipe, samples, facts.quality.words),
            *_figures(facts, "lengths"),
        ),
    ]


def _figures(facts: Facts, *names: str) -> list[str]:
    drawn = {figure.name.removeprefix(f"{facts.recipe.name}-"): figure for figure in facts.figures}
    return [drawn[f"{name}.png"].markdown for name in names if f"{name}.png" in drawn]


def creation(facts: Facts) -> list[str]:
    """Return how the rows were made: the recipe's steps, the funnel, the verdicts."""
    recipe, finished = facts.recipe, facts.finished
    verdicts: dict[str, Counter[str]] = {}
    for sample in finished.samples:
        for verdict in sample.verdicts:
            verdicts.setdefault(verdict.verifier, Counter())[verdict.outcome] += 1
    attempts = f"{recipe.attempts} attempt{'s' if recipe.attempts != 1 else ''} a question"
    if recipe.until:
        verb = "is" if recipe.until.accepted == 1 else "are"
        attempts = f"until {recipe.until.accepted} {verb} correct, at most {recipe.until.max_attempts} a question"
    measured = measures_table(finished.samples)
    target = f"; the target is {recipe.target:,} accepted rows" if recipe.target else ""
    line = (
        "Every row goes the same way: a source draws its question, question filters leave some out, the teacher "
        f"reasons and answers ({attempts}), verifiers judge with three outcomes, sample filters leave more out{target}."
    )
    return [
        authored(recipe.publish.creation),
        line,
        asked_as(recipe),
        provenance.steps_table(
            recipe, idle=(contamination.PLUGIN,) if contamination.compared_nothing(finished) else ()
        ),
        *facts.after_run(
            "The funnel: how many questions were drawn, how many each filter left out and for which reasons, how many "
            "were asked, answered and accepted. Then the verdicts, how far verifiers agree, and what filters measured.",
            *_figures(facts, "funnel"),
            provenance.funnel_table(recipe, finished.counts),
            *(
                ["The verdicts on the published rows:", provenance.verdict_table(dict(sorted(verdicts.items())))]
                if verdicts
                else []
            ),
            *agreement_table(finished),
            *(["What filters measured of the published rows:", measured] if measured else []),
        ),
    ]


def asked_as(recipe: Recipe) -> str:
    """Return what the teacher was sent beside the published prompt, empty if that is nothing."""
    teacher = recipe.teacher.plugin
    names = [name for name in ("prompt", "prefix", "prefixes") if getattr(teacher, name, "")]
    if "".join(str(getattr(teacher, "prompt", "")).split()) == "{{prompt}}":
        names.remove("prompt")
    parts = [f"the text of {' and '.join(code(f'teacher.{name}') for name in names)}"] if names else []
    system = getattr(teacher, "system", "")
    if system and system != recipe.publish.system:
        parts.append(f"the system prompt of {code('teacher.system')}")
    if not parts:
        return ""
    return (
        f"The teacher was sent {' and '.join(parts)} beside the question (the table has the text). The column "
        "`question` and the chats hold the question without it."
    )


SPLIT_USES = {
    "train": "to train on",
    "validation": "to choose settings and checkpoints by",
    "test": "to measure with, and to look at for nothing else",
}
CONFIG_USES = {
    "default": "everything that is known of each row",
    "messages": "chats for supervised fine-tuning, the reasoning in `<think>` tags; for templates that know no field "
    "for it (Llama 3, Qwen2.5, Gemma 3, Phi), and for Qwen3",
    "reasoning_content": "the same chats, the reasoning in a field of its own; for templates that read it there (Qwen3 "
    "to Qwen3.8, Nemotron 3, GLM-4.5; with transformers 5.21 or newer also gpt-oss and Gemma 4)",
    "rl": "prompts with what judges an answer, for reinforcement learning",
}
SHORT_USES = {
    "messages": "the reasoning in <think> tags",
    "reasoning_content": "reasoning in a field",
    "rl": "to reward by",
}
SCHEMA_USE = "the columns of the published set of this name"


def purposes(facts: Facts) -> list[str]:
    """Return what each config and each split is for."""
    default = facts.configs[0]
    held_out = next(
        (dict(report.facts.get("held_out", {})) for report in facts.finished.reports if "held_out" in report.facts), {}
    )
    lines = [f"- config {code(config.name)}: {CONFIG_USES.get(config.name, SCHEMA_USE)}" for config in facts.configs]
    for split in default.splits:
        values = held_out.get(split.name, ())
        alone = f"; held out whole: {', '.join(map(inline, values))}" if values else ""
        lines.append(f"- split {code(split.name)}: {SPLIT_USES.get(split.name, 'as the recipe parts it')}{alone}")
    return ["\n".join(lines)]


def fields(facts: Facts) -> list[str]:
    """Return what configs and splits are for, and a table of the columns for each config."""
    parts = purposes(facts)
    for i, config in enumerate(facts.configs):
        splits = "; ".join(
            f"split {code(split.name)}{f', {split.num_rows:,} rows' if facts.has_run else ''}"
            for split in config.splits
        )
        parts.append(f"Config {code(config.name)}{' (the default)' if i == 0 else ''}, {splits}:")
        rows, repeated = [], [column for column in config.columns if i and column in facts.configs[0].columns]
        for column in (column for column in config.columns if column not in repeated or column.name == "id"):
            members = ", ".join(code(member.name) for member in column.members)
            rows.append((code(column.name), f"list of {members}" if members else code(column.dtype), column.meaning))
        parts.append(table(("Field", "Type", "Meaning"), rows))
        names = ", ".join(code(column.name) for column in repeated if column.name != "id")
        parts += [f"As in the default config: {names}."] if names and i else []
    return parts


def uses(facts: Facts) -> list[str]:
    """Return what the dataset can be used for, with code."""
    has_rl = any(config.name == "rl" for config in facts.configs)
    split = "test" if any(split.name == "test" for split in facts.configs[0].splits) else "train"
    check = reward_code(facts.recipe, facts.finished.samples, facts.where, has_rl, split)
    grpo = grpo_code(facts.where, max(facts.quality.words.reasoning, default=0)) if has_rl and facts.has_run else ""
    codes = {
        "Teach a model to reason before it answers (supervised fine-tuning), with TRL:": fine_tuning_code(facts.where),
        "Reward a model by answers that are known to be right (reinforcement learning), with TRL:": grpo,
        "Measure a model by the same verifiers (evaluation), `my_model` being what answers a prompt:": check,
    }
    parts = [authored(facts.recipe.publish.uses)]
    for sentence, written in codes.items():
        parts += [sentence, fence(written, "python")] if written else []
    tried = [
        "how long an answer may be for reinforcement learning" if has_rl else "",
        "code that measures a model by the same verifiers, if it calls the dataset's own answers right"
        if facts.recipe.verifiers and not check
        else "",
    ]
    awaited_code = " and ".join(filter(None, tried))
    return parts if facts.has_run or not awaited_code else [*parts, *facts.after_run(f"{awaited_code.capitalize()}.")]


def limitations(facts: Facts) -> list[str]:
    """Return what the dataset is not, in the author's words and computed."""
    quality, finished = facts.quality, facts.finished
    asked = () if facts.has_run else facts.recipe.teacher.plugin.models
    names = {*asked, *(sample.trace.teacher for sample in finished.samples if sample.trace)}
    teachers = sorted({public_name(name, facts.recipe.publish.teacher_name) for name in names})
    open_rate = 1 - quality.correct_rate
    wanted = (
        f"{quality.num_rows:,} of the {facts.recipe.target:,} rows asked for" if facts.recipe.target else "fewer rows"
    )
    points = [
        f"All reasoning was written by {', '.join(map(code, teachers)) or 'nobody'}: expect its habits and wording.",
        _unproved(facts),
        f"{percent(open_rate)} of the rows are not verified correct." if quality.num_rows and open_rate else "",
        f"Near-duplicates: {percent(quality.near_duplicate_rate)} of the rows compared." if quality.num_rows else "",
        inline(contamination.limitation(facts.recipe, finished)) if facts.has_run else "",
        f"The run accepted {wanted}; the funnel above says where the others went." if finished.shortfall else "",
    ]
    computed = "\n".join(f"- {point}" for point in points if point)
    return [
        authored(facts.recipe.publish.limitations),
        f"Computed from the {'run' if facts.has_run else 'recipe'}:",
        computed,
        *facts.after_run(
            "How many rows are not verified correct, how many nearly repeat another, and with which benchmarks they "
            "were not compared."
        ),
    ]


def _unproved(facts: Facts) -> str:
    """Return what of the reasoning nobody has judged."""
    verifiers = facts.recipe.verifiers
    if not verifiers:
        return "No verifier judged these rows: neither reasoning nor answers are known to be right."
    steps = [part.plugin.label for part in verifiers if getattr(part.plugin, "judges_steps", False)]
    if not steps:
        return "The verifiers judge final answers. They do not prove that every sentence of the reasoning is sound."
    named = ", ".join(map(code, steps))
    return f"The verifiers judge final answers, and {named} the steps as far as it reads them; no more is proved."


def reproduction(facts: Facts) -> list[str]:
    """Return the command that makes the dataset again, what it lacks, what it cost, and the versions."""
    recipe, counts = facts.recipe, facts.finished.counts
    parts = (*recipe.sources, *recipe.question_filters, recipe.teacher, *recipe.verifiers, *recipe.sample_filters)
    plugins = sorted({part.use for part in parts if ":" in part.use})
    lacking = [
        f"the files of its questions: {', '.join(map(inline, facts.asked.withheld))}" if facts.asked.withheld else "",
        "the files that its sources read" if any(part.use == "documents" for part in recipe.sources) else "",
        "the stored answers of the models, which would answer otherwise if they were asked again"
        if counts.prompt_tokens + counts.completion_tokens
        else "",
        f"the plug-ins {', '.join(map(code, plugins))}, which do not come with the package" if plugins else "",
    ]
    without = "; ".join(filter(None, lacking))
    repo, has_questions = repository(recipe), bool(facts.asked.published)
    files = ", and so are the files of questions that it reads" if has_questions else ""
    again = rebuild_from_hub(repo, questions=has_questions) if repo else rebuild_here(load_name(recipe, facts.command))
    return [
        f"Made with `open_thoughts_gen` from one recipe and the seed {recipe.seed}, by:",
        fence(facts.command, "sh"),
        f"The recipe, with every setting, is part of the dataset{files}. It makes the same rows again, byte for byte, "
        f"with the same versions and the same benchmarks at hand{'.' if without else ':'}",
        f"It also needs what is not part of the dataset: {without}." if without else "",
        fence(again, "sh"),
        *facts.after_run(
            "What else is needed to make the same rows again, how many tokens were used and what they cost, and the "
            "versions of the packages.",
            provenance.cost_line(counts),
            provenance.versions_table(recipe),
        ),
    ]
