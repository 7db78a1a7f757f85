"""Goes through the log of an equation puzzle in glyphs: what can be, the order of the worlds, and each search.

What a step allows is found by trying every digit for every open letter of its equation, whatever way the log took.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations, product

from open_thoughts_gen.families.wonderland.retrace.arithmetic import Holding, LetterStep, LetterSum, steps_of
from open_thoughts_gen.families.wonderland.retrace.digits import Read
from open_thoughts_gen.families.wonderland.retrace.lines import LogLines, printed_line

_EXAMPLE = re.compile(r"^(\S\S)(\S)(\S\S) = (\S+)", re.MULTILINE)
_QUERY = re.compile(r"result for: (\S\S)(\S)(\S\S)")
_PLAIN = {"+": "sum", "*": "product", "-": "difference"}
_READINGS = ("forward", "reversed", "flipped")
_LENGTHS = {
    "sum": (2, 3),
    "product": (3, 4),
    "joined": (4,),
    "difference": (1, 2),
    "absolute": (1, 2),
    "minus absolute": (),
    "remainder": (1, 2),
}


@dataclass(frozen=True, slots=True)
class ShownEquation:
    """An equation in letters as printed, without its sign, which stands in front, behind or nowhere."""

    name: str
    left: str
    operator: str
    right: str
    result: str
    sign: str

    def read(self, reading: str) -> tuple[str, str, str]:
        """Return both numbers and the result, the first letter the most significant."""
        texts = [self.left, self.right, self.result]
        if reading != "forward":
            texts = [text[::-1] for text in texts]
        return (texts[1], texts[0], texts[2]) if reading == "flipped" else (texts[0], texts[1], texts[2])


@dataclass(frozen=True, slots=True)
class SupposedWorld:
    """A reading and what operators mean in it."""

    reading: str
    meanings: Mapping[str, str]

    def __str__(self) -> str:
        """Return it as a line has it."""
        return f"{self.reading} {' , '.join(f'{sign} {meaning}' for sign, meaning in self.meanings.items())}"

    def is_ruled_out_by(self, failed: SupposedWorld) -> bool:
        """Return whether it contains what has failed; turned round, only a difference looks otherwise when flipped."""
        same = failed.meanings.items() <= self.meanings.items()
        turned = {self.reading, failed.reading} == {"reversed", "flipped"}
        return same and (self.reading == failed.reading or (turned and "difference" not in failed.meanings.values()))


@dataclass(frozen=True, slots=True)
class AlterationCount:
    """What is altered in a world besides the symbols: the reading, the signs, and the slots that are shown."""

    reading: int
    signs: int
    slots: tuple[str, ...]
    altered: tuple[int, ...]

    @property
    def left(self) -> int:
        """How many alterations are left for slots that are not shown."""
        return 2 - self.reading - self.signs - sum(self.altered)

    @property
    def unshown(self) -> list[str]:
        """The slots that are not shown."""
        return [slot for slot in _PLAIN if slot not in self.slots]


def follow(lines: LogLines, prompt: str) -> str | None:
    """Go through the lines; return the answer that they come to, None for none."""
    log = _LetterRetrace(lines, prompt)
    failed: list[SupposedWorld] = []
    for world in log.worlds():
        if any(world.is_ruled_out_by(other) for other in failed):
            lines.take(f"{world} fails as before")
            continue
        lines.take(f"try {world}")
        search = _WorldSearch(lines, *log.relations(world))
        is_solved = False
        for holding in search.through(search.start, 1, search.steps):
            is_solved = True
            answer = log.answer(world, holding)
            if answer is not None:
                return answer
        if not is_solved:
            meanings = {sign: meaning for sign, meaning in world.meanings.items() if sign in search.operators}
            failed.append(SupposedWorld(world.reading, meanings))
            lines.take(f"fails {failed[-1]}")
    lines.take("no world fits")
    return None


class _LetterRetrace:
    """The puzzle in letters, as the first lines state it."""

    def __init__(self, lines: LogLines, prompt: str) -> None:
        self.lines = lines
        examples, query = _EXAMPLE.findall(prompt), _QUERY.findall(prompt)[-1]
        equations = [(left, sign, right, *_unsigned(result, sign)) for left, sign, right, result in examples]
        equations.append((*query, "", ""))
        glyphs = "".join(left + right + result for left, _, right, result, _ in equations)
        self.glyph_of: dict[str, str] = {}
        self._name("is", glyphs, "ABCDEFGHIJ")
        self._name("is sign", "".join(equation[1] for equation in equations), "PQR")
        self.all_plain = {self.glyph_of[sign] for sign in "PQR" if sign in self.glyph_of} <= set(_PLAIN)
        self.equations = [self._equation(number, equation) for number, equation in enumerate(equations, 1)]
        self.query = self.equations.pop()
        self.operators = list(dict.fromkeys(equation.operator for equation in self.equations))
        lines.take(f"signs all among + * -: {'yes' if self.all_plain else 'no'}")

    def _name(self, verb: str, glyphs: str, names: str) -> None:
        """Check the lines that give each glyph a letter, in order of appearance."""
        unique = list(dict.fromkeys(glyphs))
        if len(unique) > len(names):
            raise self.lines.fault("there are not as many letters as glyphs")
        for name, glyph in zip(names, unique, strict=False):
            self.lines.take(f"{name} {verb} {glyph}")
            self.glyph_of[name] = glyph

    def _equation(self, number: int, parts: tuple[str, ...]) -> ShownEquation:
        """Check the line of an equation in letters."""
        names = {glyph: name for name, glyph in self.glyph_of.items() if name in "ABCDEFGHIJ"}
        signs = {glyph: name for name, glyph in self.glyph_of.items() if name in "PQR"}
        left, right, result = ("".join(names[glyph] for glyph in parts[at]) for at in (0, 2, 3))
        equation = ShownEquation(f"e{number}" if result else "query", left, signs[parts[1]], right, result, parts[4])
        line = f"{equation.name} {' '.join(left)} {equation.operator} {' '.join(right)}"
        if result:
            minus = {"front": (equation.operator, *result), "behind": (*result, equation.operator)}
            line += f" = {' '.join(minus.get(equation.sign, result))} length {len(result)}"
        self.lines.take(line)
        return equation

    def worlds(self) -> list[SupposedWorld]:
        """Check what each operator can be in each reading; return the lawful worlds in the order of the tries."""
        possible = {reading: self._possible(reading) for reading in _READINGS}
        order: dict[tuple[str, tuple[str, ...]], tuple[int, int]] = {}
        for at, reading in enumerate(_READINGS):
            for chosen in product(*possible[reading].values()):
                for count in self._lawful(reading, chosen):
                    order[reading, chosen] = sum(count.altered), at
        ordered = sorted(order, key=lambda key: order[key])
        return [SupposedWorld(reading, dict(zip(self.operators, chosen, strict=True))) for reading, chosen in ordered]

    def _lawful(self, reading: str, chosen: Sequence[str]) -> Iterator[AlterationCount]:
        """Yield the ways in which alterations come to three, the symbols being one, with at most two slots altered."""
        shown = tuple(self.glyph_of[sign] for sign in self.operators)
        for substituted, slots in product((0, 1), permutations("+*-", len(chosen))):
            altered = tuple(int(_PLAIN[slot] != meaning) for slot, meaning in zip(slots, chosen, strict=True))
            count = AlterationCount(int(reading != "forward"), substituted, slots, altered)
            is_possible = substituted or (self.all_plain and shown == slots and reading != "flipped")
            stands_there = all(slot in _slots(meaning) for slot, meaning in zip(slots, chosen, strict=True))
            if is_possible and stands_there and 0 <= count.left <= len(count.unshown):
                yield count

    def _possible(self, reading: str) -> dict[str, list[str]]:
        """Check a line on what operators can be in a reading, near results as one meaning or as two."""
        lines = {}
        for nears in (("near",), ("plus 1", "minus 1")):
            names = [f"{name} {near}".strip() for name in ("sum", "joined", "product") for near in ("", *nears)]
            names = [name for name in names if not name.startswith("joined ")]
            meanings = [*names, "difference", "absolute", "minus absolute", "remainder"]
            by_sign: dict[str, list[str]] = {}
            for sign in self.operators:
                shown = [equation for equation in self.equations if equation.operator == sign]
                by_sign[sign] = [name for name in meanings if all(_can_be(each, name, reading) for each in shown)]
            words = (f"{sign} {' or '.join(names) or 'none'}" for sign, names in by_sign.items())
            lines[f"{reading} {' , '.join(words)}"] = by_sign
        return lines[self.lines.take(*lines)]

    def relations(self, world: SupposedWorld) -> tuple[list[list[LetterSum]], Holding]:
        """Check the lines that write the equations as additions and products; return them, and what holds at first."""
        relations = []
        for equation in self.equations:
            meaning = world.meanings[equation.operator]
            if meaning != "joined":
                relations.append(_relations(equation, meaning, world.reading))
                self.lines.take(" or ".join(map(str, relations[-1])))
        off = {"plus 1": 1, "minus 1": -1}
        nears = {sign: off[meaning.split(" ", 1)[1]] for sign, meaning in world.meanings.items() if meaning[-1] == "1"}
        numbers = (number for each in (*self.equations, self.query) for number in each.read(world.reading))
        return relations, Holding(frozenset(number[0] for number in numbers if len(number) > 1), offsets=nears)

    def answer(self, world: SupposedWorld, holding: Holding) -> str | None:
        """Check the lines from a map to the query's result; return it, None where it has a digit without a letter."""
        digits = dict(holding.digits)
        letters = [name for name in self.glyph_of if name in "ABCDEFGHIJ" and name not in digits]
        for letter in sorted(letters, key=lambda letter: letter not in holding.leading):
            free = [digit for digit in range(10) if digit not in digits.values()]
            if letter in holding.leading:
                free = [digit for digit in reversed(free) if digit]
            if not free:
                return None
            digits[letter] = free[0]
            self.lines.take(f"{letter} takes {free[0]} from left")
        self.lines.take("map " + " ".join(f"{letter}{digit}" for letter, digit in digits.items()))
        sign = self.query.operator
        meaning = world.meanings.get(sign) or self._unshown(world)
        first, second, _ = self.query.read(world.reading)
        start = f"query {' '.join(first)} and {' '.join(second)} : "
        if meaning == "joined":
            joins = [each.read(world.reading) for each in self.equations if world.meanings[each.operator] == "joined"]
            is_swapped = any(result != first + second for first, second, result in joins)
            result, minus = (second + first if is_swapped else first + second), ""
            self.lines.take(f"{start}joined {' '.join(result)}")
        else:
            numbers = [int("".join(str(digits[letter]) for letter in text)) for text in (first, second)]
            offset = 1 if meaning.endswith("plus 1") else holding.offsets.get(sign, 0)
            value = _computed(meaning, numbers[0], numbers[1], offset)
            exact = f"{meaning.split()[0]} {'plus' if offset > 0 else 'minus'} 1" if offset else meaning
            words = f"{exact} of {numbers[0]} and {numbers[1]} is {value}"
            if meaning.startswith("product"):
                words = f"{Read(numbers[0], numbers[1], '').words('product')}, {exact} {value}"
            self.lines.take(start + words)
            letter_of = {str(digit): letter for letter, digit in digits.items()}
            result = "".join(letter_of.get(digit, "") for digit in str(abs(value)))
            if len(result) < len(str(abs(value))):
                self.lines.take("a digit of it has no letter")
                return None
            pairs = zip(str(abs(value)), result, strict=True)
            self.lines.take("digits to letters " + " ".join(f"{digit} {letter}" for digit, letter in pairs))
            minus = self.glyph_of[sign] if value < 0 else ""
        printed = result if world.reading == "forward" else result[::-1]
        self.lines.take(printed_line(world.reading, " ".join(printed), sign if minus else ""))
        text = "".join(self.glyph_of[letter] for letter in printed)
        answer = text + minus if world.reading == "flipped" else minus + text
        self.lines.take(f"in symbols {' '.join(answer)}")
        return answer

    def _unshown(self, world: SupposedWorld) -> str:
        """Check the count of alterations, and the line on an operator that no example shows; return what it means."""
        count = next(self._lawful(world.reading, tuple(world.meanings.values())))
        altered = " ".join(f"{sign} {is_so}" for sign, is_so in zip(world.meanings, count.altered, strict=True))
        self.lines.take(
            f"count: symbols 1 reading {count.reading} signs {count.signs} altered {altered} "
            f"left {count.left} of {len(count.unshown)} not shown"
        )
        glyph = self.glyph_of[self.query.operator]
        slot = glyph if glyph in count.unshown else count.unshown[0]
        is_altered = count.left == len(count.unshown)
        meaning = {"+": "sum plus 1", "*": "product plus 1", "-": "absolute"}[slot] if is_altered else _PLAIN[slot]
        self.lines.take(f"{self.query.operator} not shown, slot {slot}: {meaning}")
        return meaning


