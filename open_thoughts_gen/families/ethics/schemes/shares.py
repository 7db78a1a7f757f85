"""A fund that is too small for what is claimed of it, and a printed rule by which it is divided.

The rules are those of the literature on claims (W. Thomson, Axiomatic and game-theoretic analysis of bankruptcy and
taxation problems, 2003): in proportion, the same for everyone up to the claim, the same loss for everyone down to
nothing, and the half-rule of the Talmud (R. Aumann and M. Maschler, 1985). Urgent claims may come first, in full. Two
rules are laid side by side: who gets more by which, and which of them does a proposed split follow?

The traps: to hand out what a small claim does not need; to let somebody lose more than was claimed; to divide the whole
fund where urgent claims have been taken out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.ethics.forms import ListForm
from open_thoughts_gen.families.ethics.scheme import EthicsScheme, is_more
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import HowMuch, Kind, OneOf, SomeOf
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import answer_set
from open_thoughts_gen.families.kit.rechecking import FigureForm
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

NAMES = (
    *("Adler", "Birk", "Corso", "Dorn", "Egger", "Falck", "Gessner", "Holt", "Imhof", "Jarvi", "Kurz", "Lang", "Moen"),
    *("Nilsen", "Orban", "Platt", "Rieger", "Stahl", "Toth", "Urquhart", "Vogel", "Wirth", "Zorn"),
)
RULES = ("ratio", "level", "loss", "half")
BETTER = ("rule", "motion", "equal")
NUM_CLAIMS = {1: 3, 2: 4, 3: 4, 4: 6}
Claims = Mapping[str, int]
Shares = dict[str, Fraction]


class SharesScheme(EthicsScheme):
    """Claims on a fund under one rule, under a motion to change it, or under a rule that has to be found out."""

    name: ClassVar[str] = "shares"
    labels: ClassVar[Sequence[str]] = ("first", *RULES, "rule", "motion")
    word_file = Path(__file__).with_suffix(".yaml")
    asks: ClassVar[Mapping[str, Ask]] = {
        "share": Ask(HowMuch(), "share", needs=("rule", "person")),
        "full": Ask(SomeOf(()), "full", needs=("rule",), coin="whole", outcomes=(True, True, False)),
        "which": Ask(OneOf(RULES, "closing/rule"), "which", level=3, needs=("split",), coin="which", outcomes=RULES),
        "better": Ask(
            OneOf(BETTER, "closing/better"),
            "better",
            level=3,
            needs=("rule", "motion", "person"),
            coin="better",
            outcomes=("rule", "rule", "motion", "motion", "equal"),
        ),
        "gain": Ask(SomeOf(()), "gain", level=3, needs=("rule", "motion")),
    }

    def __init__(self) -> None:
        """Say how each fact is written."""
        lists, whole, name = self.words.lists, WholeForm(), NameForm()
        self.forms: Mapping[str, Form[Any]] = {
            **dict.fromkeys(("fund", "claim", "got", "num"), whole),
            **dict.fromkeys(("total", "left", "each", "sum", "now", "then", "bound"), FigureForm()),
            **dict.fromkeys(("name", "person", "who"), name),
            **dict.fromkeys(("names", "terms", "figures"), ListForm()),
            "setting": EntryForm(lists["setting"]),
            "urgent": EntryForm(lists["urgent"]),
            "which": EntryForm(lists["rule"]),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw claims in dozens and a fund in twelfths of them, so that shares come out whole."""
        names = rng.sample(NAMES, NUM_CLAIMS[level])
        claims = [12 * rng.choice((1, 2, 3, 4, 5, 6, 8, 10, 12, 15)) for _ in names]
        if len(set(claims)) < len(claims):
            return None
        rules = rng.sample(RULES if level > 1 else RULES[:3], 2)
        facts: dict[str, Any] = {
            "setting": rng.choice(list(self.words.lists["setting"])),
            "fund": sum(claims) * rng.randint(3, 9) // 12,
            "claims": [
                {"name": name, "claim": claim, "urgent": "no"} for name, claim in zip(names, claims, strict=True)
            ],
            "rule": rules[0],
        }
        if level > 2:
            facts["motion"] = rules[1]
            for entry in rng.sample(facts["claims"], rng.choice((0, 1)) if level == 3 else 1):
                entry["urgent"] = "yes"
            facts["first"] = True
            if sum(entry["claim"] for entry in facts["claims"] if entry["urgent"] == "yes") >= facts["fund"]:
                return None
        facts["person"] = rng.choice([entry["name"] for entry in facts["claims"] if entry["urgent"] == "no"])
        split = divided(facts, rng.choice(RULES), Work(is_quiet=True))
        known = rng.sample(names, 2 if level < 4 else 3)  # all of them would give the rule away
        if any(share.denominator > 1 for share in split.values()) or len({split[name] for name in known}) < len(known):
            return None
        return {**facts, "split": [{"who": name, "got": int(split[name])} for name in known]}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question, with the names and the unit of the case."""
        kind = super().kind_of(case)
        if isinstance(kind, SomeOf):
            return SomeOf(tuple(entry["name"] for entry in case.facts["claims"]))
        return HowMuch(self.words.lists["setting"][case.facts["setting"]]["unit"]) if case.asks == "share" else kind

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Divide the fund by each rule that is asked about."""
        work = Work(is_quiet=True)
        results: dict[str, Any] = dict.fromkeys(("share", "full", "whole", "which", "better", "gain"))
        if "split" in facts:
            split = {entry["who"]: entry["got"] for entry in facts["split"]}
            found = [rule for rule in RULES if _first_apart(divided(facts, rule, work), split) is None]
            results["which"] = found[0] if len(found) == 1 else None
        if "rule" not in facts:
            return results
        now = divided(facts, facts["rule"], work)
        then = divided(facts, facts["motion"], work) if "motion" in facts else now
        if any(share.denominator > 1 for share in (*now.values(), *then.values())):
            return results
        claims = {entry["name"]: entry["claim"] for entry in facts["claims"]}
        results["full"] = frozenset(name for name, share in now.items() if share == claims[name])
        results["whole"] = bool(results["full"])
        results["gain"] = frozenset(name for name in now if then[name] > now[name])
        if "person" in facts:
            results["share"] = int(now[facts["person"]])
            results["better"] = _better(now[facts["person"]], then[facts["person"]])
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the fund, the claims, the rules and the question."""
        facts, asks, setting = case.facts, case.asks, {"setting": case.facts["setting"]}
        layout = case.pen("layout").pick("claims", "table", "prose", "list")
        lines = [page.say("prompt/head.table", **setting)] if layout == "table" else []
        lines += [page.say(f"prompt/claim.{layout}", **entry, **setting) for entry in facts["claims"]]
        story = [page.say("prompt/opening", fund=facts["fund"], **setting), "\n".join(lines)]
        story += [" ".join(page.say("prompt/colour") for _ in range(1 + case.pen("colour").chance("more", 0.5)))]
        if "split" in facts:
            parts = [page.say("prompt/part", **entry) for entry in facts["split"]]
            story.append("\n".join((page.say("prompt/split"), *parts)))
        rules = [page.say("prompt/first")] if "first" in facts else []
        if asks == "which":
            rules += [page.say(f"prompt/known.{key}") for key in RULES]
        else:
            rules.append(page.say(f"prompt/rule.{facts['rule']}"))
            rules += [page.say(f"prompt/motion.{facts['motion']}")] if "motion" in facts else []
        needed = {"person": facts["person"]} if "person" in self.asks[asks].needs else {}
        ask = page.say(f"prompt/ask.{asks}", **needed, **setting)
        return self.framed(case, page, rules="\n".join(rules), story="\n\n".join(story), ask=ask)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Take out what comes first, then divide by one rule, by two, or by each until one fits."""
        facts, asks, work = case.facts, case.asks, narrative.work
        narrative.step(f"issue.{asks}", fund=facts["fund"], setting=facts["setting"])
        narrative.point = 1
        if asks == "which":
            self._tell_search(narrative, facts)
            return
        if asks == "share":
            _try_ratio(narrative, facts)
        narrative.step("rule")
        now = divided(facts, facts["rule"], work, narrative)
        claims = {entry["name"]: entry["claim"] for entry in facts["claims"]}
        if asks == "share":
            share = now[facts["person"]]
            whole = int(share) if share.denominator == 1 else None  # only with a planted error it is not whole
            narrative.answer("answer.share", whole, person=facts["person"], each=share, setting=facts["setting"])
        elif asks == "full":
            names = tuple(name for name in now if now[name] == claims[name])
            narrative.answer("answer.full" if names else "answer.full.none", frozenset(names), names=names)
        else:
            narrative.point = 2
            narrative.step("motion")
            then = divided(facts, facts["motion"], work, narrative)
            self._tell_two(case, narrative, now, then)

    def _tell_two(self, case: ProblemCase, narrative: Narrative, now: Shares, then: Shares) -> None:
        """Lay two divisions side by side."""
        facts = case.facts
        if case.asks == "gain":
            names = tuple(name for name in now if then[name] > now[name])
            narrative.answer("answer.gain" if names else "answer.gain.none", frozenset(names), names=names)
            return
        person: str = facts["person"]
        better = _better(now[person], then[person])
        shown = {"now": now[person], "then": then[person]}
        narrative.answer(f"answer.better.{better}", better, person=person, setting=facts["setting"], **shown)

    def _tell_search(self, narrative: Narrative, facts: Mapping[str, Any]) -> None:
        """Divide by each rule in turn, and hold the result against the split."""
        split = {entry["who"]: entry["got"] for entry in facts["split"]}
        found = None
        for rule in RULES:
            narrative.point += 1
            narrative.step(f"try.{rule}")
            quiet = divided(facts, rule, Work(is_quiet=True))
            shares = divided(facts, rule, narrative.work, narrative, _first_apart(quiet, split))
            apart = _first_apart(shares, split)
            fits = narrative.work.settle(apart is None)
            if fits or apart is None:
                narrative.step(f"fits.{rule}")
                found = found or rule
                break
            narrative.step(f"apart.{rule}", person=apart, got=split[apart], each=shares[apart])
        narrative.answer("answer.which", found, which=found)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program, which tries every level; sets come as sums of powers of two."""
        known = {key: value for key, value in facts.items() if key != "setting"}
        proved: dict[str, Any] = dict(answer_set(Path(__file__).with_suffix(".lp"), known))
        for key in ("full", "gain"):
            if key in proved:
                names = [entry["name"] for entry in facts["claims"]]
                proved[key] = frozenset(name for index, name in enumerate(names) if proved[key] >> index & 1)
        return proved

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another fund, another claim, or another person asked about."""
        facts = case.facts
        if "split" in facts:  # a split follows a rule or it does not: another one is that of another rule
            for rule in RULES:
                shares = divided(facts, rule, Work(is_quiet=True))
                if all(share.denominator == 1 for share in shares.values()):
                    known = [entry["who"] for entry in facts["split"]]
                    yield Change({"split": [{"who": name, "got": int(shares[name])} for name in known]})
            return
        for by in (-36, -24, -12, 12, 24, 36):
            urgent = sum(entry["claim"] for entry in facts["claims"] if entry["urgent"] == "yes")
            if urgent < facts["fund"] + by < sum(entry["claim"] for entry in facts["claims"]):
                yield Change({"fund": facts["fund"] + by})
        for rule in RULES:
            if rule not in (facts["rule"], facts.get("motion")):
                yield Change({"rule": rule})


