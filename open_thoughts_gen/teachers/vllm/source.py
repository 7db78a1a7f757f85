"""Where a model is, in a local folder (or a GGUF file) or on the Hub; and its name in the response cache.

A folder is named by what is in it, not by its path: the names and sizes of its files, and the first and last MiB of
each, so that a checkpoint that was trained further is another model, and one that was moved is the same. So the folder
has to be there when its answers are read from the cache; vLLM need not be. A model on the Hub is named by its id and
the revision, which is worth giving: without it the answers of whatever the Hub holds today count as this model's.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from open_thoughts_gen.errors import Fault, UserError

_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
_PATHS = ("/", "./", "../", "~", ".\\")
_FILES = frozenset({".json", ".jinja", ".txt", ".model", ".tiktoken", ".safetensors", ".bin", ".pt", ".pth", ".gguf"})
_CONFIGS = ("config.json", "params.json")
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelSource:
    """What vLLM loads (a path, or an id on the Hub), and the name of the model in keys of the cache."""

    argument: str
    name: str
    is_local: bool


def short_name(model: str) -> str:
    """Return a model's name in rows and cards: its id, or its folder's name, never the folder's path."""
    if model.startswith(_PATHS):
        return Path(os.path.normpath(Path(model).expanduser())).name or "model"
    return model.rstrip("/")


def find(model: str, folder: Path) -> ModelSource:
    """Return where a model is; relative paths start at `folder`.

    Raises:
        UserError: there is no such folder, it holds no model, or this is not an id on the Hub.

    """
    path = folder / Path(model).expanduser()
    if not path.exists():
        if model.startswith(_PATHS):
            raise UserError(Fault(f"there is no model folder {model!r}", hint="name a folder, or a model on the Hub"))
        if not _ID.fullmatch(model):
            raise UserError(Fault(f"{model!r} is neither a folder nor a model on the Hub", hint="write OWNER/NAME"))
        return ModelSource(model, model, is_local=False)
    name = short_name(os.path.abspath(path))
    if path.is_file() and path.suffix == ".gguf":
        files = [path]
    elif any((path / config).is_file() for config in _CONFIGS):
        files = sorted(file for file in path.iterdir() if file.suffix in _FILES and file.is_file())
    else:
        hint = f"name a folder with a {_CONFIGS[0]}, or a .gguf file"
        raise UserError(Fault(f"{model!r} holds no model", hint=hint))
    return ModelSource(os.path.abspath(path), f"{name}@{_fingerprint(files)}", is_local=True)


def _fingerprint(files: list[Path]) -> str:
    """Return 16 hex digits of a hash over names, sizes, and both ends of each file."""
    digest = hashlib.sha256()
    try:
        for file in files:
            with file.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                digest.update(f"{file.name}\0{size}\0".encode())
                digest.update(stream.read(_BLOCK))
                stream.seek(max(_BLOCK, size - _BLOCK))
                digest.update(stream.read(_BLOCK))
    except OSError as error:
        raise UserError(Fault(f"the model cannot be read: {error}", hint="check its permissions")) from error
    return digest.hexdigest()[:16]