@dataclass(slots=True)
class _WorldSearch:
    """The lines of the search in one world."""

    lines: LogLines
    relations: Sequence[Sequence[LetterSum]]
    start: Holding
    operators: set[str] = field(default_factory=set)  # of the steps that have been taken
    names: dict[int, str] = field(default_factory=dict)  # of the steps, by depth, as named last

    @property
    def steps(self) -> list[LetterStep]:
        """The steps that there are at first."""
        return [step for relations in self.relations for step in steps_of(relations)]

    def through(self, holding: Holding, depth: int, steps: Sequence[LetterStep]) -> Iterator[Holding]:
        """Check the lines of a step and of all that follow it; yield what holds wherever no step is left."""
        if not steps:
            yield holding
            return
        step = min(steps, key=lambda step: (step.certainty(holding), step.ways(holding)))
        self.operators.add(step.relation.operator)
        name = str(depth) if self.names.get(depth) == str(step) else f"{depth} {step}"
        self.names[depth] = str(step)
        rest = [other for other in steps if other is not step]
        for number, (words, after) in enumerate(self._options(name, step, holding)):
            if number:
                self.lines.take(f"back {depth} {holding} , {words}")
            yield from self.through(after, depth + 1, [*rest, *step.opened(after)])

    def _options(self, name: str, step: LetterStep, holding: Holding) -> list[tuple[str, Holding]]:
        """Check a line that lists the ways to take a step: all that there are, and what is said to clash does."""
        start, line = f"{name} : ", self.lines.next
        free = "".join(str(digit) for digit in holding.free)
        if line.startswith(f"{start}left {free} : "):
            start += f"left {free} : "
        if not line.startswith(start):
            raise self.lines.fault(f"{start!r} follows")
        listed = line.removeprefix(start).split(" , ")
        possible = step.possible(holding)
        every_way = set(possible)
        options = []
        for words in listed if listed != ["none"] else ():
            if (key := step.key(words)) in possible and (step.kind != "full" or step.is_worked_out(words, holding)):
                options.append((words, holding.after(step, words, possible.pop(key))))
                continue
            tried = words.removesuffix(" no")
            if tried == words or step.key(tried) in every_way or not step.is_worked_out(tried, holding):
                raise self.lines.fault(f"{words!r} is not a way to take the step")
        if possible:
            raise self.lines.fault("a way to take the step is missing")
        self.lines.take(line)
        return options