def _better(now: Fraction, then: Fraction) -> str:
    return BETTER[0] if now > then else BETTER[1] if then > now else BETTER[2]


def _first_apart(shares: Mapping[str, Fraction], split: Mapping[str, int]) -> str | None:
    """Return the first whose share is another in the split."""
    return next((name for name in split if shares[name] != split[name]), None)


def divided(
    facts: Mapping[str, Any], rule: str, work: Work, narrative: Narrative | None = None, only: str | None = None
) -> Shares:
    """Return what each gets of the fund by a rule, once urgent claims are met; `only` whose proportion is told."""
    claims = {entry["name"]: entry["claim"] for entry in facts["claims"]}
    first = {entry["name"]: entry["claim"] for entry in facts["claims"] if entry["urgent"] == "yes"}
    left = Fraction(facts["fund"])
    if first:
        letters = "abcdef"[: len(first)]
        left = work(f"fund - {' - '.join(letters)}", fund=left, **dict(zip(letters, first.values(), strict=True)))
        if narrative is not None and not _has_told(narrative):
            narrative.step("first", names=tuple(first), left=left, fund=facts["fund"])
    rest = {name: claim for name, claim in claims.items() if name not in first}
    shares = _by_rule(rule, left, rest, work, narrative, only)
    return {name: shares.get(name, Fraction(claim)) for name, claim in claims.items()}


