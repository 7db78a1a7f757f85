"""Who has it from whom: many reports, few origins.

How many origins stand behind some reports, whether two of them share one, which fall with a report that is withdrawn,
which origin to check first. The traps: to count reports; a circle in which each refers to the next; a report that was
withdrawn and is still cited. Reports and what they rest on are a graph (W3C PROV-O, 2013, has the vocabulary:
`wasDerivedFrom`), and everything is a question of what can be reached in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.evidence.scheme import EvidenceScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Page, ProblemCase, Reckoning
from open_thoughts_gen.families.kit.kinds import Flip, HowMuch, OneOf, SomeOf, YesNo

THREE = ("one", "other", "third")  # the reports that are asked about together
Origins = dict[str, tuple[str, ...]]
SIZES = {1: (3, 3), 2: (3, 4), 3: (3, 6), 4: (4, 8)}  # origins, and reports that have it from others


class Sources(EvidenceScheme):
    """Reports that go back to others, to origins, to nothing."""

    name: ClassVar[str] = "sources"
    named: ClassVar[str] = "items.who"
    sets: ClassVar[Mapping[str, str]] = {"falls": named}
    asks: ClassVar[Mapping[str, Ask]] = {
        "origins": Ask(HowMuch("origins"), "origins", needs=THREE, coin="origins", outcomes=(1, 2, 3), until=3),
        "apart": Ask(YesNo(), "apart", needs=THREE[:2], coin="apart", until=2),
        "falls": Ask(SomeOf(()), "falls", level=2, needs=("lost",), coin="some", outcomes=(True, True, True, False)),
        "first": Ask(OneOf(()), "first", level=3),
        "turns": Ask(Flip(), "apart", level=3, needs=THREE[:2], coin="apart"),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw origins, who has it from whom, from level 3 on a report that was withdrawn, at level 4 a circle."""
        num_origins, num_others = SIZES[level]
        names = rng.sample(self.pool("names"), num_origins + num_others + 3)
        items = [{"who": name, "sort": "origin"} for name in names[:num_origins]]
        if level > 3:
            circle = names[-3:] if rng.random() < 0.5 else names[-2:]
            items += [{"who": name, "sort": "cites", "first": circle[index - 1]} for index, name in enumerate(circle)]
        for name in names[num_origins : num_origins + num_others]:
            sources = rng.sample(items[-4:] if rng.random() < 0.5 else items, 2 if rng.random() < 0.12 * level else 1)
            cited = dict(zip(("first", "second"), (source["who"] for source in sources), strict=False))
            items.append({"who": name, "sort": "cites", **cited})
        facts: dict[str, Any] = {"setting": self.one_of("setting", rng), "items": rng.sample(items, len(items))}
        if level > 2 and (level == 3 or rng.random() < 0.5):
            known = {name for item in items for name in sources_of(item)}
            facts["gone"] = rng.choice([item["who"] for item in items if item["who"] in known])
        alive = [item["who"] for item in items if item["who"] != facts.get("gone")]
        citing = [item["who"] for item in items if item["sort"] == "cites" and item["who"] in alive]
        if len(citing) < 3:
            return None
        return facts | dict(zip(THREE, rng.sample(citing, 3), strict=True)) | {"lost": rng.choice(alive)}

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Follow every report back."""
        rests = traced(Reckoning(facts))
        results: dict[str, Any] = dict.fromkeys(("origins", "apart", "falls", "some"))
        if "third" in facts:
            results["origins"] = len({origin for key in THREE for origin in rests[facts[key]]}) or None
        if "one" in facts and rests[facts["one"]] and rests[facts["other"]]:
            results["apart"] = not set(rests[facts["one"]]) & set(rests[facts["other"]])
        if "lost" in facts:
            after = traced(Reckoning({**facts, "also": facts["lost"]}))
            fallen = frozenset(fallen_of(facts, rests, after))
            results |= {"falls": fallen, "some": bool(fallen)}
        behind = Counter(origin for origins in rests.values() for origin in origins)
        return {**results, "first": foremost(behind) if len(behind) > 1 else None}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print who has it from whom, what rests on what, and the question."""
        facts = case.facts
        sorts = [("origin", "one", "two")[len(sources_of(item))] for item in facts["items"]]
        data = [self.listed(case, page, zip(sorts, facts["items"], strict=True))]
        data += [page.say("prompt/gone", **facts)] if "gone" in facts else []
        rules = case.pen("layout").order("rules", ["prompt/rests", "prompt/withdrawn", "prompt/independent"])
        return self.framed(case, page, rules=" ".join(map(page.say, rules)), data="\n\n".join(data))

    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Go from the origins to what rests on them, as far as the question needs it."""
        facts = reckoning.facts
        named = [facts[key] for key in self.asks[asks].needs]
        rests = traced(reckoning, None if asks in ("first", "falls") else ancestors(facts, named))
        reckoning.part(2)
        if asks == "origins":
            names = tuple(dict.fromkeys(origin for key in THREE for origin in rests[facts[key]]))
            if len(names) not in (0, 3):  # the wrong turn of counting reports
                reckoning.say("turn.reports", count=3)
                reckoning.work.exceeds(max(3, len(names)), min(3, len(names)))
                reckoning.say("refute.reports", num=len(names), names=names)
            reckoning.answer("answer.origins", len(names) or None, num=len(names), names=names)
        elif asks == "falls":
            reckoning.say("strike")
            after = traced(replace(reckoning, facts={**facts, "also": facts["lost"]}), before=rests)
            names = tuple(fallen_of(facts, rests, after))
            reckoning.answer("answer.falls", frozenset(names), names=names)
        elif asks == "first":
            behind = Counter(origin for origins in rests.values() for origin in origins)
            for name, num in behind.items():
                reckoning.say("behind", who=name, num=num)
            reckoning.answer("answer.first", foremost(behind), best=foremost(behind))
        else:
            common = tuple(name for name in rests[facts["one"]] if name in rests[facts["other"]])
            reckoning.answer("answer.apart", reckoning.work.settle(not common), common=common)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield a report that was had from somebody else, and one that was withdrawn."""
        facts = case.facts
        for item in facts["items"]:
            if item["sort"] != "cites":
                continue
            for other in facts["items"]:
                is_below = item["who"] in ancestors(facts, [other["who"]])
                if not is_below and other["who"] not in sources_of(item):
                    yield Change({"who": item["who"], "first": other["who"]}, option="cited")
        if "gone" not in facts:
            yield from (Change({"gone": item["who"]}, option="gone") for item in facts["items"])

    def applied(self, facts: Facts, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts with one report had from somebody else, or withdrawn."""
        if "who" not in patch:
            return {**facts, **patch}
        new = {"who": patch["who"], "sort": "cites", "first": patch["first"]}
        return {**facts, "items": [new if item["who"] == patch["who"] else item for item in facts["items"]]}


def sources_of(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Return from whom a report was had."""
    return tuple(item[key] for key in ("first", "second") if key in item)


def ancestors(facts: Facts, names: Sequence[str]) -> set[str]:
    """Return these and all whom they have it from, directly or not."""
    items = {item["who"]: item for item in facts["items"]}
    reached, left = set[str](), list(names)
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            left += sources_of(items[name])
    return reached


def foremost(behind: Mapping[str, int]) -> str | None:
    """Return the one origin behind most reports; None where several are, or there is none."""
    best = [name for name, num in behind.items() if num == max(behind.values())]
    return best[0] if len(best) == 1 else None


def fallen_of(facts: Facts, rests: Origins, after: Origins) -> list[str]:
    """Return the reports that rested on something and do so no longer, beside the one that is withdrawn."""
    return [name for name in rests if rests[name] and not after[name] and name != facts["lost"]]


def traced(reckoning: Reckoning, wanted: set[str] | None = None, before: Origins | None = None) -> Origins:
    """Return the origins that each report rests on: first what is had from settled reports, then circles, and so on.

    Only reports that are `wanted` are traced. With what they rested on `before` a withdrawal, what is left is told.
    """
    facts = reckoning.facts
    items = {item["who"]: item for item in facts["items"] if wanted is None or item["who"] in wanted}
    rests: Origins = {facts[key]: () for key in ("gone", "also") if facts.get(key) in items}
    if facts.get("gone") in items and before is None:
        reckoning.say("gone")
    while left := [name for name in items if name not in rests]:
        name = next((name for name in left if set(sources_of(items[name])) <= rests.keys()), "")
        if not name:
            circle = tuple(name for name in left if name in ancestors(facts, sources_of(items[name])))
            rests |= dict.fromkeys(circle, ())
            if before is None:
                reckoning.say("circle", circle=circle)
            continue
        sources, is_origin = sources_of(items[name]), items[name]["sort"] == "origin"
        origins = (name,) if is_origin else tuple(dict.fromkeys(each for source in sources for each in rests[source]))
        rests[name] = reckoning.work.settle(origins, () if origins else (name,))
        if before is None or (before[name] and not is_origin):
            bank = "left" if before else ("origin", "one", "two")[len(sources)]
            is_direct = not before and sources and rests[name] == sources
            bank = "direct" if is_direct else bank if rests[name] else f"{bank}.none"
            reckoning.say(bank, **items[name], names=rests[name])
    return {name: rests[name] for name in items}


SCHEME = Sources()
