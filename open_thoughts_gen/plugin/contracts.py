"""The five kinds of plug-in: what each of them has to do, and what it may say about itself.

A plug-in's pydantic fields are its settings; validation, help, the JSON schema and the card's provenance all come from
them. Its runtime state is made by `fresh()` for each run, in private attributes, and does not outlive the run.
`loading` finds plug-ins by the names that recipes use.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr

from open_thoughts_gen import text
from open_thoughts_gen.errors import Fault
from open_thoughts_gen.money.budget import Meter, Spending
from open_thoughts_gen.plugin.blind import Solution, UnreadablePuzzleError
from open_thoughts_gen.plugin.spread import Spread, in_place
from open_thoughts_gen.types import (
    Derivation,
    DropReason,
    FilterReport,
    Question,
    Request,
    Sample,
    Step,
    Trace,
    Verdict,
)

if TYPE_CHECKING:
    from open_thoughts_gen.cache import AskAgain, ResponseCache

PACKAGE = "open_thoughts_gen"


@dataclass(frozen=True, slots=True)
class Context:
    """What a run gives its plug-ins: the seed, the recipe's folder (relative paths start there), the cache's file.

    `run` is its name in the cache; what was used under it can be pruned by it. `spread` does work on parts of a set
    wherever the run's engine does it; plug-ins that are sent to other processes do it in that process. `open_cache`
    opens the cache where it is not a file of this machine; `ask_again` says which stored answers the teacher asks for
    again. `counted_as` is the role under which all answers are counted, where it is not that of who asks: a filter may
    have a teacher of its own.
    """

    seed: int = 0
    folder: Path = Path()
    cache: Path = Path("responses.sqlite")
    run: str = ""
    spending: Spending | None = field(default=None, compare=False)
    spread: Spread = in_place
    open_cache: Callable[[], ResponseCache] | None = field(default=None, compare=False)
    ask_again: AskAgain | None = field(default=None, compare=False)
    counted_as: str = ""

    def __reduce__(self) -> tuple[object, ...]:
        return Context, (self.seed, self.folder, self.cache, self.run)

    def responses(self) -> ResponseCache:
        """Open the response cache of the run, wherever it is."""
        from open_thoughts_gen.cache import ResponseCache

        return self.open_cache() if self.open_cache is not None else ResponseCache(self.cache)

    def meter(self, role: str) -> Meter | None:
        """Return what counts the answers of a role (`teacher`, `judge`) in what the run has spent; None for nothing."""
        return None if self.spending is None else self.spending.meter(self.counted_as or role)


class Plugin(BaseModel):
    """Settings in public fields, runtime state in private attributes. Picklable, compared by settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=False)

    kind: ClassVar[str] = ""
    renamed: ClassVar[Mapping[str, str]] = {}  # settings by their former names, which recipes may still use
    _context: Context = PrivateAttr(default_factory=Context)

    def fresh(self, context: Context) -> Self:
        """Return a copy made for one run, with no state from any run before."""
        plugin = self.model_copy()
        plugin._context = context
        plugin.start()
        return plugin

    def start(self) -> None:
        """Make the runtime state (private attributes) for one run. Called by `fresh`; errors here are UserErrors."""

    @classmethod
    def plugin_name(cls) -> str:
        """Return the name a recipe uses for this plug-in."""
        module = cls.__module__
        inside = module.startswith(f"{PACKAGE}.")
        return module.split(".")[2] if inside else f"{module}:{cls.__qualname__}"


