"""A summary that says more than its exhibits: wider in place, longer in time, sharper in range, stronger or surer.

Which sentence is not carried by what it cites, in which respect, which are, which rewording would change that. What
follows from a statement about a region, a span, a range is printed. The traps: a wider range is the weaker claim, not
the stronger; a part carries nothing for the whole. The respects are those in which claims in papers are found to go
beyond their evidence (P. Sumner et al., BMJ 2014).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.evidence.scheme import EvidenceScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Page, ProblemCase, Reckoning, entry_of, patched
from open_thoughts_gen.families.kit.kinds import Flip, OneOf, SomeOf, YesNo

Row = Mapping[str, Any]
SIZES = {1: (2, 3), 2: (3, 4), 3: (4, 6), 4: (5, 8)}  # exhibits and sentences
RESPECTS = ("place", "years", "range", "link", "sure")
RANKS = {"link": ("with", "cause"), "sure": ("possible", "likely", "shown")}  # from the weakest claim to the strongest
KEPT_RATE = 0.72


class Overreach(EvidenceScheme):
    """Sentences of a summary, each with what it cites."""

    name: ClassVar[str] = "overreach"
    named: ClassVar[str] = "sentences.label"
    sets: ClassVar[Mapping[str, str]] = {"whole": named}
    asks: ClassVar[Mapping[str, Ask]] = {
        "ok": Ask(YesNo(), "ok", needs=("about",), coin="ok", until=2),
        "which": Ask(OneOf((), "closing/sentence"), "which"),
        "respect": Ask(
            *(OneOf(RESPECTS, "closing/respect"), "respect", 1, ("about",), "respect", RESPECTS),
            *({1: RESPECTS[:3], 2: RESPECTS[:4]}, 3),
        ),
        "whole": Ask(SomeOf((), "closing/sentences"), "whole"),
        "turns": Ask(Flip(), "ok", level=3, needs=("about",), coin="ok"),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw exhibits, and sentences that keep within them or go beyond in one respect."""
        names, keys = rng.sample(self.pool("places"), 8), ("whole", "part1", "part2", "part3")
        num_names = 4 if rng.random() < 0.5 else 3
        areas = [dict(zip(keys, some, strict=False)) for some in (names[:num_names], names[4:7])]
        num_exhibits, num_sentences = SIZES[level]
        exhibits = [drawn_exhibit(rng, f"E{index + 1}", areas, level) for index in range(num_exhibits)]
        if any(contradict(areas, one, other) for one, other in combinations(exhibits, 2)):
            return None
        facts: dict[str, Any] = {"setting": self.one_of("setting", rng), "areas": areas, "exhibits": exhibits}
        sentences: list[dict[str, Any]] = []
        for index in range(num_sentences):
            respect = "" if rng.random() < KEPT_RATE else rng.choice(RESPECTS[: {1: 3, 2: 4}.get(level, 5)])
            sentence = drawn_sentence(rng, facts, rng.choice(exhibits), respect)
            if sentence is None:
                return None
            sentences.append({"label": f"S{index + 1}", **sentence})
        return facts | {"sentences": sentences, "about": rng.choice(sentences)["label"]}

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Hold every sentence against what it cites."""
        faults = {sentence["label"]: beyond(Reckoning(facts), sentence) for sentence in facts["sentences"]}
        bad = [label for label, respects in faults.items() if respects]
        results: dict[str, Any] = {"whole": frozenset(faults) - frozenset(bad), **dict.fromkeys(("ok", "respect"))}
        if "about" in facts:
            respects = faults[facts["about"]]
            results |= {"ok": not respects, "respect": respects[0] if len(respects) == 1 else None}
        return results | {"which": bad[0] if len(bad) == 1 else None}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the areas, what follows from what, the exhibits, the summary and the question."""
        facts, pen, rows = case.facts, case.pen("rules"), case.facts["sentences"]
        areas = [page.say(f"prompt/area.{'three' if 'part3' in area else 'two'}", **area) for area in facts["areas"]]
        more = [key for key in ("link", "sure") if key in facts["exhibits"][0]]
        keys = ["base", *pen.order("order", ["place", "years", "range", *more])]
        sorts = ((f"exhibit.{sort_of(row)}", row) for row in facts["exhibits"])
        exhibits = self.listed(case, page, sorts, head=f"head{f'.{more[-1]}' if more else ''}")
        said = [page.say(f"prompt/sentence.{sort_of(row)}", **facts, **row) for row in rows]
        rules = pen.pick("joint", " ", "\n").join(page.say(f"prompt/rule.{key}", **facts) for key in keys)
        data = "\n".join([exhibits, f"\n{page.say('prompt/summary')}", *said])
        return self.framed(
            case, page, scene=" ".join([page.say("prompt/scene", **facts), *areas]), rules=rules, data=data
        )

    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Hold one sentence, or each, against what it cites."""
        facts, about = reckoning.facts, reckoning.facts.get("about")
        asked = [row for row in facts["sentences"] if about in (None, row["label"])]
        faults = {row["label"]: beyond(reckoning, row, is_short=about is None) for row in asked}
        bad, good = [label for label in faults if faults[label]], tuple(label for label in faults if not faults[label])
        if asks == "which":
            reckoning.answer("answer.which", bad[0] if len(bad) == 1 else None, label=bad[0] if bad else "")
        elif asks == "whole":
            reckoning.answer("answer.whole", frozenset(good), names=good)
        elif asks == "respect":
            respects = faults[asked[0]["label"]]
            respect = respects[0] if len(respects) == 1 else None
            reckoning.answer("answer.respect", respect, respect=respect)
        else:
            reckoning.answer("answer.ok", not bad)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield other words for a sentence: another place, span, range, link or certainty."""
        facts = case.facts
        for row in facts["sentences"]:
            if row["label"] != facts.get("about", row["label"]):
                continue
            label, places = {"label": row["label"]}, places_of(facts)
            patches: list[tuple[str, dict[str, Any]]] = [("place", {"place": place}) for place in places]
            for by, to in ((-1, 0), (1, 0), (0, -1), (0, 1), (-2, 0), (0, 2)):
                patches.append(("years", {"start": row["start"] + by, "end": row["end"] + to}))
                patches.append(("range", {"low": row["low"] + by, "high": row["high"] + to}))
            patches += [(f"link.{link}", {"link": link}) for link in RANKS["link"] if "link" in row]
            patches += [("sure", {"sure": sure}) for sure in RANKS["sure"] if "sure" in row]
            for option, patch in patches:
                new = {**row, **patch}
                if new != row and new["start"] < new["end"] and 0 < new["low"] < new["high"]:
                    yield Change({**label, **patch}, option=option)

    def applied(self, facts: Facts, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts with a sentence in other words."""
        return patched(facts, "sentences", patch, "label")


def sort_of(row: Row) -> str:
    """Return the sort of a statement: whether it says something of a link, and how sure it is."""
    return f"{'sure.' if 'sure' in row else ''}{row.get('link', 'plain')}"


def drawn_exhibit(rng: Random, mark: str, areas: Sequence[Mapping[str, str]], level: int) -> dict[str, Any]:
    """Draw what an exhibit states."""
    first, least = rng.randint(1996, 2012), rng.randint(3, 14)
    row: dict[str, Any] = {"mark": mark, "region": rng.choice([place for area in areas for place in area.values()])}
    row |= {"first": first, "last": first + rng.randint(3, 7), "least": least, "most": least + rng.randint(3, 9)}
    row |= {"link": rng.choice(RANKS["link"])} if level > 1 else {}
    return row | ({"sure": rng.choice(RANKS["sure"])} if level > 2 else {})


def contradict(areas: Sequence[Mapping[str, str]], one: Row, other: Row) -> bool:
    """Return whether two exhibits cannot both be right: of one place in one year they leave no figure possible."""
    places = [set(parts_of({"areas": areas}, row["region"])) for row in (one, other)]
    shares_years = one["first"] <= other["last"] and other["first"] <= one["last"]
    shares_figures = one["least"] <= other["most"] and other["least"] <= one["most"]
    return bool(places[0] & places[1]) and shares_years and not shares_figures


def drawn_sentence(rng: Random, facts: Facts, exhibit: Row, respect: str) -> dict[str, Any] | None:
    """Draw a sentence on an exhibit, within it but for one respect; None where it cannot go beyond in that."""
    inside = set(parts_of(facts, exhibit["region"]))
    places = [place for place in places_of(facts) if (set(parts_of(facts, place)) <= inside) != (respect == "place")]
    row: dict[str, Any] = {"place": rng.choice(places), "on": exhibit["mark"]}
    row |= {"start": exhibit["first"] + rng.choice((0, 0, 1)), "end": exhibit["last"] - rng.choice((0, 0, 1))}
    row["low"] = max(1, exhibit["least"] - rng.choice((0, 0, 1, 2)))
    row["high"] = exhibit["most"] + rng.choice((0, 0, 1, 2))
    if respect == "years":
        by = rng.choice((1, 1, 2))
        row |= {"start": exhibit["first"] - by} if rng.random() < 0.5 else {"end": exhibit["last"] + by}
    if respect == "range":
        row |= {"low": exhibit["least"] + 1} if rng.random() < 0.5 else {"high": exhibit["most"] - 1}
    for key, ranks in RANKS.items():
        if key in exhibit:
            rank = ranks.index(exhibit[key])
            choices = ranks[rank + 1 :] if respect == key else ranks[: rank + 1]
            if not choices:
                return None
            row[key] = rng.choice((*choices, choices[-1]))
    return row


def places_of(facts: Facts) -> list[str]:
    """Return all regions and parts."""
    return [place for area in facts["areas"] for place in area.values()]


def parts_of(facts: Facts, place: str) -> list[str]:
    """Return the parts of a region, or a part itself."""
    wholes = {area["whole"]: [part for key, part in area.items() if key != "whole"] for area in facts["areas"]}
    return wholes.get(place, [place])


def beyond(reckoning: Reckoning, sentence: Row, *, is_short: bool = False) -> list[str]:
    """Return in which respects a sentence goes beyond what it cites; `is_short` tells these only."""
    facts, work = reckoning.facts, reckoning.work
    exhibit = entry_of(facts, "exhibits.mark", sentence["on"])
    outside = set(parts_of(facts, sentence["place"])) - set(parts_of(facts, exhibit["region"]))
    outs = {"place": work.settle(bool(outside))}
    before, after = work.exceeds(exhibit["first"], sentence["start"]), work.exceeds(sentence["end"], exhibit["last"])
    above, below = work.exceeds(sentence["low"], exhibit["least"]), work.exceeds(exhibit["most"], sentence["high"])
    outs |= {"years": before or after, "range": above or below}
    for key in (key for key in RANKS if key in exhibit):
        outs[key] = work.settle(RANKS[key].index(sentence[key]) > RANKS[key].index(exhibit[key]))
    bad = [respect for respect, is_out in outs.items() if is_out]
    shown = {**exhibit, **sentence, "limit": exhibit.get("sure")}
    if is_short and not bad:
        reckoning.say(".".join(("all.in", *[key for key in ("sure", "link") if key in exhibit][:1])), **shown)
    for respect, is_out in outs.items():
        if is_out or not is_short:
            reckoning.say(f"{respect}.{'out' if is_out else 'in'}", **shown)
    return bad


SCHEME = Overreach()
