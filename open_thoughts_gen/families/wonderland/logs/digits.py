"""The log of an equation puzzle in digits: for each way to read numbers, only the tests that the sizes allow.

A four-digit result is joined operands or a product, a three-digit one that begins with 1 a sum or a product, other
three-digit ones a product, a shorter one a sum, a difference or a remainder, and one with a sign a difference. Which
readings are possible at all is seen from zeros at the ends of operands and from where a sign stands. In the end the
law is counted: reading, signs and altered slots come to three.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from open_thoughts_gen.families.wonderland.logs.words import multiplied, written

_EXAMPLE = re.compile(r"^(\d\d)(\S)(\d\d) = (\S{1,6})\s*$", re.MULTILINE)
_QUERY = re.compile(r"determine the result for: (\d\d)(\S)(\d\d)\s*$")
READINGS = ("forward", "reversed", "flipped")
PLAIN = {"+": "sum", "*": "product", "-": "difference"}
SLOT_OF = {
    **dict.fromkeys(("sum", "sum plus 1", "sum minus 1"), "+"),
    **dict.fromkeys(("product", "product plus 1", "product minus 1"), "*"),
    **dict.fromkeys(("difference", "absolute difference", "minus absolute difference", "remainder"), "-"),
}
ALTERED = {"+": "sum plus 1", "*": "product plus 1", "-": "absolute difference"}  # of three, the first
EVERY_TEST = ("joined", "sum", "product", "difference", "remainder")
Meaning = tuple[str, str]  # what is computed, and the slot


@dataclass(frozen=True, slots=True)
class Sum:
    """An equation as it is read: two numbers, and the result with its sign; None for the query."""

    name: str
    first: int
    glyph: str
    second: int
    result: int | None
    length: int


def digit_log(prompt: str, design: str = "size first") -> tuple[list[str], str | None]:
    """Return the lines of a puzzle's log, and the answer that they come to; None where they come to none.

    Raises:
        ValueError: the text is not such a puzzle.

    """
    log = DigitLog(prompt, design)
    return log.write(), log.answer


class DigitLog:
    """The log of one puzzle, written as it is worked out."""

    def __init__(self, prompt: str, design: str = "size first") -> None:
        """Read the puzzle; the design `every test` makes all of them, whatever the size of a result.

        Raises:
            ValueError: it is not one.

        """
        examples, query = _EXAMPLE.findall(prompt), _QUERY.search(prompt.rstrip())
        if not examples or query is None:
            raise ValueError("not an equation puzzle in digits")
        self.examples: list[tuple[str, str, str, str]] = examples
        self.query = (query[1], query[2], query[3])
        self.glyphs = list(dict.fromkeys(glyph for _, glyph, _, _ in examples))
        self.every_test = design == "every test"
        self.lines: list[str] = []
        self.answer: str | None = None

    def write(self) -> list[str]:
        """Write the whole log; `answer` is None afterwards where no reading fits."""
        for number, (left, glyph, right, result) in enumerate(self.examples, 1):
            self.lines.append(f"e{number} left {left} sign {glyph} right {right} result {result} length {len(result)}")
        self.lines.append(f"query left {self.query[0]} sign {self.query[1]} right {self.query[2]}")
        for reading in self._readings():
            self.lines.append(f"reading {reading}")
            meanings = self._meanings(reading)
            choice = next(self._lawful(meanings, reading), None) if meanings else None
            if choice is not None:
                self._answer(reading, *choice)
                return self.lines
            if meanings:
                self.lines.append(f"no choice comes to three, reading {reading} fails")
        self.lines.append("no reading fits")
        return self.lines

    def _readings(self) -> list[str]:
        """Say what zeros and signs show, and return the readings that are left, in the order to try them."""
        operands = [*((left, right) for left, _, right, _ in self.examples), (self.query[0], self.query[2])]
        names = [*(f"e{number}" for number in range(1, len(self.examples) + 1)), "query"]
        first = [name for name, pair in zip(names, operands, strict=True) if any(text[0] == "0" for text in pair)]
        last = [name for name, pair in zip(names, operands, strict=True) if any(text[1] == "0" for text in pair)]
        self.lines.append(f"operand starting with 0: {', '.join(first) or 'none'}{', so not forward' * bool(first)}")
        self.lines.append(f"operand ending with 0: {', '.join(last) or 'none'}{', so forward' * bool(last)}")
        signed = {
            "front": any(len(result) > 1 and result[0] == glyph for _, glyph, _, result in self.examples),
            "behind": any(len(result) > 1 and result[-1] == glyph for _, glyph, _, result in self.examples),
        }
        position = next((position for position, is_there in signed.items() if is_there), "none")
        consequence = {"front": ", so not flipped", "behind": ", so flipped", "none": ""}[position]
        self.lines.append(f"sign in a result: {position}{consequence}")
        left = [
            reading
            for reading in READINGS
            if not (first and reading == "forward")
            and not (last and reading != "forward")
            and not (position == "front" and reading == "flipped")
            and not (position == "behind" and reading != "flipped")
        ]
        self.lines.append(f"readings left: {', '.join(left) or 'none'}")
        plain = all(glyph in PLAIN for glyph in (*self.glyphs, self.query[1]))
        self.lines.append(f"all signs among + * -: {'yes' if plain else 'no'}")
        return sorted(left, key=lambda reading: reading != "reversed") if plain else left

    def _read(self, name: str, left: str, glyph: str, right: str, result: str | None, reading: str) -> Sum:
        """Read an equation one way."""
        if reading == "reversed":
            left, right = left[::-1], right[::-1]
        elif reading == "flipped":
            left, right = right[::-1], left[::-1]
        if result is None:
            return Sum(name, int(left), glyph, int(right), None, 0)
        sign, digits = "", result
        if reading == "flipped" and len(result) > 1 and result.endswith(glyph):
            sign, digits = "-", result[:-1]
        elif reading != "flipped" and len(result) > 1 and result.startswith(glyph):
            sign, digits = "-", result[1:]
        digits = digits if reading == "forward" else digits[::-1]
        number = int(sign + digits) if digits.isdigit() else None
        return Sum(name, int(left), glyph, int(right), number, len(digits))

    def _meanings(self, reading: str) -> Mapping[str, Sequence[str]] | None:
        """Test each equation, and return what each sign can mean; None where a sign has nothing left."""
        meanings: dict[str, list[str]] = {}
        for number, (left, glyph, right, result) in enumerate(self.examples, 1):
            equation = self._read(f"e{number}", left, glyph, right, result, reading)
            tests, fitting = self._tests(equation, meanings.get(glyph))
            shown = result if equation.result is None else _digits(equation)
            self.lines.append(f"e{number} {equation.first} {glyph} {equation.second} = {shown} ; {' ; '.join(tests)}")
            if not fitting:
                self.lines.append(f"{glyph} has no fit, reading {reading} fails")
                return None
            meanings[glyph] = fitting
            self.lines.append(f"{glyph} is {' or '.join(fitting)}")
        return meanings

    def _tests(self, equation: Sum, left: Sequence[str] | None) -> tuple[list[str], list[str]]:
        """Return the tests that the size of a result allows, in words, and what they leave."""
        result = equation.result
        if result is None or (
            equation.length > 1 and _digits(equation).lstrip("-").startswith("0") and equation.length < 4
        ):
            return ["not a number"], []
        tests: list[str] = []
        fitting: list[str] = []
        by_length = {1: ("difference", "remainder"), 2: ("sum", "difference", "remainder"), 4: ("joined", "product")}
        possible = by_length.get(equation.length, ("sum", "product") if result < 200 else ("product",))
        possible = EVERY_TEST if self.every_test else ("difference",) if result < 0 else possible
        for test in possible:
            if left is None or any(test in meaning for meaning in left):
                words, meanings = getattr(self, f"_{test}")(equation)
                tests.append(words)
                fitting += [meaning for meaning in meanings if left is None or meaning in left]
        return tests or ["nothing left to test"], fitting

    def _joined(self, equation: Sum) -> tuple[str, list[str]]:
        first, second = f"{equation.first}{equation.second}", f"{equation.second}{equation.first}"
        digits = _digits(equation)
        meanings = [name for name, text in (("joined", first), ("joined swapped", second)) if text == digits]
        return f"joined {first} or {second} {'yes' if meanings else 'no'}", meanings

    def _sum(self, equation: Sum) -> tuple[str, list[str]]:
        total = equation.first + equation.second
        return _near(f"sum {total}", "sum", total, equation.result)

    def _product(self, equation: Sum) -> tuple[str, list[str]]:
        return _near(
            multiplied(equation.first, equation.second), "product", equation.first * equation.second, equation.result
        )

    def _difference(self, equation: Sum) -> tuple[str, list[str]]:
        difference = equation.first - equation.second
        values = {
            "difference": difference,
            "absolute difference": abs(difference),
            "minus absolute difference": -abs(difference),
        }
        meanings = [name for name, value in values.items() if value == equation.result]
        outcome = f"fits {' or '.join(meanings)}" if meanings else "no"
        return f"difference {difference} {outcome}", meanings

    def _remainder(self, equation: Sum) -> tuple[str, list[str]]:
        large, small = max(equation.first, equation.second), min(equation.first, equation.second)
        fits = large % small == equation.result
        return f"remainder {large} by {small} is {large % small} {'exact' if fits else 'no'}", ["remainder"] * fits

    def _lawful(
        self, meanings: Mapping[str, Sequence[str]], reading: str
    ) -> Iterator[tuple[Mapping[str, Meaning], bool, int]]:
        """Yield the choices that come to three: plain signs first, then fewest altered.

        Each is the meaning of every sign, whether the signs are substituted, and how many slots that are not shown
        are altered.
        """
        options = [
            [
                (meaning, slot)
                for meaning in meanings[glyph]
                for slot in ([SLOT_OF[meaning]] if meaning in SLOT_OF else "+*")
            ]
            for glyph in self.glyphs
        ]
        choices = [
            (substituted, sum(meaning != PLAIN[slot] for meaning, slot in choice), choice)
            for substituted in (False, True)
            for choice in product(*options)
            if len({slot for _, slot in choice}) == len(choice)
            and (substituted or all(glyph == slot for glyph, (_, slot) in zip(self.glyphs, choice, strict=True)))
            and (substituted or self.query[1] in PLAIN)
        ]
        for substituted, num_altered, choice in sorted(choices, key=lambda choice: choice[:2]):
            if any(meaning == "joined swapped" for meaning, _ in choice) and not (substituted and reading != "forward"):
                continue
            if reading == "flipped" and not substituted:
                continue
            left = 3 - (reading != "forward") - substituted - num_altered
            if 0 <= left <= min(2 - num_altered, 3 - len(self.glyphs)):
                yield dict(zip(self.glyphs, choice, strict=True)), substituted, left

    def _answer(self, reading: str, choice: Mapping[str, Meaning], substituted: bool, left: int) -> None:
        """Write the count, the choice, and the result of the query."""
        altered = [f"{glyph} {int(meaning != PLAIN[slot])}" for glyph, (meaning, slot) in choice.items()]
        reversed_ = int(reading != "forward")
        self.lines.append(
            f"count: reading {reversed_} signs {int(substituted)} altered {' '.join(altered)} "
            f"left {left} of {3 - len(choice)} not shown"
        )
        self.lines.append("choice " + ", ".join(f"{glyph} {meaning}" for glyph, (meaning, _) in choice.items()))
        query = self._read("query", self.query[0], self.query[1], self.query[2], None, reading)
        if query.glyph in choice:
            meaning = choice[query.glyph][0]
        else:
            slots = [slot for slot in PLAIN if slot not in {slot for _, slot in choice.values()}]
            slot = query.glyph if query.glyph in slots and not substituted else slots[0]
            is_altered = left == len(slots)
            meaning = (
                {"+": "sum plus 1", "*": "product plus 1", "-": "absolute difference"}[slot]
                if is_altered
                else PLAIN[slot]
            )
            self.lines.append(f"{query.glyph} not shown, slots {' '.join(slots)}, altered {left}: {meaning}")
        words, text = _computed(query, meaning)
        self.lines.append(f"query {query.first} {query.glyph} {query.second}: {words}")
        sign, digits = (query.glyph, text[1:]) if text.startswith("-") else ("", text)
        digits = digits if reading == "forward" else digits[::-1]
        self.lines.append(written(reading, digits, sign))
        self.answer = digits + sign if reading == "flipped" else sign + digits
        self.lines.append(f"written {self.answer}")


def _digits(equation: Sum) -> str:
    """Return the result as it is read, with leading zeros."""
    sign = "-" if (equation.result or 0) < 0 else ""
    return sign + str(abs(equation.result or 0)).zfill(equation.length)


def _near(words: str, name: str, value: int, result: int | None) -> tuple[str, list[str]]:
    """Compare a result with a value: exact, one more, one less, or no."""
    for outcome, meaning, difference in (
        ("exact", name, 0),
        ("plus 1", f"{name} plus 1", 1),
        ("minus 1", f"{name} minus 1", -1),
    ):
        if result == value + difference:
            return f"{words} {outcome}", [meaning]
    return f"{words} no", []


def _computed(query: Sum, meaning: str) -> tuple[str, str]:
    """Return how the query's result is worked out, and the result as it is read."""
    first, second = query.first, query.second
    if meaning.startswith("joined"):
        text = f"{second}{first}" if meaning.endswith("swapped") else f"{first}{second}"
        return f"{meaning} {text}", text
    extra = 1 if meaning.endswith("plus 1") else -1 if meaning.endswith("minus 1") else 0
    if meaning.startswith("sum"):
        return f"sum {first + second}, {meaning} {first + second + extra}", str(first + second + extra)
    if meaning.startswith("product"):
        return f"{multiplied(first, second)}, {meaning} {first * second + extra}", str(first * second + extra)
    if meaning == "remainder":
        large, small = max(first, second), min(first, second)
        return f"remainder {large} by {small} is {large % small}", str(large % small)
    difference = first - second
    value = {"difference": difference, "absolute difference": abs(difference)}.get(meaning, -abs(difference))
    return f"difference {difference}, {meaning} {value}", str(value)
