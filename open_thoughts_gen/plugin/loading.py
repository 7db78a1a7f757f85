"""How a name in a recipe becomes a plug-in.

The name in the YAML is the file name: `use: near_dedup` under a filters key is `filters/near_dedup.py`, class
`NearDedup`. Nothing is registered. A third-party plug-in is `use: their_package.module:TheirClass`; a module
that is not installed is looked for beside the recipe and in the current folder, after everything that is.

Plug-ins are imported only when a recipe names them, so a heavy import stands at the top of its own file.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import pkgutil
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Literal

from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.plugin.contracts import (
    PACKAGE,
    Context,
    Family,
    Filter,
    Plugin,
    Problem,
    Source,
    Teacher,
    Verifier,
)
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import Question

PACKAGE_FOLDER = Path(__file__).parent.parent

Kind = Literal["source", "teacher", "verifier", "filter", "family"]
FOLDERS: dict[str, str] = {
    "source": "sources",
    "teacher": "teachers",
    "verifier": "verifiers",
    "filter": "filters",
    "family": "families",
}
BASES: dict[str, type[Plugin]] = {
    "source": Source,
    "teacher": Teacher,
    "verifier": Verifier,
    "filter": Filter,
    "family": Family,
}


KIT = "kit"  # beside the families: what they are written with, for third-party families too


def names(kind: Kind) -> list[str]:
    """Return the names of the plug-ins of one kind that the package brings, without importing any."""
    folder = PACKAGE_FOLDER / FOLDERS[kind]
    modules = (module.name for module in pkgutil.iter_modules([str(folder)]))
    return sorted(name for name in modules if not name.startswith("_") and name != KIT)


def load(kind: Kind, use: str) -> type[Plugin]:
    """Return the plug-in class that a recipe names.

    Raises:
        UserError: no such plug-in, it cannot be imported, or the class is of another kind.

    """
    if ":" in use:
        module_name, _, class_name = use.partition(":")
        module = _third_party(kind, use, module_name)
    else:
        if use not in names(kind):
            raise UserError(Fault(f"there is no {kind} {use!r}", hint=did_you_mean(use, names(kind))))
        module_name = f"{PACKAGE}.{FOLDERS[kind]}.{use}"
        class_name = "".join(part.title() for part in use.split("_"))
        module = _built_in(kind, use, module_name)
    attribute = getattr(module, class_name, None)
    if not (isinstance(attribute, type) and issubclass(attribute, BASES[kind])):
        raise UserError(
            Fault(
                f"{module_name} has no {kind} class {class_name!r}",
                hint=f"it must subclass {PACKAGE}.{BASES[kind].__name__}",
            )
        )
    return attribute


def look_in(folder: Path) -> None:
    """Let third-party plug-ins be found in a folder too; worker processes look there as well."""
    path = os.path.realpath(folder)
    _LOOKED_IN[:] = [*(other for other in _LOOKED_IN if other != path), path]
    if path not in sys.path:
        sys.path.append(path)  # last, so that no file there hides an installed module


def looked_in() -> list[str]:
    """Return the folders in which third-party plug-ins are found, for processes that do not come from this one."""
    return list(_LOOKED_IN)


_LOOKED_IN: list[str] = []


def _built_in(kind: Kind, use: str, module_name: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except ImportError as error:
        missing = error.name or module_name
        if missing.startswith(PACKAGE):
            raise
        fault = Fault(
            f"{kind} {use!r} needs the package {missing!r}, which is not installed",
            hint=f"pip install 'open-thoughts-gen[{use}]'",
        )
        raise UserError(fault) from error


def _third_party(kind: Kind, use: str, module_name: str) -> ModuleType:
    look_in(Path.cwd())
    importlib.invalidate_caches()
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or module_name
        if f"{module_name}.".startswith(f"{missing}."):
            file = f"{missing.replace('.', '/')}.py"
            hint = f"put {file} there, or install the package that holds it"
            where = " and ".join(_LOOKED_IN[-2:])  # the recipe's folder and this one
            raise UserError(Fault(f"{kind} {use!r}: there is no {file} in {where}", hint=hint)) from error
        raise _broken(kind, use, error) from error
    except (Exception, SystemExit) as error:  # a third-party module can raise anything
        raise _broken(kind, use, error) from error


def _broken(kind: Kind, use: str, error: BaseException) -> UserError:
    """Return the fault of a third-party module that cannot be imported, with its file and line."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = (__file__, importlib.__file__)
    places = [f"{f.filename}:{f.lineno}" for f in frames if f.filename not in ours and not f.filename.startswith("<")]
    if isinstance(error, SyntaxError) and error.filename:
        places = [f"{error.filename}:{error.lineno}"]
    said = shorten(f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}", 200)
    where = f" at {places[0]}" if places else ""
    return UserError(Fault(f"{kind} {use!r} cannot be imported{where}: {said}", hint="fix that module"))


def family_of(question: Question) -> str | None:
    """Return the name of the family that a question was drawn from; None if it comes from no family.

    A row counts as a family's only if its `source` says so too, so that a file of questions cannot name code to load.
    """
    name = question.meta.get("family")
    drawn = isinstance(name, str) and question.source == f"family:{name}" and "spec" in question.meta
    return name if drawn else None


def problem_of(question: Question) -> tuple[Family, Problem] | None:
    """Return the family and the problem that a question was drawn from; None if it comes from no family."""
    name = family_of(question)
    if name is None:
        return None
    family = load_family(name, json.dumps(question.meta.get("settings", {}), sort_keys=True))
    return family, Problem(question.prompt, question.meta["spec"])


@functools.lru_cache(maxsize=64)
def load_family(use: str, settings: str = "{}") -> Family:
    """Return a family by its name and its settings (JSON); the same one for the same words, in each process."""
    family = load("family", use).model_validate_json(settings, strict=True).fresh(Context())
    if not isinstance(family, Family):
        raise TypeError(f"{use} is not a family")
    return family