class Source(Plugin):
    """Where questions come from."""

    kind: ClassVar[str] = "source"

    @abstractmethod
    def questions(self) -> Iterator[Question | DropReason]:
        """Yield questions in a fixed order, without end if the source can; a bad line is yielded as its DropReason.

        Item *i* of a generated source depends on nothing but the seed and *i*.
        """

    @property
    def endless(self) -> bool:
        """Return whether `questions` never ends, so that a recipe has to say how many it wants."""
        return False

    @property
    def inputs(self) -> Sequence[Path]:
        """The user's own files that it reads; a run keeps their hashes."""
        return ()

    @property
    def passes_on(self) -> Sequence[Source]:
        """The sources inside it whose questions become its own; most have none. They need not have begun."""
        return ()

    @property
    def source_name(self) -> str:
        """What its questions name as their source, as far as that is known before it has begun."""
        return self.plugin_name()

    @property
    def usual_license(self) -> str:
        """The license of the questions that have none of their own, as the Hub spells it; empty if it is not known."""
        return ""

    @property
    def models(self) -> Sequence[str]:
        """The models that it calls, by their names in the price table; most call none."""
        return ()

    @property
    def sources(self) -> Sequence[Source]:
        """The sources that it takes its questions or seeds from; none for most."""
        return ()

    def expect(self, num: int | None) -> None:
        """Learn that about `num` more questions are read now, None for all, so as to pay for no more."""

    def state(self) -> str:
        """Return one line on how its calls are going, or an empty one; a screen asks at any time, from any thread."""
        return ""

    def advice(self, reason: str) -> str:
        """Return what to change so that fewer rows are left out for this reason; empty for nothing in particular."""
        return ""

    def notes(self) -> Sequence[str]:
        """Return what it detected about its input and a person should look at before a run; nothing for most."""
        return ()


class Teacher(Plugin):
    """A plug-in that answers questions. A stream in, a stream out, in any order: it owns its concurrency."""

    kind: ClassVar[str] = "teacher"

    @abstractmethod
    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        """Yield one Trace per request, failed calls included, in any order."""

    @property
    def label(self) -> str:
        """How rows and the card name this teacher."""
        return self.plugin_name()

    @property
    def models(self) -> Sequence[str]:
        """The models that it asks, as prices know them and traces name them."""
        return (self.label,)

    @property
    def price_rate(self) -> float:
        """The share of a model's listed price that it pays: less than 1 for batches."""
        return 1.0

    @property
    def cost_usd(self) -> float | None:
        """What this run's traces have cost so far, in USD; None where tokens and prices say it."""
        return None

    @property
    def answers_copies(self) -> bool:
        """Whether copies of a question are asked as further attempts at it; if not, they share its answers.

        Override it and return False where another attempt would be the same answer, or none.
        """
        return True

    @property
    def invents(self) -> bool:
        """Whether its answers are made up from the references, to rehearse a run; the card then says so."""
        return False

    def lacks(self) -> Iterable[Fault]:
        """Yield what it lacks to ask anything, such as a package; answers that are stored need none of it."""
        return ()

    def shares(self, num: int) -> Sequence[tuple[Self, int]]:
        """Return at most `num` teachers that together keep to its limits, to be asked from as many nodes.

        Each comes with the number of requests that it should have at a time: one more than it reads before it yields a
        trace. A teacher that can only be asked from one process returns none.
        """
        return ()

    def state(self) -> str:
        """Return the state of its calls on one line, for a screen that may ask from any thread; empty for nothing."""
        return ""


