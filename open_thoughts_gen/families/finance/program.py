"""A derivation as a program in the manner of FinQA: `add(6140, 2315), multiply(#0, 3.25), greater(#1, 30100)`.

FinQA (Z. Chen et al., 2021) gives each question a list of operations, each of two arguments: a number, or the result
of an earlier operation by its index. Here the operations are those that a derivation claims and that its answer rests
on. A derivation that rounds, searches or tries options has no such program; its program is None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from open_thoughts_gen.families.kit.work import written
from open_thoughts_gen.types import Derivation

OPERATIONS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", ">": "greater"}
_TOKEN = re.compile(r"//|\d+(?:\.\d+)?|[-+*/%()]")
_FIGURE = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


@dataclass(slots=True)
class OperationList:
    """The operations so far; an argument is a number or the index of an earlier operation."""

    operations: list[tuple[str, object, object]] = field(default_factory=list)
    results: list[Fraction] = field(default_factory=list)

    def add(self, sign: str, one: object, other: object) -> int:
        """Append an operation, unless it is there, and return its index."""
        operation = (OPERATIONS[sign], one, other)
        if operation not in self.operations:
            self.operations.append(operation)
            first, second = (self.results[value] if isinstance(value, int) else value for value in (one, other))
            assert isinstance(first, Fraction)
            assert isinstance(second, Fraction)
            self.results.append(_applied(sign, first, second))
        return self.operations.index(operation)

    def argument(self, number: Fraction) -> object:
        """Return the index of the last operation that came to a number, else the number itself."""
        equal = (index for index, result in enumerate(self.results) if result == number)
        indices = [index for index in equal if self.operations[index][0] != "greater"]
        return indices[-1] if indices else number

    def expression(self, tokens: list[str], *, is_product: bool = False) -> object:
        """Read operands of one precedence from the left, and take their tokens away."""
        value = self._operand(tokens) if is_product else self.expression(tokens, is_product=True)
        while tokens and tokens[0] in (("*", "/") if is_product else ("+", "-")):
            sign = tokens.pop(0)
            other = self._operand(tokens) if is_product else self.expression(tokens, is_product=True)
            value = self.add(sign, value, other)
        return value

    def _operand(self, tokens: list[str]) -> object:
        first = tokens.pop(0)
        if first == "(":
            if tokens[0] == "-":  # a negative number
                number = -Fraction(tokens[1])
                del tokens[:3]
                return self.argument(number)
            value = self.expression(tokens)
            tokens.pop(0)
            return value
        return self.argument(Fraction(first))

    def down_to(self, last: int) -> str:
        """Return the operations that an operation rests on, renumbered, and that operation."""
        needed = {last}
        for index in range(last, -1, -1):
            if index in needed:
                needed |= {argument for argument in self.operations[index][1:] if isinstance(argument, int)}
        indices = sorted(needed)

        def shown(argument: object) -> str:
            if isinstance(argument, int):
                return f"#{indices.index(argument)}"
            assert isinstance(argument, Fraction)
            return written(argument).strip("()")

        chosen = (self.operations[index] for index in indices)
        return ", ".join(f"{name}({shown(one)}, {shown(other)})" for name, one, other in chosen)


def program_of(derivation: Derivation) -> str | None:
    """Return the program of a derivation that computes its answer: a figure, or yes or no by its last comparison.

    A comparison of equals that makes the answer yes has no operation in FinQA, and so no program.
    """
    shown = [step for step in derivation.steps if step.kind not in ("turn", "refute", "check", "trap")]
    claims = [claim for step in shown for claim in step.claims if not re.search(r"\d{4}-\d\d", claim)]
    if any(step.kind == "trial" for step in shown) or any(sign in claim for claim in claims for sign in ("//", "%")):
        return None
    program, last = OperationList(), None
    for claim in claims:
        comparison = re.fullmatch(r"(\S+) (?:>|<=) (\S+)", claim)
        if comparison is not None:
            one, other = (program.expression(_TOKEN.findall(side)) for side in comparison.groups())
            is_greater = ">" in claim
            if derivation.answer == ("No" if is_greater else "Yes"):  # the other way round, it comes to the answer
                one, other = other, one
            last = program.add(">", one, other)
        else:
            program.expression(_TOKEN.findall(claim.partition(" = ")[0]))
    if derivation.answer in ("Yes", "No"):
        return None if last is None or program.results[last] != (derivation.answer == "Yes") else program.down_to(last)
    figures = _FIGURE.findall(derivation.answer)
    index = program.argument(Fraction(figures[0].replace(",", ""))) if len(figures) == 1 else None
    return program.down_to(index) if isinstance(index, int) else None


def _applied(sign: str, one: Fraction, other: Fraction) -> Fraction:
    results: Sequence[Fraction] = (one + other, one - other, one * other, Fraction(one > other))
    return one / other if sign == "/" else results["+-*>".index(sign)]
