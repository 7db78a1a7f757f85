"""The files of questions that a recipe reads: published beside the rows, where their licence and size allow it.

Then the published recipe names them where they lie (`questions/NAME`), and makes the same rows again from what is
published alone. A file goes along if the recipe names it alone and states a licence of it that the Hub knows, if it is
small and plain text, which `doctor` can search for secrets, and if no other file has its name.
`publish.question_files: false` keeps all back. What does not go along is said on the card. Files of other sources
(documents, datasets of the Hub) are never copied.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from open_thoughts_gen.publish.hub_rules import LICENSES
from open_thoughts_gen.recipe import Part, Recipe
from open_thoughts_gen.text import shorten

FOLDER = "questions"
MAX_BYTES = 5_000_000  # of a file
_PLAIN = frozenset({".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt", ".md"})
_SOURCE = "files"


@dataclass(frozen=True, slots=True)
class QuestionFiles:
    """The recipe as it is published, the files that go with it, and those that do not: each with the reason."""

    recipe: Recipe
    published: Sequence[Path]
    withheld: Sequence[str]

    def copy_to(self, dataset: Path) -> None:
        """Copy the files that are published into a dataset's folder."""
        for file in self.published:
            (dataset / FOLDER).mkdir(exist_ok=True)
            shutil.copyfile(file, dataset / FOLDER / file.name)


def question_files(recipe: Recipe) -> QuestionFiles:
    """Return which files of questions are published with the rows of a recipe."""
    files = [_file(part, recipe.folder) for part in recipe.sources]
    names = Counter(file.name for file in files if file)
    sources, published, withheld = [], [], []
    for part, file in zip(recipe.sources, files, strict=True):
        if part.use != _SOURCE:
            sources.append(part)
            continue
        reason = _reason(part, file, recipe, names)
        if file is None or reason:
            withheld.append(f"{shorten(_path(part), 80)} ({reason})")
            sources.append(part)
            continue
        published.append(file)
        moved = part.plugin.model_copy(update={"path": f"{FOLDER}/{file.name}"})
        sources.append(part.model_copy(update={"plugin": moved}))
    return QuestionFiles(recipe.model_copy(update={"sources": tuple(sources)}), published, withheld)


def _file(part: Part, folder: Path) -> Path | None:
    """Return the one file that a source reads; None where it reads another kind, or several."""
    path = folder / Path(_path(part)).expanduser()
    return path if part.use == _SOURCE and path.is_file() else None


def _path(part: Part) -> str:
    return str(getattr(part.plugin, "path", ""))


def _reason(part: Part, file: Path | None, recipe: Recipe, names: Counter[str]) -> str:
    """Return why a file is not published, empty if it is."""
    if not recipe.publish.question_files:
        return "kept back by its author"
    if file is None:
        return "several files, or an address"
    if getattr(part.plugin, "license", "") not in LICENSES:
        return "its licence is not stated"
    if file.suffix.lower() not in _PLAIN:
        return "not a plain text file"
    if file.stat().st_size > MAX_BYTES:
        return f"over {MAX_BYTES / 1e6:g} MB"
    return "two files have its name" if names[file.name] > 1 else ""
