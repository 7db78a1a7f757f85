"""The search and the answer, line by line.

The step that comes next is the one that what is open leaves the fewest ways (`Piece.ways`): it depends on which letters
have digits, not on which digits they have, so a step is named where it first comes and is a number from then on. Only a
step that turns out to leave no way, or a single one, is taken before its turn, as its line then shows. A line lists all
ways to take a step, and the first is taken; after a dead end `back` goes to the last step with a way that is left, and
states everything that holds then, so that no line rests on one that was taken back.

A world that fails says for which operators it does, and no world in which they mean the same is tried again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from open_thoughts_gen.families.wonderland.logs.symbols.pieces import Order, Piece, Row, State
from open_thoughts_gen.families.wonderland.logs.symbols.puzzle import READINGS, LetterEquation, LetterPuzzle
from open_thoughts_gen.families.wonderland.logs.symbols.worlds import PLAIN, OpenWorld, open_worlds, options
from open_thoughts_gen.families.wonderland.logs.words import multiplied, written

MAX_LINES = 900


def symbol_log(prompt: str, design: str = "compact") -> tuple[list[str], str | None]:
    """Return the lines of a puzzle's log, and the answer that they come to; None where they come to none.

    Raises:
        ValueError: the text is not such a puzzle.

    """
    log = SymbolLog(prompt, design)
    return log.write(), log.answer


class SymbolLog:
    """The log of one puzzle, written as it is worked out."""

    def __init__(self, prompt: str, design: str = "compact") -> None:
        """Read the puzzle.

        An `explicit` log shows the tries that clash and the digits that are left; one of `one world` leaves them out as
        `compact` does, and tries one more and one less as two worlds.

        Raises:
            ValueError: the text is not a puzzle, or shows more than ten symbols or three operators.

        """
        self.puzzle = LetterPuzzle(prompt)
        self.explicit, self.joint = design == "explicit", design != "one world"
        self.lines: list[str] = []
        self.answer: str | None = None
        self.failed: list[OpenWorld] = []
        self.looked_at: set[str] = set()
        self.steps: dict[int, str] = {}

    @property
    def is_too_long(self) -> bool:
        """Whether the search is given up."""
        return len(self.lines) > MAX_LINES

    def write(self) -> list[str]:
        """Write the whole log; `answer` is None afterwards where no world fits, or the log grows too long."""
        puzzle = self.puzzle
        self.lines += (f"{letter} is {glyph}" for glyph, letter in puzzle.letter_of.items())
        self.lines += (f"{sign} is sign {glyph}" for glyph, sign in puzzle.sign_of.items())
        self.lines += map(str, [*puzzle.examples, puzzle.query])
        is_plain = all(glyph in PLAIN for glyph in puzzle.sign_of)
        self.lines.append(f"signs all among + * -: {'yes' if is_plain else 'no'}")
        left = {reading: options(puzzle, reading, joint=self.joint) for reading in READINGS}
        for reading, meanings in left.items():
            words = (f"{sign} {' or '.join(meanings[sign]) or 'none'}" for sign in puzzle.signs)
            self.lines.append(f"{reading} {' , '.join(words)}")
        for world in open_worlds(puzzle, left):
            if self._try(world):
                return self.lines
            if self.is_too_long:
                self.lines.append("too long")
                return self.lines
        self.lines.append("no world fits")
        return self.lines

    def _try(self, world: OpenWorld) -> bool:
        """Try one world; write its answer if it fits, else what cannot be: only the operators that were looked at."""
        if any(failed.covers(world) for failed in self.failed):
            self.lines.append(f"{world} fails as before")
            return False
        self.lines.append(f"try {world}")
        pieces: list[Piece] = []
        for rows in (rows_of(equation, world) for equation in self.puzzle.examples):
            if rows[0].kind != "joined":
                self.lines.append(" or ".join(map(str, rows)))
                pieces += rows[0].pieces if len(rows) == 1 else [Order(*rows)]
        self.looked_at, self.steps = set(), {}
        is_solved = False
        for state in self._search(pieces, State(self.puzzle.leading(world.reading), offsets=world.offsets), 1):
            is_solved = True
            if self._finish(world, state):
                return True
        if not is_solved and not self.is_too_long:
            looked_at = {sign: meaning for sign, meaning in world.meanings.items() if sign in self.looked_at}
            self.failed.append(OpenWorld(world.reading, looked_at))
            self.lines.append(f"fails {self.failed[-1]}")
        return False

    def _search(self, pieces: Sequence[Piece], state: State, depth: int) -> Iterator[State]:
        """Yield every state in which all pieces hold, writing each step."""
        if not pieces:
            yield state
            return
        piece = min(pieces, key=lambda piece: piece.rank(state))
        self.looked_at.add(piece.row.operator)
        rest = [other for other in pieces if other is not piece]
        tries = list(piece.tries(state))
        words = [tried + " no" * (after is None) for tried, after in tries if after is not None or self.explicit]
        name = str(depth) if self.steps.get(depth) == str(piece) else f"{depth} {piece}"
        self.steps[depth] = str(piece)
        left = f" : left {''.join(map(str, state.free))}" if self.explicit else ""
        self.lines.append(f"{name}{left} : {' , '.join(words) or 'none'}")
        options = [(words, after) for words, after in tries if after is not None]
        for index, (tried, after) in enumerate(options):
            if index:
                self.lines.append(f"back {depth} {state} , {tried}")
            yield from self._search([*rest, *piece.opened(after)], after, depth + 1)
            if self.is_too_long:
                return

    def _finish(self, world: OpenWorld, state: State) -> bool:
        """Write the map and the query's result; return False where it cannot be written in the letters."""
        for letter in sorted(self.puzzle.letters, key=lambda letter: letter not in state.leading):
            if letter not in state.digits:
                free = [digit for digit in state.free if state.can_be(letter, digit)]
                if not free:
                    return False
                digit = free[-1] if letter in state.leading else free[0]
                state = replace(state, digits={**state.digits, letter: digit})
                self.lines.append(f"{letter} takes {digit} from left")
        self.lines.append("map " + " ".join(f"{letter}{digit}" for letter, digit in state.digits.items()))
        meaning = world.meanings.get(self.puzzle.query.sign)
        if meaning is None:
            meaning = self._unshown(world)
            offset = {self.puzzle.query.sign: 1} if meaning.endswith("plus 1") else {}
            state = replace(state, offsets={**state.offsets, **offset})
        letters, is_negative = self._result(world, state, meaning)
        if letters is None:
            self.lines.append("a digit of it has no letter")
            return False
        printed = letters if world.reading == "forward" else letters[::-1]
        self.lines.append(written(world.reading, " ".join(printed), self.puzzle.query.sign if is_negative else ""))
        self.answer = self.puzzle.printed(letters, world.reading, is_negative=is_negative)
        self.lines.append(f"in symbols {' '.join(self.answer)}")
        return True

    def _unshown(self, world: OpenWorld) -> str:
        """Count the alterations, and write what an operator that no example shows then does; return that."""
        pairs = zip(world.meanings, world.altered, strict=True)
        altered = " ".join(f"{sign} {int(is_altered)}" for sign, is_altered in pairs)
        self.lines.append(
            f"count: symbols 1 reading {int(world.reading != 'forward')} signs {int(world.substituted)} "
            f"altered {altered} left {world.num_left} of {len(PLAIN) - len(world.slots)} not shown"
        )
        slot, meaning = world.unshown(self.puzzle.glyph_of_sign(self.puzzle.query.sign))
        self.lines.append(f"{self.puzzle.query.sign} not shown, slot {slot}: {meaning}")
        return meaning

    def _result(self, world: OpenWorld, state: State, meaning: str) -> tuple[str | None, bool]:
        """Write the query's result; return its letters, None where there are none, and whether it is negative."""
        first, second, _ = self.puzzle.query.read(world.reading)
        start = f"query {' '.join(first)} and {' '.join(second)}"
        if meaning == "joined":
            letters = second + first if joins_swapped(self.puzzle.examples, world) else first + second
            self.lines.append(f"{start} : joined {' '.join(letters)}")
            return letters, False
        numbers = state.number(first, {}), state.number(second, {})
        offset = state.offsets.get(self.puzzle.query.sign, 0)
        value = computed(meaning, *numbers, offset)
        kind = meaning.partition(" ")[0] + (" plus 1" if offset > 0 else " minus 1") if offset else meaning
        words = f"{kind} of {numbers[0]} and {numbers[1]} is {value}"
        if meaning.startswith("product"):
            words = f"{multiplied(*numbers)}, {kind} {value}"
        self.lines.append(f"{start} : {words}")
        letter_of = {str(digit): letter for letter, digit in state.digits.items()}
        digits = str(abs(value))
        if any(digit not in letter_of for digit in digits):
            return None, False
        self.lines.append("digits to letters " + " ".join(f"{digit} {letter_of[digit]}" for digit in digits))
        return "".join(letter_of[digit] for digit in digits), value < 0


