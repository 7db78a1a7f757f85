"""Writes the pages of the documentation site: those of docs/ and cards/, and a reference that is made from the code.

    python -m tests.site FOLDER          write FOLDER/zensical.toml and FOLDER/docs
    zensical build --strict -f FOLDER/zensical.toml

The reference has a page for the commands, one for the keys of a recipe, and one for each kind of plug-in with every
setting, as `list` prints them; so nothing is described twice. Links from pages to files that are not on the site lead
to the repository. Zensical is pinned below 0.1 and installed by .ci/run, in an environment of its own.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from open_thoughts_gen import plugin
from open_thoughts_gen.cli.list import first_lines, model_of_key, settings_in_file, settings_of
from open_thoughts_gen.cli.main import COMMANDS
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import FOLDERS, Kind
from open_thoughts_gen.publish.markdown import authored, code, fence, inline, table
from open_thoughts_gen.recipe import Recipe
from tests.readme import output

ROOT = Path(__file__).parent.parent
REPOSITORY = "https://github.com/open-thoughts-gen/open_thoughts_gen"
COPIED = ("docs", "cards", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
LINK = re.compile(r"(\]\()((?!https?:|mailto:|#)[^)\s]+)(\))")
HOME, HOW_TO = "docs/index.md", "How to"
ABOUT = ("docs/comparison.md", "docs/faq.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")


def main(arguments: Sequence[str]) -> int:
    """Write the site's pages and its settings into a folder, which is emptied first."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    write(parser.parse_args(arguments).folder)
    return 0


def write(folder: Path) -> dict[str, str]:
    """Write all pages and the settings below a folder; return the pages by their path on the site."""
    pages = {**copied(), **dict(reference())}
    shutil.rmtree(folder, ignore_errors=True)
    for name, page in pages.items():
        (folder / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "docs" / name).write_text(page, "utf-8")
    shutil.copytree(ROOT / "cards" / "assets", folder / "docs" / "cards" / "assets")
    (folder / "zensical.toml").write_text(settings(pages), "utf-8")
    return pages


def copied() -> dict[str, str]:
    """Return the pages that people wrote, by their path on the site, each with its links turned to the site."""
    files = [
        path for name in COPIED for path in ([ROOT / name] if name.endswith(".md") else (ROOT / name).rglob("*.md"))
    ]
    there = {path: on_site(path) for path in files}
    return {name: turned(path, there) for path, name in sorted(there.items())}


def on_site(path: Path) -> str:
    """Return the path on the site of a page of the repository: what is in docs/ stands at the top."""
    return path.relative_to(ROOT).as_posix().removeprefix("docs/")


def turned(path: Path, there: dict[Path, str]) -> str:
    """Return the text of a page whose links lead to other pages of the site, else to the repository."""
    page = path.read_text("utf-8")
    if page.startswith("---\n"):  # a card's front matter is for the Hub
        page = page.partition("\n---\n")[2]

    def turn(found: re.Match[str]) -> str:
        target, hash_mark, anchor = found[2].partition("#")
        file = Path(os.path.normpath(path.parent / target))
        if file in there:
            target = os.path.relpath(there[file], Path(on_site(path)).parent)
        elif file.exists() and file.is_relative_to(ROOT) and "assets" not in file.parts:
            kind = "tree" if file.is_dir() else "blob"
            target = f"{REPOSITORY}/{kind}/main/{file.relative_to(ROOT).as_posix()}"
        return f"{found[1]}{target}{hash_mark}{anchor}{found[3]}"

    # What stands between tags is read as Markdown there only where it is said to be.
    return LINK.sub(turn, page.replace("<details><summary>", '<details markdown="1"><summary>'))


def reference() -> Iterator[tuple[str, str]]:
    """Yield the pages that are made from the code, each with its path on the site."""
    yield "reference/commands.md", commands()
    yield "reference/recipe.md", keys()
    kinds: tuple[Kind, ...] = get_args(Kind)
    for kind in kinds:
        yield f"reference/{FOLDERS[kind]}.md", plugins(kind)


def commands() -> str:
    """Return the page of all commands: what `--help` prints for each."""
    parts = ["# Commands", fence(output("python -m open_thoughts_gen --help"))]
    for command in COMMANDS:
        parts += [f"## {command.name}", fence(output(f"python -m open_thoughts_gen {command.name} --help"))]
    return "\n\n".join(parts) + "\n"


def keys() -> str:
    """Return the page of a recipe's keys, and of the settings of those that have some."""
    parts = ["# The keys of a recipe", "In the order in which rows flow."]
    parts.append(settings_table(settings_of(Recipe, "recipe")))
    for key in Recipe.model_fields:
        if model := model_of_key(key):
            parts += [f"## {key}", settings_table(settings_of(model, key))]
    return "\n\n".join(parts) + "\n"


def plugins(kind: Kind) -> str:
    """Return the page of one kind of plug-in: each with what its file says of it, and every setting."""
    parts = [f"# {FOLDERS[kind].capitalize()}"]
    for name, first in first_lines(kind).items():
        try:
            loaded = plugin.load(kind, name)
        except UserError:  # what it needs is not installed here
            parts += [f"## {name}", inline(first), settings_table(settings_in_file(kind, name))]
            continue
        module = inspect.getdoc(inspect.getmodule(loaded)) or first
        said = module if module.startswith(first) else f"{first}\n\n{module}"
        parts += [f"## {name}", authored(said), settings_table(settings_of(loaded, f"{kind} {name}"))]
    return "\n\n".join(parts) + "\n"


def settings_table(rows: Sequence[tuple[str, str, str, str]]) -> str:
    """Return settings as a table, or that there are none."""
    if not rows:
        return "It has no settings."
    head = ("Setting", "Type", "Default", "Meaning")
    return table(
        head, [(code(name), inline(kind), code(default), in_a_cell(meaning)) for name, kind, default, meaning in rows]
    )


def in_a_cell(said: str) -> str:
    """Return the code's own Markdown as a cell of a table."""
    return authored(" ".join(said.split())).replace("|", "\\|")


def settings(pages: dict[str, str]) -> str:
    """Return zensical.toml, with every page in the navigation."""
    below = {
        name: [page for page in sorted(pages) if page.startswith(f"{name}/")]
        for name in ("families", "cards", "recipes", "reference")
    }
    below["recipes"].insert(0, "recipes.md")
    about = [on_site(ROOT / name) for name in ABOUT]
    rest = {"index.md", "tutorial.md", *about, *(page for each in below.values() for page in each)}
    sections = {
        HOW_TO: [page for page in sorted(pages) if page not in rest],
        "Reference": below["reference"],
        "Families": below["families"],
        "Cards": below["cards"],
        "Recipes without a card": below["recipes"],
        "About": about,
    }
    nav = "".join(f"  {{ {json.dumps(name)} = {json.dumps(inside)} }},\n" for name, inside in sections.items())
    return f"""[project]
site_name = "open_thoughts_gen"
site_description = "Synthetic reasoning datasets from one recipe: proved, cleaned, and published with a card"
site_url = "https://open-thoughts-gen.github.io/open_thoughts_gen/"
repo_url = "{REPOSITORY}"
docs_dir = "docs"
site_dir = "site"
nav = [
  "index.md",
  "tutorial.md",
{nav}]

[project.theme]
font = false
features = ["navigation.sections", "navigation.top", "navigation.footer", "content.code.copy", "search.highlight"]

[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"

[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"
"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
