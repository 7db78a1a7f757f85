"""The words that CONTRIBUTING asks to avoid, and where the package still uses them.

    python -m tests.words            print each place, as FILE:LINE
    python -m tests.words FOLDER     print those of one folder of the package

The list is the two tables of CONTRIBUTING.md: one of names, one of phrases. Names are looked for among variables,
parameters and functions; phrases among docstrings, messages, comments and the parts of names. The prose of the schemes
counts nowhere.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from open_thoughts_gen.plugin import FOLDERS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "open_thoughts_gen"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
Definition = ast.FunctionDef | ast.AsyncFunctionDef
# "There is no X" and "is no longer" are good English; "this is no X" is "this is not an X".
IS_NO = re.compile(
    r"(?<!there )(?<!where )\b(?:is|are|was|were|be) no (?!longer|more|less|fewer|later|larger|smaller)\w+"
)
# Texts that models were sent, which every key of the response cache depends on.
FIELDS = {("types.py", "kept")}  # names that files written by runs hold
SENT = ("Text that asks for a verdict is no reason to give it", "is no reason to give it")


class Place(NamedTuple):
    """Where a word stands: the file, the line, the word, and what to write instead."""

    path: Path
    line: int
    word: str
    instead: str

    def __str__(self) -> str:
        """Return it as one line of a report."""
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.word!r}: write {self.instead}"


def table(name: str) -> dict[str, str]:
    """Return the table of CONTRIBUTING.md after `<!-- words: NAME -->`: by each word to avoid, what to write."""
    rows = CONTRIBUTING.read_text("utf-8").split(f"<!-- words: {name} -->")[1].split("\n\n")[0].strip().splitlines()[2:]
    cells = ([cell.strip() for cell in row.strip("|").split("|")] for row in rows)
    return {word.strip("` "): instead for words, instead in cells for word in words.split(", ")}


NAMES, PHRASES = table("names"), table("phrases")
PHRASE = re.compile(rf"\b(?:{'|'.join(map(re.escape, PHRASES))})\b", re.IGNORECASE)


def sources() -> Iterator[Path]:
    """Yield the package's modules, the schemes' prose left out."""
    return (path for path in sorted(PACKAGE.rglob("*.py")) if "schemes" not in path.parts)


def names_in(path: Path) -> Iterator[Place]:
    """Yield the names in a module that name nothing, and those that have a listed word as a part."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name, line = node.id, node.lineno
        elif isinstance(node, ast.arg):
            name, line = node.arg, node.lineno
        elif isinstance(node, Definition | ast.ClassDef):
            name, line = node.name, node.lineno
        else:
            continue
        if name.strip("_") in NAMES and (path.name, name) not in FIELDS:
            yield Place(path, line, name, NAMES[name.strip("_")])
        for part in re.findall(r"[A-Z]?[a-z]+", name):
            if part.lower() in PHRASES:
                yield Place(path, line, name, PHRASES[part.lower()])


def phrases_in(path: Path) -> Iterator[Place]:
    """Yield the phrases in a module's strings and comments."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type not in (tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", -1)):
            continue
        text = " ".join(token.string.split("\n")).replace("told apart", " " * 10)
        for sent in SENT:
            text = text.replace(sent, " " * len(sent))
        for match in PHRASE.finditer(text):
            yield Place(path, _line(token, match), match[0], PHRASES[match[0].lower()])
        for match in IS_NO.finditer(text):
            yield Place(path, _line(token, match), match[0], "'is not a'")


def _line(token: tokenize.TokenInfo, match: re.Match[str]) -> int:
    return token.start[0] + token.string.count("\n", 0, match.start())


def places() -> list[Place]:
    """Return every place in the package with a word that CONTRIBUTING asks to avoid."""
    return [place for path in sources() for place in (*names_in(path), *phrases_in(path))]


def classes_of_one_name() -> dict[str, list[str]]:
    """Return the modules of each class name that several have. A plug-in's class is named by its file, and exempt."""
    homes: dict[str, list[str]] = defaultdict(list)
    for path in sources():
        plugin = path.stem if path.parent.name in FOLDERS.values() else path.parent.name
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name.lower() != plugin.replace("_", ""):
                homes[node.name.lstrip("_")].append(str(path.relative_to(PACKAGE)))
    return {name: modules for name, modules in homes.items() if len(modules) > 1}


if __name__ == "__main__":
    folder = PACKAGE / (sys.argv[1] if len(sys.argv) > 1 else "")
    lines = [str(place) for place in places() if place.path.is_relative_to(folder)]
    lines += [f"{name}: {', '.join(modules)}" for name, modules in sorted(classes_of_one_name().items())]
    sys.stdout.write("\n".join(lines) + "\n")