def rows_of(equation: LetterEquation, world: OpenWorld) -> list[Row]:
    """Return the ways to write an equation as an addition, a product or a remainder: an absolute difference has two."""
    first, second, result = equation.read(world.reading)
    meaning = world.meanings[equation.sign]
    if meaning in ("difference", "absolute", "minus absolute"):
        orders = [(first, second), (second, first)]
        if meaning == "difference":
            orders = orders[1:] if equation.sign_at else orders[:1]
        different = dict.fromkeys(orders)  # a number less itself is written one way
        return [Row(equation.name, equation.sign, "sum", "", small, result, large) for large, small in different]
    kind, _, near = meaning.partition(" ")
    return [Row(equation.name, equation.sign, kind, equation.sign if near else "", first, second, result)]


def joins_swapped(examples: Sequence[LetterEquation], world: OpenWorld) -> bool:
    """Return whether an example shows that joining takes the second number first."""
    reads = [equation.read(world.reading) for equation in examples if world.meanings[equation.sign] == "joined"]
    return any(result == second + first != first + second for first, second, result in reads)


def computed(meaning: str, first: int, second: int, offset: int) -> int:
    """Return what an operator makes of two numbers, unless it joins them."""
    if meaning.startswith(("sum", "product")):
        return (first + second if meaning.startswith("sum") else first * second) + offset
    difference = first - second
    return {
        "difference": difference,
        "absolute": abs(difference),
        "minus absolute": -abs(difference),
        "remainder": max(first, second) % min(first, second),
    }[meaning]
