"""A derivation as a program in the manner of FinQA: `add(6140, 2315), multiply(#0, 3.25), greater(#1, 30100)`.

FinQA (Z. Chen et al., 2021) gives each question a list of operations, each of two arguments: a number, or the result
of an earlier operation by its index. Here the operations are those that a derivation claims and that its answer rests
on. A derivation that rounds, searches or tries options has no such program; its program is None.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from fractions import Fraction

from open_thoughts_gen.families.kit.work import written
from open_thoughts_gen.text.claimed import value_of
from open_thoughts_gen.types import Derivation

OPERATIONS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", ">": "greater"}
SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
NOT_REASONS = ("turn", "refute", "check", "trap")  # kinds of steps that an answer does not rest on
_FIGURE = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
Argument = int | Fraction  # the index of an earlier operation, or a number


@dataclass(slots=True)
class OperationList:
    """The operations so far, each of two arguments, and what they come to."""

    operations: list[tuple[str, Argument, Argument]] = field(default_factory=list)
    results: list[Fraction] = field(default_factory=list)

    def add(self, sign: str, one: Argument, other: Argument) -> int:
        """Append an operation, unless it is there, and return its index."""
        operation = (OPERATIONS[sign], one, other)
        if operation not in self.operations:
            first, second = (self.results[value] if isinstance(value, int) else value for value in (one, other))
            is_greater = Fraction(first > second)
            self.operations.append(operation)
            self.results.append(is_greater if sign == ">" else value_of(f"a {sign} b", {"a": first, "b": second}))
        return self.operations.index(operation)

    def argument(self, number: Fraction) -> Argument:
        """Return the index of the last operation that came to a number, else the number itself."""
        indices = [index for index, (name, *_) in enumerate(self.operations) if name != "greater"]
        return next((index for index in reversed(indices) if self.results[index] == number), number)

    def read(self, expression: str | ast.expr) -> Argument:
        """Append the operations of an expression, and return what stands for its value."""
        node = ast.parse(expression, mode="eval").body if isinstance(expression, str) else expression
        if isinstance(node, ast.BinOp):
            return self.add(SIGNS[type(node.op)], self.read(node.left), self.read(node.right))
        return self.argument(Fraction(ast.unparse(node)))

    def down_to(self, last: int) -> str:
        """Return the operations that an operation rests on, renumbered, and that operation."""
        needed = {last}
        for index in range(last, -1, -1):
            if index in needed:
                needed |= {argument for argument in self.operations[index][1:] if isinstance(argument, int)}
        indices = sorted(needed)

        def shown(value: Argument) -> str:
            return f"#{indices.index(value)}" if isinstance(value, int) else written(value).strip("()")

        chosen = (self.operations[index] for index in indices)
        return ", ".join(f"{name}({shown(one)}, {shown(other)})" for name, one, other in chosen)


def program_of(derivation: Derivation) -> str | None:
    """Return the program of a derivation that computes its answer: a figure, or yes or no by its last comparison.

    A comparison of equals that makes the answer yes has no operation in FinQA, and so no program.
    """
    shown = [step for step in derivation.steps if step.kind not in NOT_REASONS]
    claims = [claim for step in shown for claim in step.claims if not re.search(r"\d{4}-\d\d", claim)]
    if any(step.kind == "trial" for step in shown) or any(sign in claim for claim in claims for sign in ("//", "%")):
        return None
    program, last = OperationList(), None
    for claim in claims:
        comparison = re.fullmatch(r"(\S+) (?:>|<=) (\S+)", claim)
        if comparison is None:
            program.read(claim.partition(" = ")[0])
            continue
        one, other = map(program.read, comparison.groups())
        if derivation.answer == ("No" if ">" in claim else "Yes"):  # the other way round, it comes to the answer
            one, other = other, one
        last = program.add(">", one, other)
    if derivation.answer in ("Yes", "No"):
        return None if last is None or program.results[last] != (derivation.answer == "Yes") else program.down_to(last)
    figures = _FIGURE.findall(derivation.answer)
    index = program.argument(Fraction(figures[0].replace(",", ""))) if len(figures) == 1 else None
    return program.down_to(index) if isinstance(index, int) else None
