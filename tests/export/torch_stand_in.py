"""A stand-in for torch, which lighteval imports and which is 3 GB: enough to load its registry and to score answers.

lighteval names torch's classes in annotations and as bases of metrics that no task here uses. Nothing is computed.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Anything:
    """Whatever class of torch is named."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __init_subclass__(cls, **_: object) -> None: ...


class _Torch(ModuleType):
    """torch, or a module of it: any name in it is a class or a module, and called it returns the function given."""

    __path__: list[str] = []  # noqa: RUF012  (as a package has it)
    __version__ = "0"

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if name[0].isupper():
            return type(name, (_Anything,), {})
        full = f"{self.__name__}.{name}"
        return sys.modules.setdefault(full, _Torch(full))

    def __call__(self, *given: object, **_: object) -> object:
        return given[0] if given and callable(given[0]) else self


class _Finder(MetaPathFinder, Loader):
    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name.partition(".")[0] == "torch" else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Torch(spec.name)

    def exec_module(self, module: ModuleType) -> None: ...


def stand_in() -> None:
    """Let `import torch` succeed."""
    sys.meta_path.insert(0, _Finder())
