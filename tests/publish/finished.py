"""A finished run to publish: toy plug-ins, and rows that read enough like cases to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

from pydantic import Field, SecretStr

from open_thoughts_gen import plugin
from open_thoughts_gen.recipe import Part, Publish, Recipe
from open_thoughts_gen.types import (
    Counts,
    Dropped,
    DropReason,
    Finished,
    Question,
    Request,
    Sample,
    Trace,
    Verdict,
)

NAMES = "Marle Toven Ysolde Brandt Quill Osric Neve Halloran Pryce Imre Castel Dovane Wray Lindqvist".split()
GOODS = "grain,timber,copper wire,printing paper,wool,lamp oil,roof slate,cider,barley,glass".split(",")
PLACES = "the north quay,the mill at Orrin,a yard in Velm,the tannery,the old exchange,the ferry house".split(",")
FACTS = (
    "{a} signed on {d} May and paid {n} crowns in advance.",
    "It had rained all week, and the carts came late to {p}.",
    "{b} wrote on {d} June that {m} sacks of {g} were spoilt.",
    "Nobody at {p} had counted the {g} when it was unloaded.",
    "A clerk noted {n} crowns in the ledger, then corrected it to {m}.",
    "{b} stored the {g} at {p} for {m} days without being asked.",
    "The agreement says nothing about {g}, though both had spoken of it.",
    "On {d} July {a} asked for the money back, and {b} refused.",
    "{a} had dealt with {b} for {m} years and never quarrelled.",
)
FIELDS = ("contract", "tenancy", "limitation of claims", "succession", "evidence", "company votes")
KINDS = ("is_it_allowed", "what_amount", "by_what_date")


class Cases(plugin.Source):
    """Cases without end."""

    settings: dict[str, Any] = Field(default_factory=lambda: {"levels": [1, 2, 3, 4]})
    key: SecretStr = SecretStr("s3cret-of-the-source")

    def questions(self) -> Iterator[Question | DropReason]:
        return iter(())


class Teller(plugin.Teacher):
    """Tells."""

    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        return iter(())


class Judge(plugin.Verifier):
    """Judges."""

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        return Verdict("judge", "undecided")


class Duplicates(plugin.Filter):
    """Leaves duplicates out."""

    threshold: float = 0.9


def recipe(**publish: Any) -> Recipe:
    told: dict[str, Any] = {
        "title": "Cases under invented law",
        "purpose": "Short cases under statutes of a state that does not exist.",
        "uses": "- Teach a model to read a rule before it applies it.",
        "license": "cc0-1.0",
        "limitations": "The law is invented; nothing here is legal advice.",
        "tags": ("legal",),
        "columns": {"field": "string", "kind": "string", "level": "int", "twin_of": "string", "spec": "json"},
        "figure_by": ("field", "kind", "level"),
    }
    return Recipe(
        name="cases",
        seed=7,
        target=500,
        sources=(Part(use="cases", plugin=Cases()),),
        teacher=Part(use="teller", plugin=Teller()),
        verifiers=(Part(use="judge", plugin=Judge(), when={"domain": "law"}),),
        sample_filters=(Part(use="duplicates", plugin=Duplicates()),),
        publish=Publish.model_validate(told | publish),
    )


def sample(prompt: str, reference: str = "yes", *, reasoning: str = "Let me see.", **meta: Any) -> Sample:
    question = Question(prompt, reference, "law", "family:cases", "cc0-1.0", meta)
    trace = Trace(question.id, 0, "teller", reasoning, f"So it is.\n\nAnswer: {reference}")
    return Sample(question, trace, (Verdict("judge", "correct", reference, "one answer set"),), 1.0)


def samples(num: int, seed: int = 0) -> tuple[Sample, ...]:
    """Return cases, every fifth of them followed by its twin."""
    made: list[Sample] = []
    for i in range(num):
        rng = Random(f"{seed}/{i}")
        if i % 5 == 4:
            made.append(_twin(made[-1]))
            continue
        kind = rng.choice(KINDS)
        reference = rng.choice(("yes", "no")) if kind == "is_it_allowed" else f"{rng.randint(10, 900)} crowns"
        meta = {"kind": kind, "field": rng.choice(FIELDS), "level": rng.randint(1, 4), "spec": {"i": i}}
        prompt = f"§ {i + 1}. {prose(rng, rng.randint(6, 16))}\n\n{prose(rng, rng.randint(3, 9))}\n\nWhat is owed?"
        made.append(sample(prompt, reference, reasoning=prose(rng, rng.randint(12, 40)), **meta))
    return tuple(made)


def _twin(first: Sample) -> Sample:
    other = {"yes": "no", "no": "yes"}.get(first.question.reference or "", "1 crown")
    meta = {**first.question.meta, "twin_of": first.question.id}
    prompt = first.question.prompt.replace("What is owed?", "The letter came a day late. What is owed?")
    return sample(prompt, other, reasoning=first.trace.reasoning if first.trace else "", **meta)


def prose(rng: Random, num: int) -> str:
    names = rng.sample(NAMES, 2)
    values = {"a": names[0], "b": names[1], "g": rng.choice(GOODS), "p": rng.choice(PLACES)}
    told = [
        rng.choice(FACTS).format(**values, d=rng.randint(1, 30), n=rng.randint(90, 4000), m=rng.randint(2, 60))
        for _ in range(num)
    ]
    return "\n\n".join(" ".join(told[i : i + 6]) for i in range(0, num, 6))


def finished(kept: tuple[Sample, ...], *, left_out: int = 9) -> Finished:
    dropped = [
        Dropped(
            "sample_filters", "duplicates", DropReason("near-duplicate", "of another", twin="0" * 16, score=93.0), s
        )
        for s in samples(left_out, seed=1)
    ]
    dropped.append(Dropped("sources", "cases", DropReason("not JSON", "line 3")))
    num = len(kept) + left_out
    counts = Counts(
        drawn=num + 1,
        asked=num,
        traces=num,
        kept=len(kept),
        outcomes=Counter(s.outcome for s in kept),
        dropped=Counter((d.step, d.plugin, d.why.reason) for d in dropped),
        cost_usd=0.0,
    )
    return Finished(kept, tuple(dropped), counts)
