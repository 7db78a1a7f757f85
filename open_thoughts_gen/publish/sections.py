"""The sections of the card, a function each, which return Markdown; `card` puts them together.

Each is computed from the run (`Facts`), save for what the recipe's author writes under `publish`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from open_thoughts_gen.publish import contamination, provenance
from open_thoughts_gen.publish.front_matter import Config, load_name, one_line
from open_thoughts_gen.publish.markdown import authored, code, fence, inline, table
from open_thoughts_gen.publish.provenance import percent
from open_thoughts_gen.publish.quality import Quality
from open_thoughts_gen.publish.reward_code import reward_code
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.types import Finished


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure that stands in the folder: its file name and what it shows, for those who cannot see it."""

    name: str
    caption: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a card is made of. `remark` is what the Hub's viewer will not show, empty if it shows all."""

    recipe: Recipe
    finished: Finished
    configs: Sequence[Config]
    quality: Quality
    figures: Sequence[Drawn]
    command: str
    remark: str = ""

    @property
    def title(self) -> str:
        """The dataset's title on one line."""
        return one_line(self.recipe.publish.title or self.recipe.name)

    @property
    def where(self) -> str:
        """What `load_dataset` is given, as a Python string."""
        return f'"{load_name(self.recipe, self.command)}"'


def lead(facts: Facts) -> str:
    """Return the sentence on top: how many rows, how many verified, and by what."""
    quality, recipe = facts.quality, facts.recipe
    judged = " None of them is verified correct." if recipe.verifiers and quality.num_rows else ""
    if quality.verified_by:
        judges = ", ".join(map(code, quality.verified_by))
        judged = f" {percent(quality.correct_rate)} of them are verified correct by {judges}."
    if quality.num_in_form:
        rows = "1 row was" if quality.num_in_form == 1 else f"{quality.num_in_form:,} rows were"
        judged += f" {rows} judged in form only."
    pairs = f" {quality.num_twins:,} minimal pairs change one fact and with it the answer." if quality.num_twins else ""
    return (
        f"**{quality.num_rows:,} questions with reasoning and answer.**{judged}{pairs} Every figure about "
        "them was computed from the run that made them."
    )


def at_a_glance(facts: Facts) -> str:
    """Return the table of key figures."""
    quality = facts.quality
    columns = {
        "Rows": f"{quality.num_rows:,}",
        "Verified correct": percent(quality.correct_rate),
        "Near-duplicates": percent(quality.near_duplicate_rate),
        **({"Minimal pairs": f"{quality.num_twins:,}"} if quality.num_twins else {}),
        "Question, median": f"{quality.question_words:,.0f} words",
        "Reasoning, median": f"{quality.reasoning_words:,.0f} words",
        "Licence": inline(facts.recipe.publish.license),
    }
    return table(list(columns), [list(columns.values())])


def loading(facts: Facts) -> str:
    """Return the code that loads the dataset."""
    default, messages, *more = facts.configs
    others = [
        f'{split.name} = load_dataset({facts.where}, split="{split.name}")  # {split.num_rows:,} rows, none like train'
        for split in default.splits[1:]
    ]
    others += [
        f'{config.name} = load_dataset({facts.where}, "{config.name}", split="train")  # to reward by'
        for config in more
    ]
    lines = [
        "from datasets import load_dataset",
        "",
        f'rows = load_dataset({facts.where}, split="train")  # {len(default.columns)} columns, described below',
        f'chats = load_dataset({facts.where}, "{messages.name}", split="train")  # the same rows for a trainer',
        *others,
    ]
    return fence("\n".join(lines), "python")


def purpose(facts: Facts) -> list[str]:
    """Return what the dataset is for, its domains and languages, and the figures of its make-up."""
    domains = Counter(sample.question.domain for sample in facts.finished.samples)
    counted = ", ".join(f"{inline(domain)} ({num:,})" for domain, num in domains.most_common(12))
    languages = ", ".join(map(inline, facts.recipe.publish.language))
    scope = f"Domains, with their rows: {counted}. Language: {languages}."
    return [authored(facts.recipe.publish.purpose), scope, *_figures(facts, "makeup", "lengths")]


def _figures(facts: Facts, *names: str) -> list[str]:
    drawn = {figure.name.removeprefix(f"{facts.recipe.name}-"): figure for figure in facts.figures}
    figures = (drawn[f"{name}.png"] for name in names if f"{name}.png" in drawn)
    return [f"![{inline(figure.caption)}](assets/{figure.name})" for figure in figures]


