"""A debate with a record: what was said and filed before, what is replied, and which reply commits which fallacy.

Six informal fallacies are defined as relations between a reply and the record, so that a label is a matter of looking
it up: the claim attacked is wider than the one on record (straw man), a third course is on file as open (false
dilemma), a ground comes back to its claim (circle), nothing was compared (post hoc), only the parts were tested (part
for whole), a word has two entries in the glossary (equivocation). For every one of them there is the fair reply that
differs in one fact of the record.

It does not cover fallacies that need a reader's judgment: appeals to pity, to authority, to the crowd.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.arguments.kinds import InTurn
from open_thoughts_gen.families.arguments.scheme import ArgumentScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Narrative, Page, ProblemCase, patched
from open_thoughts_gen.families.kit.kinds import Choice, OneOf, SomeOf, YesNo
from open_thoughts_gen.families.kit.proof.answer_sets import answer_set
from open_thoughts_gen.families.kit.traces import joined

NONE = "none"
NAME_OF = {
    "restate": "straw man",
    "courses": "false dilemma",
    "ground": "circle",
    "after": "post hoc",
    "parts": "part for whole",
    "word": "equivocation",
}
NAMES = (*NAME_OF.values(), NONE)
QUANTITIES = ("some", "most", "all")
# What the record may say or what may be replied that makes a reply faulty.
FAULTY = frozenset(("three", "back", "round", "alone", "parts", "double"))


def is_faulty(kind: str, was: str, now: str) -> bool:
    """Return whether a reply is at fault, given what the record says on the matter."""
    if kind == "restate":
        return QUANTITIES.index(now) > QUANTITIES.index(was)
    return not FAULTY.isdisjoint((was, now))


class Dispute(ArgumentScheme):
    """Replies in a debate, held against the record."""

    name: ClassVar[str] = "dispute"
    speakers: ClassVar[Sequence[str]] = ()
    named: ClassVar[str] = "replies.who"
    asks: ClassVar[Mapping[str, Ask]] = {
        "which": Ask(OneOf(NAMES, "closing/fallacy"), "which", needs=("asked",), coin="which", outcomes=NAMES, until=2),
        "fair": Ask(YesNo(), "fair", needs=("asked",), coin="fair", until=2),
        "who": Ask(SomeOf(()), "who", level=2),
        "turn": Ask(InTurn(NAMES), "turn", level=2),
        "remark": Ask(Choice(), "remark", 3, ("asked",), "remark", tuple(NAME_OF)),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw exchanges about different matters, each fair or not by a coin."""
        names, topics = rng.sample(list(self.words.lists["member"]), 2 * level + 2), self.words.lists["topic"]
        record, replies, used = list[dict[str, str]](), list[dict[str, str]](), set[str]()
        for at in range(level + (level > 1)):
            kind = rng.choice([kind for kind in NAME_OF if sum(each["kind"] == kind for each in replies) < 2])
            topic = rng.choice([key for key in topics if key.startswith(f"{kind}.") and key not in used])
            used.add(topic)
            coin = rng.random() < 0.55
            every = product(self.variants("record", kind), self.variants("reply", kind))
            was, now = rng.choice([pair for pair in every if is_faulty(kind, *pair) == coin])
            by = {"by": names[-1 - at]} if kind in ("restate", "ground") else {}
            record.append({"kind": kind, "topic": topic, "was": was, **by})
            replies.append({"kind": kind, "topic": topic, "now": now, "who": names[at]})
        rng.shuffle(record)
        return {"record": record, "replies": replies, "asked": rng.choice(replies)["who"]}

    def variants(self, part: str, kind: str) -> list[str]:
        """Return what the record may say on a matter, or what may be replied, as the words have it."""
        prefix = f"prompt/{part}.{kind}."
        return [name.removeprefix(prefix) for name in self.words.banks if name.startswith(prefix)]

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Look each reply up in the table of what is faulty."""
        was = {entry["topic"]: entry["was"] for entry in facts["record"]}
        kinds = {
            reply["who"]: reply["kind"] if is_faulty(reply["kind"], was[reply["topic"]], reply["now"]) else NONE
            for reply in facts["replies"]
        }
        return results_of(facts, kinds)

    def applied(self, facts: Facts, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return facts in which the record, or a reply, on one matter is another."""
        return patched(facts, "record" if "was" in patch else "replies", patch, "topic")

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the definitions, the record and the replies."""
        facts = case.facts
        record = [page.say(f"prompt/record.{each['kind']}.{each['was']}", **each) for each in facts["record"]]
        replies = [page.say(f"prompt/reply.{each['kind']}.{each['now']}", **each) for each in facts["replies"]]
        debate = [page.say("prompt/on_record"), " ".join(self.mixed(case, page, record, rate=0.5))]
        debate += [f"\n{page.say('prompt/debated')}", *replies]
        return self.beside_definitions(case, page, "\n".join(debate))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell what a reply needs of the record, and whether the record has it."""
        facts, asked = case.facts, case.facts.get("asked")
        record = {entry["topic"]: entry for entry in facts["record"]}
        replies = [reply for reply in facts["replies"] if asked in (None, reply["who"])]
        narrative.step("begin" if asked is None else "begin.one", asked=asked)
        kinds = {reply["who"]: _told(record[reply["topic"]], reply, narrative) for reply in replies}
        result = results_of({"asked": asked}, kinds)[self.asks[case.asks].result]
        if case.asks == "remark" and result is not None:
            narrative.step("meant", asked=asked, fallacy=NAME_OF[str(result)], remark=result)
        names = joined(result if case.asks == "turn" else [who for who in kinds if kinds[who] != NONE])
        narrative.answer(f"answer.{case.asks}", result, asked=asked, fallacy=result, names=names)

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Have an answer set program apply the definitions to the record."""
        replies = [{**reply, "at": at} for at, reply in enumerate(facts["replies"])]
        proved = answer_set(self.word_file.with_suffix(".lp"), {**facts, "replies": replies})
        return results_of(facts, {reply["who"]: str(proved[f"reply{reply['at']}"]) for reply in replies})

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another entry in the record, or another reply."""
        was = {entry["topic"]: entry["was"] for entry in case.facts["record"]}
        for reply in case.facts["replies"]:
            topic, kind = reply["topic"], reply["kind"]
            for part, key, now in (("record", "was", was[topic]), ("reply", "now", reply["now"])):
                yield from (Change({"topic": topic, key: other}) for other in self.variants(part, kind) if other != now)

    def candidates(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield a remark against each of the fallacies."""
        for kind in NAME_OF:
            yield Change({"remark": kind}, option="remark")


def results_of(facts: Facts, kinds: Mapping[str, str]) -> dict[str, Any]:
    """Return what the questions ask for, of the kind of fault that each speaker commits."""
    results: dict[str, Any] = {"who": frozenset(who for who, kind in kinds.items() if kind != NONE)}
    results["turn"] = tuple(NAME_OF.get(kind, NONE) for kind in kinds.values())
    kind = kinds.get(facts.get("asked", ""))
    if kind is not None:
        results |= {"which": NAME_OF.get(kind, NONE), "fair": kind == NONE, "remark": kind if kind != NONE else None}
    return results


def _told(entry: Mapping[str, Any], reply: Mapping[str, Any], narrative: Narrative) -> str:
    """Tell whether one reply is faulty; return the kind of its fault."""
    kind, was, now = reply["kind"], entry["was"], reply["now"]
    fault = narrative.work.settle(is_faulty(kind, was, now))
    values: dict[str, Any] = {"who": reply["who"], "topic": reply["topic"]}
    step = f"{kind}.{now if kind == 'ground' else was}"
    if kind == "restate":
        values |= {"by": entry["by"], "quantity": was, "claimed": now}
        step = f"{kind}.{'wider' if fault else 'same' if was == now else 'narrower'}"
    narrative.step(step, **values)
    return str(kind) if fault else NONE


SCHEME = Dispute()
