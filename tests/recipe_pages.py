"""Writes a page for each shipped recipe that has no card in cards/, since a run of it needs a key, a network or files.

    python -m tests.recipe_pages         write docs/recipes.md and docs/recipes/NAME.md

A page is the card before the run, as `preview NAME --card` prints it: what the recipe decides, and a place for all that
only a run can tell. No run of stand-in data is on it.
"""

from __future__ import annotations

from pathlib import Path

from open_thoughts_gen.cli.program import PROGRAM
from open_thoughts_gen.publish.card import unfilled_card
from open_thoughts_gen.publish.markdown import authored, code, table
from open_thoughts_gen.recipe import load_recipe

ROOT = Path(__file__).parent.parent
OVERVIEW = ROOT / "docs" / "recipes.md"
FOLDER = ROOT / "docs" / "recipes"
INTRODUCTION = """\
# Recipes without a card

A run of these recipes needs a key, a network or files of yours, so nobody has paid for one here. Each page is the card
that a run would write, as far as the recipe decides it: the stages with their settings, the columns, the licence, and
how to make it. What only a run can tell has an empty place that says what will stand there. For a recipe of your own,
`python -m open_thoughts_gen preview RECIPE --card` prints the same before you pay for anything."""


def recipes_without_a_card() -> list[Path]:
    """Return the files of these recipes."""
    shipped = sorted((ROOT / "recipes").glob("*.yaml"))
    return [file for file in shipped if not (ROOT / "cards" / f"{file.stem}.md").is_file()]


def page(file: Path) -> str:
    """Return the page of a recipe."""
    card = unfilled_card(load_recipe(file), f"{PROGRAM} run {file.stem}")
    title, rest = card.split("\n\n", 1)
    printed = f"The recipe is [{file.name}](../../recipes/{file.name}); `preview {file.stem} --card` prints this page."
    return f"{title}\n\n{printed}\n\n{rest}"


def overview() -> str:
    """Return the page that lists them, each with the first line of its file."""
    rows = []
    for file in recipes_without_a_card():
        first = file.read_text("utf-8").partition("\n")[0].removeprefix("# ")
        models = dict.fromkeys(load_recipe(file).paid_models)
        rows.append((f"[{file.stem}](recipes/{file.stem}.md)", authored(first), ", ".join(map(code, models)) or "none"))
    return f"{INTRODUCTION}\n\n{table(('Recipe', 'What it makes', 'Models that it asks'), rows)}\n"


def pages() -> dict[Path, str]:
    """Return all pages by their files."""
    return {OVERVIEW: overview(), **{FOLDER / f"{file.stem}.md": page(file) for file in recipes_without_a_card()}}


def write() -> None:
    """Write the pages, and remove those of recipes that are gone."""
    FOLDER.mkdir(exist_ok=True)
    written = pages()
    for old in {*FOLDER.glob("*.md")} - written.keys():
        old.unlink()
    for file, text in written.items():
        file.write_text(text, "utf-8")


if __name__ == "__main__":
    write()