class Verifier(Plugin):
    """A plug-in that judges traces. Pure and picklable, so that any engine can spread it over processes."""

    kind: ClassVar[str] = "verifier"

    @property
    def label(self) -> str:
        """How its verdicts are named."""
        return self.plugin_name()

    def judges_form(self, question: Question) -> bool:
        """Return whether the verdict `correct` on an answer to this question only means that its form is right."""
        return False

    @property
    def judges_steps(self) -> bool:
        """Whether this verifier judges how an answer was reached; rewards leave it out if others judge the answer."""
        return False

    def check_teacher(self, sent: str) -> Iterable[Fault]:
        """Yield what does not go together with the text that the teacher is sent beside each question.

        Nothing for most: a verifier that judges form may hold against an answer what this text asks for.
        """
        return ()

    @property
    def reads_reference(self) -> bool:
        """Return whether it accepts the reference itself as an answer, so that a reference can be tried."""
        return False

    @property
    def sees_attempts(self) -> bool:
        """Return whether a verdict depends on the question's other attempts: then all of them come in one call."""
        return False

    @property
    def runs_anywhere(self) -> bool:
        """Whether a verdict depends on nothing but the pair and the settings, so that any process may compute it.

        Override it and return False where judging needs something that lives in the run's own process. A verifier that
        asks models or compares attempts stays there by itself.
        """
        return self.is_apart

    @property
    def is_apart(self) -> bool:
        """The former name of `runs_anywhere`, which plug-ins written for it still override."""
        return not self.models and not self.sees_attempts

    @property
    def meta_keys(self) -> Collection[str] | None:
        """The keys of a question's meta that this verifier reads; None if that is not known, so that all are kept."""
        return None

    @property
    def models(self) -> Sequence[str]:
        """The models that this verifier calls, by their names in the price table; most call none."""
        return ()

    def state(self) -> str:
        """Return one line on how its calls are going, or an empty one; a screen asks at any time, from any thread."""
        return ""

    @property
    def risks(self) -> Mapping[str, str]:
        """By the plug-in's name, what data from a third party must not make it do, such as run code; empty for most."""
        return {}

    @abstractmethod
    def verdict(self, question: Question, trace: Trace) -> Verdict:
        """Judge one trace. What cannot be decided is `undecided`, with the reason in its explanation."""

    def verdicts(self, pairs: Sequence[tuple[Question, Trace]]) -> Iterator[Verdict]:
        """Judge many, in order. Override where judging waits on something (a model, a pool)."""
        for question, trace in pairs:
            yield self.verdict(question, trace)


@dataclass(frozen=True, slots=True)
class RecipeView:
    """What a filter may know about its recipe: the step that it belongs to, and the verifiers that judge before it.

    `verifiers` is None if one of them is faulty.
    """

    step: Literal["question_filters", "sample_filters"]
    verifiers: Sequence[Verifier] | None = ()

    @property
    def judges_nothing(self) -> bool:
        """Whether this filter sees samples that no verifier has judged: before the teacher, or without verifiers."""
        return self.step == "question_filters" or self.verifiers == ()


