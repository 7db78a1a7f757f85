"""Counts that say how easy the package is to read: the length of functions, private ones used once, repeated lines.

    python -m tests.house_counts              print the figures of the package
    python -m tests.house_counts used-once    print the private functions that are used once, by folder
    python -m tests.house_counts shared       print the places that share twelve lines

A private function that is used once is a name to look up where a line could stand. Some deserve their name; many do
not, so the share of them among all functions is bounded and not each of them. The prose of the schemes counts nowhere.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "open_thoughts_gen"
SHARED_LINES = 12
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """A function or method: where it is, its lines (decorators left out), and how often its module names it."""

    path: Path
    name: str
    first_line: int
    num_lines: int
    num_uses: int

    @property
    def is_used_once(self) -> bool:
        """Whether it is private and its module names it once."""
        return self.name.startswith("_") and not self.name.endswith("__") and self.num_uses == 1

    def __str__(self) -> str:
        """Return where it is, for an editor to jump to."""
        return f"{self.path.relative_to(ROOT)}:{self.first_line} {self.name} ({self.num_lines} lines)"


def sources() -> Iterator[Path]:
    """Yield the package's modules, the schemes' prose left out."""
    return (path for path in sorted(PACKAGE.rglob("*.py")) if "schemes" not in path.parts)


def functions(path: Path) -> Iterator[Function]:
    """Yield the functions of a module, nested ones and methods included.

    A method that modules beside it call as `self._name`, without a function of that name, is theirs as well: a class is
    often written over several modules.
    """
    definitions, uses = _names(path)
    for other in path.parent.glob("*.py"):
        if other != path:
            theirs, calls = _names(other)
            defined = {definition.name for definition in theirs}
            uses = uses + Counter({name: num for name, num in calls.items() if name not in defined})
    for definition in definitions:
        num_lines = (definition.end_lineno or definition.lineno) - definition.lineno + 1
        yield Function(path, definition.name, definition.lineno, num_lines, uses[definition.name])


@cache
def _names(path: Path) -> tuple[list[Definition], Counter[str]]:
    """Return what a module defines, and how often it uses each name."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    uses = Counter(node.id for node in nodes if isinstance(node, ast.Name))
    uses += Counter(node.attr for node in nodes if isinstance(node, ast.Attribute))
    return [node for node in nodes if isinstance(node, Definition)], uses


def every_function() -> list[Function]:
    """Return every function of the package."""
    return [function for path in sources() for function in functions(path)]


def shared_lines(num_lines: int = SHARED_LINES) -> list[str]:
    """Return each place that shares `num_lines` lines of code with an earlier one; imports do not count."""
    first_places: dict[tuple[str, ...], tuple[Path, int]] = {}
    shared = []
    for path in sources():
        lines = _lines_of_code(path)
        for start in range(len(lines) - num_lines + 1):
            window = tuple(text for _, text in lines[start : start + num_lines])
            place = (path, lines[start][0])
            earlier = first_places.setdefault(window, place)
            if earlier != place:
                shared.append(" = ".join(f"{file.relative_to(ROOT)}:{line}" for file, line in (earlier, place)))
    return shared


def _lines_of_code(path: Path) -> list[tuple[int, str]]:
    text = path.read_text(encoding="utf-8")
    left_out: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            left_out.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    numbered = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if number not in left_out)
    return [(number, line) for number, line in numbered if line and not line.startswith("#")]


def first_level() -> list[str]:
    """Return the modules and packages at the first level of the package."""
    folders = {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py")}
    return sorted(folders)


def used_once_share(counted: list[Function]) -> float:
    """Return the share of all functions that are private and used once, from 0 to 1."""
    return sum(function.is_used_once for function in counted) / len(counted)


def by_folder(counted: list[Function]) -> str:
    """Return the private functions that are used once, under the folder or module of the first level that has them."""
    rooms: dict[str, list[Function]] = defaultdict(list)
    for function in counted:
        rooms[function.path.relative_to(PACKAGE).parts[0]].append(function)
    blocks = []
    for room, here in sorted(rooms.items()):
        once = sorted((function for function in here if function.is_used_once), key=lambda each: each.num_lines)
        blocks.append("\n".join([f"{room}: {len(once)} of {len(here)}", *(f"  {function}" for function in once)]))
    return "\n".join(blocks)


def figures(counted: list[Function]) -> str:
    """Return the counts of the package, one a line."""
    longest = max(counted, key=lambda function: function.num_lines)
    num_over = sum(function.num_lines > 50 for function in counted)
    return "\n".join(
        [
            f"functions: {len(counted)}",
            f"longest: {longest}; over 50 lines: {num_over}",
            f"private and used once: {used_once_share(counted):.1%}",
            f"places that share {SHARED_LINES} lines: {len(shared_lines())}",
            f"modules and packages at the first level: {len(first_level())}",
        ]
    )


if __name__ == "__main__":
    asked = sys.argv[1:]
    if asked == ["used-once"]:
        sys.stdout.write(by_folder(every_function()) + "\n")
    elif asked == ["shared"]:
        sys.stdout.write("\n".join(shared_lines()) + "\n")
    else:
        sys.stdout.write(figures(every_function()) + "\n")
