"""Findings that rest on exhibits and on each other: which stand, which only hold each other up, what falls with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.derivations.scheme import DerivationScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Narrative, Page, ProblemCase, replaced
from open_thoughts_gen.families.kit.forms import Form
from open_thoughts_gen.families.kit.kinds import SomeOf, YesNo
from open_thoughts_gen.families.kit.proof import answer_set, named
from open_thoughts_gen.families.kit.prose import CompanyForm
from open_thoughts_gen.families.kit.telling import silent
from open_thoughts_gen.families.kit.work import Work

NUM_FINDINGS = {1: (4, 5), 2: (6, 7), 3: (8, 9), 4: (10, 11)}
SECOND_RATE = {1: 0.1, 2: 0.25, 3: 0.3, 4: 0.35}  # how many findings have two grounds
LETTERS = "ABCDEFG"
MAX_DRAWS, MAX_CIRCLE = 60, 5
ITEMS = {**{letter: f"exhibit {letter}" for letter in LETTERS}, **{str(num): f"finding {num}" for num in range(1, 12)}}
FINDINGS = SomeOf((), "closing/findings")
Route = tuple[str, ...]
Routes = Mapping[str, Sequence[Route]]


class Ground(DerivationScheme):
    """A report whose findings name what they rest on; only the exhibits are beyond dispute."""

    name = "ground"
    asks: ClassVar[Mapping[str, Ask]] = {
        "stands": Ask(YesNo(), "stands", 1, ("asked",), "stands"),
        "circle": Ask(FINDINGS, "circle", coin="has_circle", outcomes=(True, True, False)),
        "struck": Ask(FINDINGS, "struck", 2, ("struck",), "falls", outcomes=(True, True, False)),
    }

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the form of a ground: the exhibits and findings that it consists of."""
        return {"route": CompanyForm(ITEMS)}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw findings with one or two grounds each; those that stand on nothing but each other make one circle."""
        num, scene = rng.randint(*NUM_FINDINGS[level]), rng.choice(list(self.words.lists["scene"]))
        whats = [key for key in self.words.lists["what"] if key.startswith(scene)]
        for _ in range(MAX_DRAWS):
            routes = {str(n): drawn_routes(rng, n, num, SECOND_RATE[level]) for n in range(1, num + 1)}
            standing = fixed_point(routes, LETTERS, Work(is_quiet=True))
            circle = ring(routes, standing)
            if circle is not None and len(circle) <= MAX_CIRCLE and standing:
                chosen = enumerate(rng.sample(whats, num), 1)
                findings = [{"num": n, "what": what, **grounds(routes[str(n)])} for n, what in chosen]
                letters = {item for ways in routes.values() for route in ways for item in route if item in LETTERS}
                asked = {"asked": rng.randint(1, num), "struck": rng.choice(sorted(letters))}
                return {"scene": scene, "findings": findings, **asked}
        return None

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Start from the exhibits and see how far they carry; peel the rest until only circles are left."""
        routes, work = routes_of(facts), Work(is_quiet=True)
        standing = fixed_point(routes, LETTERS, work)
        left = fixed_point(routes, LETTERS.replace(facts.get("struck", "-"), ""), work)
        return concluded(facts, standing, left)

    def prove(self, facts: Facts) -> Facts:
        """Return what the answer set program comes to, which is given each item of each ground."""
        ways = [
            {"finding": int(num), "way": way, **({"on": int(item)} if item.isdigit() else {"exhibit": item})}
            for num, routes in routes_of(facts).items()
            for way, route in enumerate(routes)
            for item in route
        ]
        asked = {name: facts[name] for name in ("asked", "struck") if name in facts}
        nums = list(routes_of(facts))
        return named(answer_set(self.word_file.with_suffix(".lp"), {"ways": ways, **asked}), circle=nums, struck=nums)

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the report and by what its findings are judged."""
        facts = case.facts
        head = page.say("prompt/scene", scene=facts["scene"])
        style = page.pen.pick("style", "finding", "number")
        banks = [f"prompt/{style}{'.two' * ('second' in entry)}" for entry in facts["findings"]]
        work = "\n".join([head, *(page.say(bank, **of) for bank, of in zip(banks, facts["findings"], strict=True))])
        return self.framed(case, page, work=work, rule=page.say("prompt/holds"))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Carry the exhibits as far as they go, then look at what is left."""
        facts, work, asks = case.facts, narrative.work, case.asks
        routes = routes_of(facts)
        narrative.step("start")
        goal = str(facts["asked"]) if asks == "stands" else ""
        standing = after = fixed_point(routes, LETTERS, work, narrative.step, goal)
        left, circle = [num for num in routes if num not in standing], ring(routes, standing) or []
        if goal not in standing:
            narrative.step("left" if left else "all", nums=left)
        if asks == "struck":
            narrative.step("again", struck=facts["struck"])
            after = fixed_point(routes, LETTERS.replace(facts["struck"], ""), work, narrative.step)
        elif left and goal not in standing:
            for num in left:
                narrative.step(f"waits{'.two' * (len(routes[num]) - 1)}", num=int(num), **grounds(routes[num]))
            narrative.step("circle", ring=circle)
        result = concluded(facts, standing, after)[asks]
        nums = [] if goal else sorted(result or (), key=int)
        if asks == "struck":
            narrative.step("fallen" if result else "fallen.none", nums=nums)
        needs = zip(circle, circle[1:] + circle[:1], strict=True)
        links = [narrative.page.say("why/link", num=int(num), other=int(other)) for num, other in needs]
        held = [way for way in routes.get(goal, ()) if set(way) <= {*LETTERS, *standing}] or [()]
        narrative.answer(f"answer.{asks}", result, **facts, nums=nums, links=links, first=held[0])

    def applied(self, facts: Facts, patch: Facts) -> dict[str, Any]:
        """Return the facts with other grounds for one finding."""
        return {**facts, "findings": replaced(facts["findings"], patch["num"] - 1, patch)}

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield other grounds for a finding: one item of them another, or a second ground beside the first."""
        routes = routes_of(case.facts)
        for num, old in routes.items():
            letter, (first, *rest) = rng.choice(LETTERS), old
            for new in (((letter,), *rest), (first, (letter,)), ((*first[:-1], rng.choice(list(routes))), *rest)):
                changed = {**routes, num: new}
                is_one = ring(changed, fixed_point(changed, LETTERS, Work(is_quiet=True))) is not None
                if num not in new[0] and len(set(new[0])) == len(new[0]) and is_one and apart(new) == new != old:
                    yield Change({"num": int(num), **grounds(new)})


def routes_of(facts: Facts) -> Routes:
    """Return the grounds of each finding."""
    return {
        str(entry["num"]): tuple(entry[name] for name in ("first", "second") if name in entry)
        for entry in facts["findings"]
    }


def grounds(routes: Sequence[Route]) -> dict[str, Any]:
    """Return the facts of a finding that say what it rests on: a first ground, and a second if there is one."""
    return dict(zip(("first", "second"), routes, strict=False))


def drawn_routes(rng: Random, num: int, num_findings: int, second_rate: float) -> tuple[Route, ...]:
    """Draw the grounds of a finding: one or two, each of one to three exhibits and other findings."""
    others = [str(other) for other in range(1, num_findings + 1) if other != num]
    routes = []
    for _ in range(1 + (rng.random() < second_rate)):
        findings = rng.sample(others, rng.choice((0, 1, 1, 1, 2)))
        exhibits = rng.sample(LETTERS, rng.choice((0, 1, 1)) if findings else 1)
        routes.append(tuple(rng.sample([*findings, *exhibits], len(findings) + len(exhibits))))
    return apart(routes)


def apart(routes: Sequence[Route]) -> tuple[Route, ...]:
    """Return grounds without a second one that holds all of the first, or nothing else: it would add nothing."""
    one, *others = routes
    return (one, *(other for other in others if not (set(one) <= set(other) or set(other) <= set(one))))


def fixed_point(
    routes: Routes, given: str, work: Work, tell: Callable[..., None] = silent, goal: str = ""
) -> list[str]:
    """Return the findings that stand, in the order in which that is seen, down to a goal, and tell of it."""
    standing = list[str]()
    while goal not in standing:
        for num, ways in routes.items():
            held = [route for route in ways if all(item in given or item in standing for item in route)]
            if num not in standing and work.settle(bool(held)):
                break
        else:
            break
        standing.append(num)
        tell("stands", num=int(num), first=(held or ways)[0])
    return standing


def ring(routes: Routes, standing: Collection[str]) -> list[str] | None:
    """Return the findings of the circle, going round it; empty if there is none, None if there are several."""
    left = [num for num in routes if num not in standing]
    needs = {num: {item for route in routes[num] for item in route if item in left} for num in left}
    while loose := [num for num in needs if not any(num in items for items in needs.values())]:
        needs = {num: items - set(loose) for num, items in needs.items() if num not in loose}
    if any(len(items) != 1 for items in needs.values()):  # more than one way round
        return None
    seen, at = list[str](), next(iter(needs), "")
    while at and at not in seen:
        seen.append(at)
        at = next(iter(needs[at]))
    return seen if len(seen) == len(needs) else None


def concluded(facts: Facts, standing: Sequence[str], left: Sequence[str]) -> dict[str, Any]:
    """Return all results, of what stands and of what is left without the exhibit that is struck."""
    circle, struck = ring(routes_of(facts), standing), frozenset(standing) - set(left)
    results = {"circle": None if circle is None else frozenset(circle), "has_circle": bool(circle)}
    return {**results, "stands": str(facts.get("asked")) in standing, "struck": struck, "falls": bool(struck)}


SCHEME = Ground()