class Filter(Plugin):
    """A plug-in that drops samples, each with its reason; it may measure them first.

    What it measures is kept on the row under its name, with who measured it, and any later filter may choose by it.
    """

    kind: ClassVar[str] = "filter"
    drops_repeats: ClassVar[bool] = False  # whether a question that came before is left out, as each copy of one is

    @property
    def label(self) -> str:
        """Who measured, as rows and the card say it."""
        return self.plugin_name()

    @property
    def models(self) -> Sequence[str]:
        """The models that this filter calls, by their names in the price table; most call none."""
        return ()

    def state(self) -> str:
        """Return one line on how its calls are going, or an empty one; a screen asks at any time, from any thread."""
        return ""

    def measure(self, sample: Sample) -> Mapping[str, Any]:
        """Return what this filter measures of a sample, by name: JSON, None for what cannot be measured of it."""
        return {}

    def measures(self, samples: Sequence[Sample]) -> Iterator[Mapping[str, Any]]:
        """Yield what `measure` returns for each sample, in order. Override it where measuring waits on something."""
        return map(self.measure, samples)

    @property
    def measure_names(self) -> Sequence[str]:
        """The names of what it measures; empty where it measures nothing."""
        return ()

    def measured(self, sample: Sample, name: str) -> Any:  # noqa: ANN401  (JSON)
        """Return a measure of a sample: as it was taken, or taken now if it was not."""
        measure = sample.measures.get(name)
        return self.measure(sample).get(name) if measure is None else measure.value

    def drop_reason(self, sample: Sample) -> DropReason | None:
        """Return why this sample is dropped, or None to keep it.

        A filter that must see the whole set overrides `drop_reasons` instead.
        """
        raise TypeError(f"{type(self).__name__} sees whole sets: call drop_reasons")

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        """Yield for each sample, in order, why it is dropped, or None to keep it. `samples` are the whole set."""
        return map(self.drop_reason, samples)

    def check_recipe(self, recipe: RecipeView) -> Iterable[Fault]:
        """Yield what is wrong with using this filter in this recipe; nothing for most.

        `Fault.where` is the path of the setting at fault, such as `between.1`; empty for the filter as a whole.
        """
        return ()

    def report(self) -> FilterReport | None:
        """Return what there is to report, besides the drops, on the set that `drop_reasons` saw last."""
        return self.account()

    def account(self) -> FilterReport | None:
        """Return the same: the former name of `report`, which plug-ins written for it still override."""
        return None

    def advice(self, reason: str) -> str:
        """Return what to change in the recipe so that fewer samples are dropped for this reason; empty for nothing."""
        return ""

    @classmethod
    def sees_whole_set(cls) -> bool:
        """Return whether what becomes of a sample depends on the others."""
        return cls.drop_reasons is not Filter.drop_reasons


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a family: what is asked, and the machine-readable case (JSON) that everything is computed from."""

    prompt: str
    spec: Mapping[str, Any]


class Family(Plugin):
    """A world of problems whose answers are proved by two implementations that share no code."""

    kind: ClassVar[str] = "family"
    domain: ClassVar[str] = "general"
    license: ClassVar[str] = "cc0-1.0"

    @abstractmethod
    def problem(self, rng: Random) -> Problem:
        """Draw a problem; the same state of `rng` gives the same problem."""

    @abstractmethod
    def derive(self, problem: Problem) -> Derivation:
        """Reach the answer step by step: the first implementation."""

    def notes(self, problem: Problem) -> Sequence[Step]:
        """Return what each sentence of the prompt states, for a narration that reads before it decides."""
        return ()

    @abstractmethod
    def check(self, problem: Problem, answer: str) -> Verdict:
        """Judge an answer by the second implementation: undecided where it finds no answer, or more than one."""

    def twin(self, problem: Problem, rng: Random) -> Problem | None:
        """Return the problem with one fact changed so that the answer changes, or None if there is none."""
        return None

    def read_back(self, problem: Problem, answer: str | None = None) -> Verdict | None:
        """Read the facts back from the prompt alone, and judge an answer by them; None if the family cannot do that.

        A prompt that cannot be read, or states other facts than the spec, is `incorrect` whatever the answer.
        """
        return None

    def retrace(self, problem: Problem, reasoning: str, answer: str | None) -> Verdict | None:
        """Go through a solution line by line, with the prompt and the lines before alone; None if that cannot be done.

        A line that does not follow, or an answer that the last line does not give, is `incorrect`.
        """
        return None

    def traits(self, problem: Problem) -> Mapping[str, Any]:
        """Return what rows and figures are grouped by (kind, level, field ...), taken from the spec."""
        return {}

    def solve(self, prompt: str) -> Solution:
        """Solve a problem from its text alone, without knowing how it was made: for families that can.

        Raises:
            UnreadablePuzzleError: the text is not a problem of this family.

        """
        raise UnreadablePuzzleError("this family solves no problem from its text alone")

    def explain(self, prompt: str) -> Derivation | None:
        """Return how a problem is solved, from its text alone; None where no such solution comes to an answer."""
        return None

    def agrees(self, reference: str, answer: str) -> bool:
        """Return whether an answer is the reference, as this family compares."""
        return reference.strip() == answer.strip()

    @classmethod
    def final_answer(cls, response: str, marks: Sequence[str] = ()) -> str | None:
        """Return the answer that a response states, None if it states none; `marks` are the recipe's own."""
        return text.final_answer(response, marks)

    @classmethod
    def solves_blind(cls) -> bool:
        """Return whether problems can be solved from their text alone."""
        return cls.solve is not Family.solve
