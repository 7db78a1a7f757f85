"""The recipes that come with the package, by their names: `run legal` needs no file.

They stand once, in `recipes/` of the repository. A wheel carries them as data files (`share/open_thoughts_gen/recipes`
below the environment), where they are found by the list of files that every installed package has, so that
`pip install --user` and `--target` are right too. In a checkout, installed as editable or not at all, the folder itself
is read, so that a change in it counts at once.

A file of the user goes before a shipped recipe of the same name. A folder does not: `run legal` works beside `legal/`.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from open_thoughts_gen.errors import Fault, UserError, did_you_mean

_CHECKOUT = Path(__file__).resolve().parents[2]
_DISTRIBUTION, _FOLDER = "open-thoughts-gen", "share/open_thoughts_gen/recipes"


def shipped_recipes() -> dict[str, Path]:
    """Return the file of each shipped recipe, by its name."""
    files = sorted((_CHECKOUT / "recipes").glob("*.yaml"))
    if not (_CHECKOUT / "pyproject.toml").is_file():
        files = installed_recipes(_DISTRIBUTION)
    return {file.stem: file for file in files}


def installed_recipes(distribution: str) -> list[Path]:
    """Return the files of recipes that an installed distribution brought, in order; none where it is not installed."""
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return []
    recipes = (file for file in files if file.suffix == ".yaml" and file.parent.as_posix().endswith(_FOLDER))
    return sorted(Path(str(file.locate())).resolve() for file in recipes)


def recipe_file(word: str) -> Path:
    """Return the file that is meant by what a user wrote: a path, or the name of a shipped recipe.

    Raises:
        UserError: it is a bare name, and there is neither such a file nor such a shipped recipe.

    """
    path = Path(word)
    is_name = not path.suffix or word in shipped_recipes()  # a name may hold a dot
    if not is_name or len(path.parts) != 1 or path.is_file():
        return path
    return shipped_recipe(word)


def shipped_recipe(name: str) -> Path:
    """Return the file of a shipped recipe.

    Raises:
        UserError: there is no such recipe.

    """
    shipped = shipped_recipes()
    if name not in shipped:
        hint = did_you_mean(name, shipped) or "name a recipe's file, such as recipes/legal.yaml"
        raise UserError(Fault(f"there is no shipped recipe {name!r}, and no file of this name", hint=hint))
    return shipped[name]
