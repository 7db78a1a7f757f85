"""The small steps that an equation consists of, and every way to take one.

order   which of two numbers is the larger, where a difference is written without its sign
lead    a three-digit sum begins with 1
ones    the last column of an addition, or the last digit of a product
tens    the column before it, with the carry
size    the first digit of a product, from the first digits of its factors
top     its first two digits
full    a product or a remainder whose operands are known
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product
from typing import ClassVar

from open_thoughts_gen.families.wonderland.logs.words import multiplied

Try = tuple[str, "State | None"]
# About how many hundredths of a way each step leaves, by what is open: the step with the fewest comes next. An open
# carry or an open offset doubles them. A first digit of a factor that is open leaves nine times as many, one of the
# product that is known a tenth.
LEAD, FULL, GUESS = 80, 5, 30_000
ORDER_KNOWN, ORDER_OPEN = 100, 200
SAME, COLUMN = 30, (10, 70, 600, 8000)  # a letter that stands twice; by the number of open letters
LAST_DIGIT = {True: (10, 100, 900), False: (75, 600, 4000)}  # if it is known: by the number of open factors
SIZE, TOP = (100, 200, 300), (35, 300, 600)  # by the number of open last digits of the factors
LEAST_SIZE = 5
MAX_OPEN, MAX_COUNTED = 2, 2  # the most open letters of a step whose ways are counted, and where counting stops


@dataclass(frozen=True, slots=True)
class State:
    """What holds at a point of the search.

    Digits of letters, carries that the other column of their addition still needs, how far near operators are off, and
    the larger number of differences.
    """

    leading: frozenset[str]
    digits: Mapping[str, int] = field(default_factory=dict)
    carries: Mapping[str, int] = field(default_factory=dict)
    offsets: Mapping[str, int] = field(default_factory=dict)
    larger: Mapping[str, str] = field(default_factory=dict)

    @property
    def free(self) -> list[int]:
        """The digits that no letter has."""
        return [digit for digit in range(10) if digit not in self.digits.values()]

    def __str__(self) -> str:
        """Return it as `back` states it."""
        words = [f"{letter}{digit}" for letter, digit in self.digits.items()]
        words += [f"{name} c{carry}" for name, carry in self.carries.items()]
        words += [f"{sign} off {offset:+d}" for sign, offset in self.offsets.items()]
        words += [f"{name} {larger} larger" for name, larger in self.larger.items()]
        return " ".join(words) or "nothing"

    def can_be(self, letter: str, digit: int) -> bool:
        """Return whether a letter that has no digit can have this one."""
        is_free = 0 <= digit <= 9 and digit not in self.digits.values()
        return is_free and not (digit == 0 and letter in self.leading)

    def inputs(self, letters: str) -> Iterator[dict[str, int]]:
        """Yield each way to give letters that have no digit different digits that are free."""
        unknown = list(dict.fromkeys(letter for letter in letters if letter not in self.digits))
        for digits in product(self.free, repeat=len(unknown)):
            pairs = list(zip(unknown, digits, strict=True))
            if len(set(digits)) == len(digits) and all(self.can_be(letter, digit) for letter, digit in pairs):
                yield dict(pairs)

    def number(self, letters: str, inputs: Mapping[str, int]) -> int:
        """Return the number that letters stand for, with `inputs` as further digits."""
        known = {**self.digits, **inputs}
        return int("".join(str(known[letter]) for letter in letters))

    def after(self, digits: Sequence[tuple[str, int]], carry: Mapping[str, int] | None = None) -> Try:
        """Give letters their digits: return what is new in words, and the state, None where it clashes."""
        state, words, fits = self, list[str](), True
        for letter, digit in digits:
            if letter in state.digits:
                fits &= state.digits[letter] == digit
                words += [f"{letter}{digit}"] if state.digits[letter] != digit else []
                continue
            fits &= state.can_be(letter, digit)
            words.append(f"{letter}{digit}")
            state = replace(state, digits={**state.digits, letter: digit})
        for name, number in (carry or {}).items():
            fits &= state.carries.get(name, number) == number
            others = {other: carry for other, carry in state.carries.items() if other != name}
            state = replace(state, carries=others if name in state.carries else {**others, name: number})
        words = words or ["agrees" if fits else "carry differs"]
        return " ".join(words), state if fits else None


@dataclass(frozen=True, slots=True)
class Row:
    """An equation as a world reads it: an addition, a product or a remainder, the most significant letter first.

    `sign` is the operator whose offset counts, "" where the equation is exact.
    """

    name: str
    operator: str
    kind: str
    sign: str
    first: str
    second: str
    result: str

    def __str__(self) -> str:
        """Return it as the log writes it."""
        mark = {"sum": "+", "product": "*", "remainder": "mod"}[self.kind]
        off = f" off by one {self.sign}" if self.sign else ""
        return f"{self.name} {' '.join(self.first)} {mark} {' '.join(self.second)} = {' '.join(self.result)}{off}"

    @property
    def pieces(self) -> list[Piece]:
        """Its small steps."""
        kinds: Sequence[type[Piece]] = (Full,)
        if self.kind == "product":
            kinds = (LastDigit, Size, Top, Full)
        elif self.kind == "sum":
            kinds = (Lead, Ones, Tens) if len(self.result) == 3 else (Ones, Tens)
        return [kind(self) for kind in kinds]

    @property
    def last_letters(self) -> tuple[str, str, str]:
        """The last letters of both operands and of the result."""
        return self.first[-1], self.second[-1], self.result[-1]

    def is_open(self, state: State) -> bool:
        """Return whether it is not known yet how far the equation is off."""
        return bool(self.sign) and self.sign not in state.offsets

    def offsets(self, state: State) -> Sequence[int]:
        """Return how far the equation can be off."""
        if not self.sign:
            return (0,)
        return (state.offsets[self.sign],) if self.sign in state.offsets else (1, -1)

    def with_offset(self, tried: Try, state: State, offset: int) -> Try:
        """Add to a try which offset it takes, where that was open."""
        words, after = tried
        if not self.sign or self.sign in state.offsets:
            return tried
        known = None if after is None else replace(after, offsets={**after.offsets, self.sign: offset})
        return f"{self.sign}{offset:+d} {words}", known


@dataclass(frozen=True, slots=True)
class Piece(ABC):
    """One small step of a row."""

    row: Row
    kind: ClassVar[str]

    @property
    @abstractmethod
    def letters(self) -> str:
        """The letters that the step is about."""

    @abstractmethod
    def tries(self, state: State) -> Iterator[Try]:
        """Yield each way to take the step, in words, with the state after it; None where it clashes."""

    @abstractmethod
    def ways(self, state: State) -> int:
        """Estimate from what is open how many ways it leaves, in hundredths."""

    def opened(self, after: State) -> list[Piece]:
        """Return the pieces that there are once it is taken."""
        return []

    def rank(self, state: State) -> tuple[int, int]:
        """Return a key that is least for the step to take next: one without a way, then one with one, then by `ways`.

        Ways are counted where at most two letters of the step are open; of others nobody sees how many there are.
        """
        num = MAX_COUNTED
        if self.num_open(state) <= MAX_OPEN:
            num = sum(1 for _ in islice((after for _, after in self.tries(state) if after is not None), MAX_COUNTED))
        return num, self.ways(state)

    def num_open(self, state: State) -> int:
        """Return how many letters of the step have no digit."""
        return len(set(self.letters) - state.digits.keys())

    def __str__(self) -> str:
        """Return the piece as a line of the log writes it."""
        return " ".join((self.row.name, self.kind, *self.letters))


@dataclass(frozen=True, slots=True)
class Order(Piece):
    """Which number is the larger: `row` adds to the second, `other` to the first."""

    other: Row
    kind: ClassVar[str] = "order"

    @property
    def letters(self) -> str:
        """Both numbers."""
        return self.row.result + self.row.first

    def ways(self, state: State) -> int:
        """Estimate by the first digits, which decide it."""
        return ORDER_KNOWN if {self.row.result[0], self.row.first[0]} <= state.digits.keys() else ORDER_OPEN

    def tries(self, state: State) -> Iterator[Try]:
        """Take each number as the larger one, unless their first digits say otherwise."""
        for row in (self.row, self.other):
            large, small = (state.digits.get(number[0]) for number in (row.result, row.first))
            after = None if large is not None and small is not None and large < small else state
            if after is not None:
                after = replace(state, larger={**state.larger, row.name: row.result})
            yield f"{row.result} larger", after

    def opened(self, after: State) -> list[Piece]:
        """Return the columns of the addition that was chosen."""
        return self.row.pieces if after.larger[self.row.name] == self.row.result else self.other.pieces


class Lead(Piece):
    """The first digit of a three-digit sum."""

    kind: ClassVar[str] = "lead"

    @property
    def letters(self) -> str:
        """The first letter of the result."""
        return self.row.result[0]

    def ways(self, state: State) -> int:
        """Return what a digit that is sure leaves."""
        return LEAD

    def tries(self, state: State) -> Iterator[Try]:
        """Take 1."""
        yield state.after([(self.row.result[0], 1)])


class Ones(Piece):
    """The last column of an addition."""

    kind: ClassVar[str] = "ones"

    @property
    def letters(self) -> str:
        """The last letters."""
        return "".join(self.row.last_letters)

    def ways(self, state: State) -> int:
        """Estimate by the letters that have no digit."""
        return column_ways(state, *self.row.last_letters) * (1 + self.row.is_open(state))

    def tries(self, state: State) -> Iterator[Try]:
        """Fill the column in; what is carried on is remembered."""
        first, second, last = self.row.last_letters
        for offset in self.row.offsets(state):
            for digits, carry in column(state, first, second, last, offset):
                tried = state.after(list(digits.items()), {self.row.name: carry})
                yield self.row.with_offset(tried, state, offset)


class Tens(Piece):
    """The second column of an addition; a two-letter result carries nothing on."""

    kind: ClassVar[str] = "tens"

    @property
    def letters(self) -> str:
        """The letters before the last."""
        return self.row.first[:-1] + self.row.second[:-1] + self.row.result[:-1]

    def ways(self, state: State) -> int:
        """Estimate by the letters that have no digit, and whether the carry is known."""
        row = self.row
        return column_ways(state, row.first[:-1], row.second[:-1], row.result[-2]) * (
            1 + (row.name not in state.carries)
        )

    def tries(self, state: State) -> Iterator[Try]:
        """Fill the column in; a carry that is not known is tried as well."""
        row, is_known = self.row, self.row.name in state.carries
        for carry in [state.carries[row.name]] if is_known else [0, 1, *[-1] * bool(row.sign)]:
            for digits, rest in column(state, row.first[:-1], row.second[:-1], row.result[-2], carry):
                lead = [(row.result[0], rest)] if len(row.result) == 3 else []
                words, after = state.after([*digits.items(), *lead], {row.name: carry})
                fits = len(row.result) == 3 or not rest
                yield words if is_known else f"c{carry} {words}", after if fits else None


class LastDigit(Ones):
    """The last digit of a product."""

    kind: ClassVar[str] = "ones *"

    def ways(self, state: State) -> int:
        """Estimate by the factors that have no digit, and whether the last digit has one."""
        first, second, last = self.row.last_letters
        num_open = len({first, second} - state.digits.keys())
        return LAST_DIGIT[last in state.digits][num_open] * (1 + self.row.is_open(state))

    def tries(self, state: State) -> Iterator[Try]:
        """Take factors from the table of products; where the last digit is known, only those that give it."""
        first, second, last = self.row.last_letters
        for offset in self.row.offsets(state):
            for inputs in state.inputs(first + second):
                digit = (state.number(first, inputs) * state.number(second, inputs) + offset) % 10
                if not inputs or {**state.digits, **inputs}.get(last, digit) == digit:
                    yield self.row.with_offset(state.after([*inputs.items(), (last, digit)]), state, offset)


class Size(Piece):
    """The first digit of a product, bounded by what is known of its factors."""

    kind: ClassVar[str] = "size"
    width: ClassVar[int] = 1
    spread: ClassVar[tuple[int, int, int]] = SIZE

    @property
    def letters(self) -> str:
        """The first letters."""
        return self.row.first[0] + self.row.second[0] + self.row.result[: self.width]

    def ways(self, state: State) -> int:
        """Estimate by the first digits that are open, and by how well the last ones bound the product."""
        row = self.row
        num_tens, num_ones = (len({row.first[at], row.second[at]} - state.digits.keys()) for at in (0, 1))
        num_known = self.width - len(set(row.result[: self.width]) - state.digits.keys())
        ways: int = self.spread[num_ones] * 9**num_tens // 10**num_known
        return max(ways, LEAST_SIZE) if num_known and not num_tens else ways

    def tries(self, state: State) -> Iterator[Try]:
        """Try each start that the product can have."""
        row, near = self.row, bool(self.row.sign)
        step, all_digits = 10 ** (len(row.result) - self.width), 10 ** len(row.result)
        for inputs in state.inputs(row.first[0] + row.second[0]):
            known = {**state.digits, **inputs}
            low = high = 1
            for number in (row.first, row.second):
                low *= 10 * known[number[0]] + known.get(number[1], 0)
                high *= 10 * known[number[0]] + known.get(number[1], 9)
            low, high = max(low - near, all_digits // 10), min(high + near, all_digits - 1)
            for start in range(low // step, high // step + 1) if low <= high else ():
                starts = list(zip(row.result, map(int, str(start)), strict=False))
                first_digits = dict(reversed(starts))  # of a letter that stands twice, the first digit
                if all({**first_digits, **known}[letter] == digit for letter, digit in starts):
                    yield state.after([*inputs.items(), *starts])


class Top(Size):
    """The first two digits of a product."""

    kind: ClassVar[str] = "top"
    width: ClassVar[int] = 2
    spread: ClassVar[tuple[int, int, int]] = TOP


class Full(Piece):
    """A whole product or remainder."""

    kind: ClassVar[str] = "full"

    @property
    def letters(self) -> str:
        """None: it is about the whole equation."""
        return ""

    def ways(self, state: State) -> int:
        """Return next to none where the operands are known; nobody guesses them before there is no other step."""
        return GUESS if self.num_open(state) else FULL

    def num_open(self, state: State) -> int:
        """Return how many letters of both numbers have no digit, three times: a product is hard to guess."""
        return 3 * len(set(self.row.first + self.row.second) - state.digits.keys())

    def tries(self, state: State) -> Iterator[Try]:
        """Work it out."""
        row = self.row
        for inputs in state.inputs(row.first + row.second):
            first, second = state.number(row.first, inputs), state.number(row.second, inputs)
            for offset in row.offsets(state):
                if row.kind == "remainder":
                    large, small = max(first, second), min(first, second)
                    value = large % small if small else 0
                    worked = f"{large} by {small} is {value}"
                else:
                    value, worked = first * second + offset, multiplied(first, second)
                digits = list(zip(row.result, map(int, str(value)), strict=False))
                words, after = row.with_offset(state.after([*inputs.items(), *digits]), state, offset)
                yield f"{worked} {words}", after if len(str(value)) == len(row.result) else None


def column_ways(state: State, first: str, second: str, last: str) -> int:
    """Estimate how many ways a column leaves: fewest where one letter stands twice."""
    return SAME if last in (first, second) else COLUMN[len({first, second, last} - state.digits.keys() - {""})]


def column(state: State, first: str, second: str, last: str, carry: int) -> Iterator[tuple[dict[str, int], int]]:
    """Yield the digits that make first + second + carry end in last, with what is carried on.

    Two letters that are the same need no trial: x + y = x leaves y = 0, or 9 with a carry. Where the last digit is
    known, a summand follows from the other. `second` may be empty: nothing is added.
    """
    known = {**state.digits, "": 0}
    if last in (first, second):
        other, digit = (second if last == first else first), -carry % 10
        if other or not digit:
            yield ({other: digit} if other else {}), (digit + carry) // 10
        return
    unknown = [letter for letter in dict.fromkeys((first, second)) if letter not in known]
    if last not in known or not unknown:
        for inputs in state.inputs("".join(unknown)):
            values = {**known, **inputs}
            rest, digit = divmod(values[first] + values[second] + carry, 10)
            yield {**inputs, last: digit}, rest
    elif first == second:
        for digit in state.free:
            if (2 * digit + carry) % 10 == known[last]:
                yield {first: digit}, (2 * digit + carry) // 10
    else:
        derived = unknown.pop()
        other = second if derived == first else first
        for inputs in state.inputs("".join(unknown)):
            summand = {**known, **inputs}[other]
            digit = (known[last] - summand - carry) % 10
            yield {**inputs, derived: digit}, (summand + digit + carry) // 10
