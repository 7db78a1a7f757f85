"""A notebook of inferences, and which type each has by the printed definitions.

Six types are defined: deduction, which takes precedence, generalisation, statistical, analogy, causal and explanation.
Each inference is built from what it goes on and what it goes to, so that its type is known; whether the grounds leave
room for error hangs on one clause ("of them" or "all of them", "mostly" or "always"), which is what a minimal pair
changes. No inference is called by its type, a type may come up twice or not at all, and figures are found in all.

The second implementation has the definitions as rules over what goes with what. Whether a causal claim or an
explanation is any good is not asked, only what would tell against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.arguments.kinds import InTurn
from open_thoughts_gen.families.arguments.scheme import ArgumentScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.kinds import Choice, OneOf, SomeOf
from open_thoughts_gen.families.kit.proof.answer_sets import answer_set

DEDUCTION = "deduction"
OF_GROUND = {
    "cases": "generalisation",
    "share": "statistical",
    "alike": "analogy",
    "compared": "causal",
    "found": "explanation",
}
TYPES = (DEDUCTION, *OF_GROUND.values())
CLOSED_RATE = {1: 0.15, 2: 0.3, 3: 0.4, 4: 0.45}


class Types(ArgumentScheme):
    """Inferences from a notebook, to be told apart by definitions."""

    name: ClassVar[str] = "types"
    speakers: ClassVar[Sequence[str]] = ()
    asks: ClassVar[Mapping[str, Ask]] = {
        "one": Ask(OneOf(TYPES, "closing/type"), "one", needs=("asked",), coin="one", outcomes=TYPES, until=2),
        "turn": Ask(InTurn(TYPES), "turn"),
        "certain": Ask(SomeOf((), "closing/numbers_of"), "certain"),
        "against": Ask(Choice(), "against", level=2, needs=("asked",), coin="against", outcomes=tuple(OF_GROUND)),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw inferences, each with its grounds and with or without the clause that closes the gap."""
        trade = rng.choice(list(self.words.lists["trade"]))
        grounds, topics = [*OF_GROUND, "count"] * 2, self.words.lists["topic"]
        items: list[dict[str, Any]] = []
        for ground in rng.sample(grounds, level + 2):
            used = [item["topic"] for item in items]
            topic = rng.choice([key for key in topics if key.startswith(f"{trade}.{ground}.") and key not in used])
            closed = ground == "count" or rng.random() < CLOSED_RATE[level]
            item = {"no": len(items) + 1, "ground": ground, "closed": closed, "topic": topic}
            items.append({**item, **_figures(rng, ground)})
        return {"trade": trade, "items": [_trimmed(item) for item in items], "asked": rng.randint(1, len(items))}

    def names_of(self, case: ProblemCase) -> list[str]:
        """Return the numbers of the inferences."""
        return [str(item["no"]) for item in case.facts["items"]]

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Take each type from what the inference goes on, deduction first."""
        return results_of(facts, {item["no"]: type_of(item) for item in facts["items"]})

    def applied(self, facts: Facts, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return facts in which one inference has the clause that closes the gap, or has it no longer."""
        items = [_trimmed({**item, **patch}) if item["no"] == patch["no"] else item for item in facts["items"]]
        return {**facts, "items": items}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the definitions and the notebook."""
        facts = case.facts
        banks = [f"prompt/item.{item['ground']}.{'closed' if item['closed'] else 'open'}" for item in facts["items"]]
        said = [page.say(bank, **item) for bank, item in zip(banks, facts["items"], strict=True)]
        notes = [page.say("prompt/trade", **facts), *self.mixed(case, page, said, rate=0.5)]
        return self.beside_definitions(case, page, "\n".join(notes))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell of each inference whether it can fail, and if so what it goes on."""
        facts, asks, asked = case.facts, case.asks, case.facts.get("asked")
        narrative.step("begin")
        items = [item for item in facts["items"] if asked in (None, item["no"])]
        names = {item["no"]: _told(item, narrative) for item in items}
        result = results_of(facts, names)[self.asks[asks].result]
        if asks == "against" and result is not None:
            narrative.step(f"weak.{result}", finding=result)
        bank = "always" if asks == "certain" and len(result) == len(names) else asks
        narrative.answer(f"answer.{bank}", result, asked=asked, type=names.get(asked), finding=result)

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Apply the printed definitions as rules."""
        proved = answer_set(self.word_file.with_suffix(".lp"), facts)
        results = results_of(facts, {item["no"]: str(proved[f"type{item['no']}"]) for item in facts["items"]})
        return results | ({"against": proved.get("against")} if "asked" in facts else {})

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the clause that closes the gap put in or taken out of each inference."""
        for item in case.facts["items"]:
            if item["ground"] != "count":
                patch = {"no": item["no"], "closed": not item["closed"]}
                if item["ground"] == "share" and item["closed"]:
                    patch["m"] = item["n"] - rng.randint(2, 5)
                yield Change(patch)

    def candidates(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield what could tell against an inference of each type."""
        for ground in OF_GROUND:
            yield Change({"finding": ground}, option="finding")


def results_of(facts: Facts, types: Mapping[int, str]) -> dict[str, Any]:
    """Return what the questions ask for, of the type of each inference by its number; numbers as an answer has them."""
    certain = frozenset(str(no) for no, name in types.items() if name == DEDUCTION)
    results: dict[str, Any] = {"turn": tuple(types.values()), "certain": certain}
    if "asked" in facts:
        name = types[facts["asked"]]
        results |= {"one": name, "against": next((key for key, of in OF_GROUND.items() if of == name), None)}
    return results


def type_of(item: Mapping[str, Any]) -> str:
    """Return the type of an inference."""
    return DEDUCTION if item["closed"] else OF_GROUND[item["ground"]]


def _figures(rng: Random, ground: str) -> dict[str, int]:
    """Draw the figures of an inference."""
    n = rng.randint(24, 90)
    a, b = (rng.randint(n // 2 + 2, n - 3) for _ in range(2))
    figures = {"cases": {"n": n}, "compared": {"n": 2 * (n // 6)}, "share": {"n": n, "m": n - rng.randint(2, 4)}}
    return {**figures, "count": {"n": n, "a": a, "b": b, "x": a + b - n}}.get(ground, {})


def _trimmed(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an inference without a share that it does not print."""
    return {key: value for key, value in item.items() if key != "m" or not item["closed"]}


def _told(item: Mapping[str, Any], narrative: Narrative) -> str:
    """Tell of which type one inference is."""
    if item["ground"] == "count":
        x = int(narrative.work("a + b - n", a=item["a"], b=item["b"], n=item["n"]))
        narrative.step("why.count", **{**item, "x": x})
        return DEDUCTION
    name = narrative.work.settle(type_of(item), OF_GROUND[item["ground"]] if item["closed"] else DEDUCTION)
    kind = "closed" if name == DEDUCTION else "open"
    narrative.step(f"why.{item['ground']}.{kind}", no=item["no"], topic=item["topic"])
    return name


SCHEME = Types()
