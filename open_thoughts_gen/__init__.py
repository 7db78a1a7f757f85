"""Make synthetic reasoning datasets from one YAML recipe.

The public face: what a plug-in author, or a notebook, imports. Names are loaded when they are first used, so importing
the package costs nothing; and nothing inside the package imports it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from open_thoughts_gen.version import VERSION

if TYPE_CHECKING:
    from open_thoughts_gen.errors import Fault as Fault
    from open_thoughts_gen.errors import OpenThoughtsError as OpenThoughtsError
    from open_thoughts_gen.errors import ProviderError as ProviderError
    from open_thoughts_gen.errors import UserError as UserError
    from open_thoughts_gen.pipeline import run_line as run_line
    from open_thoughts_gen.plugin import Context as Context
    from open_thoughts_gen.plugin import Family as Family
    from open_thoughts_gen.plugin import Filter as Filter
    from open_thoughts_gen.plugin import Problem as Problem
    from open_thoughts_gen.plugin import Source as Source
    from open_thoughts_gen.plugin import Teacher as Teacher
    from open_thoughts_gen.plugin import Verifier as Verifier
    from open_thoughts_gen.recipe import Recipe as Recipe
    from open_thoughts_gen.recipe import load_recipe as load_recipe
    from open_thoughts_gen.types import Counts as Counts
    from open_thoughts_gen.types import Derivation as Derivation
    from open_thoughts_gen.types import Dropped as Dropped
    from open_thoughts_gen.types import DropReason as DropReason
    from open_thoughts_gen.types import Finished as Finished
    from open_thoughts_gen.types import Question as Question
    from open_thoughts_gen.types import Request as Request
    from open_thoughts_gen.types import Sample as Sample
    from open_thoughts_gen.types import Step as Step
    from open_thoughts_gen.types import Trace as Trace
    from open_thoughts_gen.types import Usage as Usage
    from open_thoughts_gen.types import Verdict as Verdict

__version__ = VERSION

_HOMES = {
    "errors": ("Fault", "OpenThoughtsError", "ProviderError", "UserError"),
    "pipeline": ("run_line",),
    "plugin": ("Context", "Family", "Filter", "Problem", "Source", "Teacher", "Verifier"),
    "recipe": ("Recipe", "load_recipe"),
    "types": (
        *("Counts", "Derivation", "DropReason", "Dropped", "Finished", "Question", "Request", "Sample", "Step"),
        *("Trace", "Usage", "Verdict"),
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name from its module when it is first used."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *_HOME_OF})
