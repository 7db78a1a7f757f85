"""Solvers that are not installed with the package: an import that says which extra brings one."""

from __future__ import annotations

import importlib
from typing import Any

from open_thoughts_gen.errors import Fault, UserError


def solver_module(module: str, extra: str) -> Any:  # noqa: ANN401  (a module without types)
    """Import a solver's module.

    Raises:
        UserError: it is not installed; the hint names the extra.

    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        fault = Fault(
            f"a proof needs the package {package!r}, which is not installed",
            hint=f"pip install 'open-thoughts-gen[{extra}]'",
        )
        raise UserError(fault) from error