def _by_rule(
    rule: str, fund: Fraction, claims: Claims, work: Work, narrative: Narrative | None, only: str | None
) -> Shares:
    """Return what each gets of a fund to which nobody has a better claim than another."""
    letters = "abcdef"[: len(claims)]
    if rule == "level":
        return spread(fund, claims, work, narrative, "get")
    total = work(" + ".join(letters), **dict(zip(letters, claims.values(), strict=True)))
    terms = (" + ".join(map(str, claims.values())),)
    if narrative is not None:
        narrative.step("total", terms=terms, total=total, left=fund)
    if rule == "ratio":
        shares = {}
        for name, claim in claims.items():
            shares[name] = work("claim * fund / total", claim=claim, fund=fund, total=total)
            if narrative is not None and only in (None, name):
                narrative.step("ratio", name=name, claim=claim, left=fund, total=total, each=shares[name])
        return shares
    bounds = dict(claims)
    if rule == "half":
        bounds = {name: claim // 2 for name, claim in claims.items()}
        bound = work("total / 2", total=total)
        is_more = work.exceeds(fund, bound)
        if narrative is not None:
            narrative.step("half.more" if is_more else "half.less", bound=bound, left=fund)
        if not is_more:
            return spread(fund, bounds, work, narrative, "get")
    missing = work("total - fund", total=total, fund=fund)
    if narrative is not None:
        narrative.step("missing", total=total, left=fund, sum=missing)
    losses = spread(missing, bounds, work, narrative, "lose")
    shares = {name: work("claim - loss", claim=claims[name], loss=losses[name]) for name in claims}
    if narrative is not None:
        narrative.step("less", figures=_figures(shares))
    return shares


def spread(
    amount: Fraction, bounds: Claims, work: Work, narrative: Narrative | None = None, how: str = "get"
) -> Shares:
    """Return equal parts of an amount, nobody's larger than the bound; what the bound cuts off goes to the others."""
    open_, parts, left = dict(bounds), Shares(), amount
    while open_:
        each = work("left / num", left=left, num=len(open_))
        small = {name: bound for name, bound in open_.items() if is_more(work, each, bound)}
        if narrative is not None:
            bank = f"{how}.{'last' if len(open_) == 1 else 'small' if small else 'each'}"
            names, figures = tuple(small), tuple(f"{name} {bound}" for name, bound in small.items())
            narrative.step(bank, left=left, num=len(open_), each=each, names=names or tuple(open_), figures=figures)
        if not small:
            return parts | dict.fromkeys(open_, each)
        parts |= {name: Fraction(bound) for name, bound in small.items()}
        letters = "abcdef"[: len(small)]
        left = work(f"left - {' - '.join(letters)}", left=left, **dict(zip(letters, small.values(), strict=True)))
        open_ = {name: bound for name, bound in open_.items() if name not in small}
    return parts


def _try_ratio(narrative: Narrative, facts: Mapping[str, Any]) -> None:
    """Tell the wrong turn of dividing the whole fund in proportion, whatever the text says."""
    share = divided(facts, facts["rule"], Work(is_quiet=True))[facts["person"]]
    claims = {entry["name"]: entry["claim"] for entry in facts["claims"]}
    person, total = facts["person"], sum(claims.values())
    if Fraction(claims[person] * facts["fund"], total) == share:
        return
    guess = narrative.work("claim * fund / total", claim=claims[person], fund=facts["fund"], total=total)
    narrative.step("turn.ratio", person=person, then=guess, fund=facts["fund"])
    narrative.step("refute.ratio")


def _has_told(narrative: Narrative) -> bool:
    """Return whether the urgent claims have been taken out before: by one rule or the other, it is done once."""
    return any("urgent" in step.settles for step in narrative.steps)


def _figures(shares: Shares) -> tuple[str, ...]:
    return tuple(f"{name} {share}" for name, share in shares.items())


SCHEME = SharesScheme()