def creation(facts: Facts) -> list[str]:
    """Return how the rows were made: the recipe's steps, the funnel, the verdicts."""
    recipe, finished = facts.recipe, facts.finished
    verdicts: dict[str, Counter[str]] = {}
    for sample in finished.samples:
        for verdict in sample.verdicts:
            verdicts.setdefault(verdict.verifier, Counter())[verdict.outcome] += 1
    attempts = f"{recipe.attempts} attempt{'s' if recipe.attempts != 1 else ''} a question"
    if recipe.until:
        attempts = f"until {recipe.until.accepted} are correct, at most {recipe.until.max_attempts} a question"
    target = f"; the target was {recipe.target:,} accepted rows" if recipe.target else ""
    line = (
        "Every row went the same way: a source drew its question, question filters left some out, the teacher reasoned "
        f"and answered ({attempts}), verifiers judged with three outcomes, sample filters left more out{target}."
    )
    return [
        authored(recipe.publish.creation),
        line,
        asked_as(recipe),
        provenance.steps_table(recipe),
        *_figures(facts, "funnel"),
        provenance.funnel_table(recipe, finished.counts),
        *(
            ["The verdicts on the published rows:", provenance.verdict_table(dict(sorted(verdicts.items())))]
            if verdicts
            else []
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
    "messages": "chats, for supervised fine-tuning",
    "rl": "prompts with what judges an answer, for reinforcement learning",
}


def purposes(facts: Facts) -> list[str]:
    """Return what each config and each split is for, where there is more than a train split in two configs."""
    default = facts.configs[0]
    if len(facts.configs) == len(CONFIG_USES) - 1 and len(default.splits) == 1:
        return []
    held_out = next(
        (dict(report.facts.get("held_out", {})) for report in facts.finished.reports if "held_out" in report.facts), {}
    )
    lines = [f"- config {code(config.name)}: {CONFIG_USES[config.name]}" for config in facts.configs]
    for split in default.splits:
        values = held_out.get(split.name, ())
        alone = f"; held out whole: {', '.join(map(inline, values))}" if values else ""
        lines.append(f"- split {code(split.name)}: {SPLIT_USES.get(split.name, 'as the recipe parts it')}{alone}")
    return ["\n".join(lines)]


def fields(facts: Facts) -> list[str]:
    """Return what configs and splits are for, and a table of the columns for each config."""
    parts = purposes(facts)
    for i, config in enumerate(facts.configs):
        splits = "; ".join(f"split {code(split.name)}, {split.num_rows:,} rows" for split in config.splits)
        parts.append(f"Config {code(config.name)}{' (the default)' if i == 0 else ''}, {splits}:")
        rows = []
        for column in config.columns:
            members = ", ".join(code(member.name) for member in column.members)
            rows.append((code(column.name), f"list of {members}" if members else code(column.dtype), column.meaning))
        parts.append(table(("Field", "Type", "Meaning"), rows))
    return parts


def uses(facts: Facts) -> list[str]:
    """Return what the dataset can be used for, with code."""
    teach = f'chats = load_dataset({facts.where}, "messages", split="train")["messages"]'
    check = reward_code(facts.recipe, facts.finished.samples, facts.where, any(c.name == "rl" for c in facts.configs))
    return [
        authored(facts.recipe.publish.uses),
        "Teach a model to reason before it answers (supervised fine-tuning): the chats carry it in `<think>` tags.",
        fence(teach, "python"),
        *(
            ["Reward or measure a model by answers that are known to be right (reinforcement learning, evaluation):"]
            if check
            else []
        ),
        *([fence(check, "python")] if check else []),
    ]


def limitations(facts: Facts) -> list[str]:
    """Return what the dataset is not, in the author's words and computed."""
    quality, finished = facts.quality, facts.finished
    teachers = sorted({sample.trace.teacher for sample in finished.samples if sample.trace})
    open_rate = 1 - quality.correct_rate
    points = [
        f"All reasoning was written by {', '.join(map(code, teachers)) or 'nobody'}: expect its habits and wording.",
        "The verifiers judge final answers. They do not prove that every sentence of the reasoning is sound.",
        f"{percent(open_rate)} of the rows are not verified correct." if quality.num_rows and open_rate else "",
        f"Near-duplicates: {percent(quality.near_duplicate_rate)} of the rows compared." if quality.num_rows else "",
        inline(contamination.limitation(facts.recipe, finished)),
        inline(finished.shortfall),
    ]
    computed = "\n".join(f"- {point}" for point in points if point)
    return [authored(facts.recipe.publish.limitations), "Computed from the run:", computed]


def reproduction(facts: Facts) -> list[str]:
    """Return the command that makes the dataset again, what it cost, and the versions."""
    packages = [(code(name), code(version)) for name, version in provenance.versions().items()]
    return [
        f"Made with `open_thoughts_gen` from one recipe and the seed {facts.recipe.seed}. This command "
        "makes it again, byte for byte, with the same versions, the same responses and the same benchmarks at hand:",
        fence(facts.command, "sh"),
        provenance.cost_line(facts.finished.counts),
        table(("Package", "Version"), packages),
    ]


def licence(facts: Facts) -> str:
    """Return the licence of the dataset, and the licences of its questions."""
    licenses = Counter(sample.question.license or "unstated" for sample in facts.finished.samples)
    counted = ", ".join(f"{code(name)} ({num:,} rows)" for name, num in licenses.most_common())
    released = f"The dataset is released under {code(facts.recipe.publish.license)}."
    return f"{released} Licences of its questions: {counted or 'none'}."
