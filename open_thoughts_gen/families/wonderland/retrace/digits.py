"""Goes through the log of an equation puzzle in digits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product

from open_thoughts_gen.families.wonderland.retrace.lines import LogLines, printed_line

_EXAMPLE = re.compile(r"^(\d\d)(\S)(\d\d) = (\S+)", re.MULTILINE)
_QUERY = re.compile(r"result for: (\d\d)(\S)(\d\d)")
_SLOTS = {"+": "sum", "*": "product", "-": "difference"}
_TESTS = {
    "joined": ("joined", "joined swapped"),
    "sum": ("sum", "sum plus 1", "sum minus 1"),
    "product": ("product", "product plus 1", "product minus 1"),
    "difference": ("difference", "absolute difference", "minus absolute difference"),
    "remainder": ("remainder",),
}
_SLOTS_OF_TEST = {"joined": "+*", "sum": "+", "product": "*", "difference": "-", "remainder": "-"}
Printed = tuple[str, str, str, str]  # left, glyph, right, result


def passed_test(meaning: str) -> str:
    """Return the test that a meaning passes."""
    return next(test for test, meanings in _TESTS.items() if meaning in meanings)


@dataclass(frozen=True, slots=True)
class Read:
    """An equation as a reading has it: two numbers, and the digits of the result, with a minus before them or not."""

    first: int
    second: int
    digits: str

    @property
    def is_number(self) -> bool:
        """Whether the digits are those of a number: without a zero before them, unless they are two numbers joined."""
        bare = self.digits.removeprefix("-")
        return bare.isdecimal() and (len(bare) in (1, 4) or len(bare) > 4 or bare[0] != "0")

    @property
    def tests(self) -> Sequence[str]:
        """The tests that the length allows."""
        if self.digits.startswith("-"):
            return ("difference",)
        if len(self.digits) == 3:
            return ("sum", "product") if self.digits < "200" else ("product",)
        allowed = {1: "difference remainder", 2: "sum difference remainder", 4: "joined product"}
        return allowed.get(len(self.digits), "product").split()

    def value(self, meaning: str) -> str:
        """Return what a meaning makes of the numbers."""
        first, second = self.first, self.second
        large, small = max(first, second), min(first, second)
        if passed_test(meaning) == "joined":
            return f"{first}{second}" if meaning == "joined" else f"{second}{first}"
        values = {
            "sum": first + second,
            "product": first * second,
            "difference": first - second,
            "absolute difference": large - small,
            "minus absolute difference": small - large,
            "remainder": large % small,
        }
        name, near, _ = meaning.partition(" plus 1" if "plus" in meaning else " minus 1")
        return str(values[name] + {"": 0, " plus 1": 1, " minus 1": -1}[near])

    def words(self, test: str) -> str:
        """Return how a test works its values out."""
        first, second = self.first, self.second
        if test == "product":
            parts = [f"{first}*{part}={first * part}" for part in (second - second % 10, second % 10)]
            return f"{first}*{second}: {' '.join(parts)} total {first * second}"
        if test == "remainder":
            return f"remainder {max(first, second)} by {min(first, second)} is {self.value(test)}"
        joined = f" or {self.value('joined swapped')}" if test == "joined" else ""
        return f"{test} {self.value(test)}{joined}"

    def fitting(self, test: str) -> list[str]:
        """Return which meanings of a test give the result."""
        if test == "joined":
            return [meaning for meaning in _TESTS[test] if self.value(meaning) == self.digits]
        return [meaning for meaning in _TESTS[test] if int(self.value(meaning)) == int(self.digits)]


def follow(lines: LogLines, prompt: str) -> str | None:
    """Go through the lines; return the answer that they come to, None for none."""
    examples: list[Printed] = _EXAMPLE.findall(prompt)
    left, glyph, right = _QUERY.findall(prompt)[-1]
    for number, (first, sign, second, result) in enumerate(examples, 1):
        lines.take(f"e{number} left {first} sign {sign} right {second} result {result} length {len(result)}")
    lines.take(f"query left {left} sign {glyph} right {right}")
    log = _DigitRetrace(lines, examples, (left, glyph, right, ""))
    for reading in log.readings():
        lines.take(f"reading {reading}")
        meanings = log.meanings(reading)
        if meanings is None:
            continue
        choice = next(log.lawful(meanings, reading), None)
        if choice is not None:
            return log.answer(reading, *choice)
        lines.take(f"no choice comes to three, reading {reading} fails")
    lines.take("no reading fits")
    return None


@dataclass(slots=True)
class _DigitRetrace:
    lines: LogLines
    examples: Sequence[Printed]
    query: Printed
    every_test: bool | None = None  # known once a line shows it

    def readings(self) -> list[str]:
        """Check what zeros and signs show; return the readings that are left, in order."""
        names = [*(f"e{number}" for number in range(1, len(self.examples) + 1)), "query"]
        zeros = []
        for at, where, so in ((0, "starting", "not forward"), (1, "ending", "forward")):
            pairs = zip(names, [*self.examples, self.query], strict=True)
            having = [name for name, equation in pairs if "0" in (equation[0][at], equation[2][at])]
            self.lines.take(f"operand {where} with 0: {', '.join(having) or 'none'}{f', so {so}' if having else ''}")
            zeros.append(bool(having))
        signed = [(result[0] == glyph, result[-1] == glyph) for _, glyph, _, result in self.examples if len(result) > 1]
        where = "front" if any(front for front, _ in signed) else "behind" if any(end for _, end in signed) else "none"
        so = {"front": ", so not flipped", "behind": ", so flipped", "none": ""}[where]
        self.lines.take(f"sign in a result: {where}{so}")
        left = {"forward": not zeros[0], "reversed": not zeros[1], "flipped": not zeros[1] and where != "front"}
        if where == "behind":
            left |= {"forward": False, "reversed": False}
        possible = [reading for reading, is_left in left.items() if is_left]
        self.lines.take(f"readings left: {', '.join(possible) or 'none'}")
        is_plain = {glyph for _, glyph, _, _ in [*self.examples, self.query]} <= set(_SLOTS)
        self.lines.take(f"all signs among + * -: {'yes' if is_plain else 'no'}")
        return sorted(possible, key="reversed".__ne__) if is_plain else possible

    def meanings(self, reading: str) -> dict[str, list[str]] | None:
        """Check the tests of every equation; return what each sign can mean, None where one can mean nothing."""
        meanings: dict[str, list[str]] = {}
        for number, (left, glyph, right, result) in enumerate(self.examples, 1):
            equation = _read((left, glyph, right, result), reading)
            shown = equation.digits if equation.digits.removeprefix("-").isdecimal() else result
            start = f"e{number} {equation.first} {glyph} {equation.second} = {shown} ; "
            fitting = self._tested(start, equation, meanings.get(glyph))
            if not fitting:
                self.lines.take(f"{glyph} has no fit, reading {reading} fails")
                return None
            meanings[glyph] = fitting
            self.lines.take(f"{glyph} is {' or '.join(fitting)}")
        return meanings

    def _tested(self, start: str, equation: Read, left: Sequence[str] | None) -> list[str]:
        """Check a line of tests, only those whose meanings are left; return the meanings that fit."""
        if not equation.is_number:
            self.lines.take(f"{start}not a number")
            return []
        expected = {}
        for every_test in (False, True) if self.every_test is None else (self.every_test,):
            words, fits = list[str](), list[str]()
            for test in _TESTS if every_test else equation.tests:
                meanings = [meaning for meaning in _TESTS[test] if left is None or meaning in left]
                if meanings:
                    fitting = equation.fitting(test)
                    words.append(f"{equation.words(test)} {_outcome(test, fitting)}")
                    fits += [meaning for meaning in meanings if meaning in fitting]
            expected[start + " ; ".join(words or ["nothing left to test"])] = every_test, fits
        every_test, fits = expected[self.lines.take(*expected)]
        if len(expected) > 1:
            self.every_test = every_test
        return fits

    def lawful(
        self, meanings: Mapping[str, Sequence[str]], reading: str
    ) -> Iterator[tuple[dict[str, tuple[str, str]], int, int]]:
        """Yield what the signs mean where alterations come to three: signs for themselves first, then fewest altered.

        With the meanings and slots come whether signs are substituted, and how many slots that are not shown are
        altered.
        """
        glyphs = list(meanings)
        is_turned = int(reading != "forward")
        choices = []
        for chosen in product(*meanings.values()):
            for slots in permutations("+*-", len(glyphs)):
                pairs = list(zip(chosen, slots, strict=True))
                if all(slot in _SLOTS_OF_TEST[passed_test(meaning)] for meaning, slot in pairs):
                    num_altered = sum(_SLOTS[slot] != meaning for meaning, slot in pairs)
                    choice = dict(zip(glyphs, pairs, strict=True))
                    is_plain = list(slots) == glyphs and self.query[1] in _SLOTS and reading != "flipped"
                    choices += [(substituted, num_altered, choice) for substituted in ((0, 1) if is_plain else (1,))]
        for substituted, num_altered, choice in sorted(choices, key=lambda each: each[:2]):
            swaps = any(meaning == "joined swapped" for meaning, _ in choice.values())
            num_left = 3 - is_turned - substituted - num_altered
            if ((is_turned and substituted) or not swaps) and 0 <= num_left <= min(2 - num_altered, 3 - len(glyphs)):
                yield choice, substituted, num_left

    def answer(self, reading: str, choice: Mapping[str, tuple[str, str]], substituted: int, num_left: int) -> str:
        """Check the count, the choice and the result of the query; return it as printed."""
        altered = " ".join(f"{glyph} {int(_SLOTS[slot] != meaning)}" for glyph, (meaning, slot) in choice.items())
        self.lines.take(
            f"count: reading {int(reading != 'forward')} signs {substituted} altered {altered} "
            f"left {num_left} of {3 - len(choice)} not shown"
        )
        self.lines.take("choice " + ", ".join(f"{glyph} {meaning}" for glyph, (meaning, _) in choice.items()))
        glyph = self.query[1]
        meaning = choice[glyph][0] if glyph in choice else self._unshown(choice, substituted, num_left)
        query = _read(self.query, reading)
        value = query.value(meaning)
        words = query.words(passed_test(meaning)).removesuffix(f" or {query.value('joined swapped')}")
        if meaning.startswith("joined"):
            words = f"{meaning} {value}"
        elif meaning != "remainder":
            words += f", {meaning} {value}"
        self.lines.take(f"query {query.first} {glyph} {query.second}: {words}")
        sign, digits = (glyph if value.startswith("-") else ""), value.removeprefix("-")
        digits = digits if reading == "forward" else digits[::-1]
        self.lines.take(printed_line(reading, digits, sign))
        answer = digits + sign if reading == "flipped" else sign + digits
        self.lines.take(f"written {answer}")
        return answer

    def _unshown(self, choice: Mapping[str, tuple[str, str]], substituted: int, num_left: int) -> str:
        """Check the line on a sign that no example shows; return what it means."""
        glyph, free = self.query[1], [slot for slot in _SLOTS if slot not in {slot for _, slot in choice.values()}]
        slot = glyph if glyph in free and not substituted else free[0]
        altered = {"+": "sum plus 1", "*": "product plus 1", "-": "absolute difference"}
        meaning = altered[slot] if num_left == len(free) else _SLOTS[slot]
        self.lines.take(f"{glyph} not shown, slots {' '.join(free)}, altered {num_left}: {meaning}")
        return meaning


def _read(equation: Printed, reading: str) -> Read:
    """Read an equation one way: digits turned, then perhaps the two sides; the operator's glyph is a minus."""
    left, glyph, right, result = equation
    is_negative = len(result) > 1 and (result[-1] if reading == "flipped" else result[0]) == glyph
    if is_negative:
        result = result[:-1] if reading == "flipped" else result[1:]
    if reading != "forward":
        left, right, result = left[::-1], right[::-1], result[::-1]
    if reading == "flipped":
        left, right = right, left
    return Read(int(left), int(right), "-" * is_negative + result)


def _outcome(test: str, fitting: Sequence[str]) -> str:
    """Return how a line says what a test found."""
    if not fitting:
        return "no"
    if test == "joined":
        return "yes"
    if test == "difference":
        return f"fits {' or '.join(fitting)}"
    return fitting[0].removeprefix(test).strip() or "exact"