def _unsigned(result: str, sign: str) -> tuple[str, str]:
    if len(result) > 1 and sign in (result[0], result[-1]):
        return (result[1:], "front") if result[0] == sign else (result[:-1], "behind")
    return result, ""


def _slots(meaning: str) -> str:
    return {"sum": "+", "product": "*", "joined": "+*"}.get(meaning.split(maxsplit=1)[0], "-")


def _can_be(equation: ShownEquation, meaning: str, reading: str) -> bool:
    """Return whether length, sign and letters of a result allow a meaning."""
    if equation.sign:
        is_right_side = equation.sign == ("behind" if reading == "flipped" else "front")
        return is_right_side and meaning in ("difference", "minus absolute")
    first, second, result = equation.read(reading)
    joined = {first + second} if reading == "forward" else {first + second, second + first}
    kind = meaning if meaning in _LENGTHS else meaning.split(maxsplit=1)[0]
    return len(result) in _LENGTHS[kind] and (kind != "joined" or result in joined)


def _relations(equation: ShownEquation, meaning: str, reading: str) -> list[LetterSum]:
    """Return an equation as an addition, a product or a remainder: as two additions where either may be the larger."""
    first, second, result = equation.read(reading)
    if meaning in ("difference", "absolute", "minus absolute"):
        both = [
            LetterSum(equation.name, equation.operator, "+", False, small, result, large)
            for large, small in ((first, second), (second, first))
        ]
        if meaning == "difference" or first == second:
            return both[1:] if equation.sign else both[:1]
        return both
    kind, *near = meaning.split()
    mark = {"sum": "+", "product": "*", "remainder": "mod"}[kind]
    return [LetterSum(equation.name, equation.operator, mark, bool(near), first, second, result)]


def _computed(meaning: str, first: int, second: int, offset: int) -> int:
    if meaning.startswith(("sum", "product")):
        return (first * second if meaning.startswith("product") else first + second) + offset
    if meaning == "remainder":
        return max(first, second) % min(first, second)
    if meaning == "difference":
        return first - second
    return abs(first - second) * (1 if meaning == "absolute" else -1)
