"""Files at a URL as files of this machine: `s3://`, `gs://`, `https://`, `hf://` and whatever else fsspec knows.

Each file is fetched once and stays beside the response cache, by its address and by what the store says of its version
(`ukey`: a checksum, a size, a date), so a changed file is fetched again. Without a network the files of the last run
are read. What a store needs to let somebody in belongs into the environment: an address with a password is refused,
because addresses stand in recipes and on cards.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.text import shorten

FOLDER = "files"
_GLOB = frozenset("*?[")


def is_url(path: str) -> bool:
    """Return whether a path is an address rather than a path of this machine."""
    return "://" in path


def fetched(url: str, folder: Path) -> tuple[Path, ...]:
    """Return the files at an address, or at those that a glob pattern matches, in the order of their names.

    `folder` is where the response cache lies.

    Raises:
        UserError: there is none, the store cannot be reached and was not read before, or the address has a password.

    """
    from aiohttp import ClientError  # a recipe is read without

    if urlsplit(url).password:
        hint = "set it in the environment, as the store's own tools read it"
        raise UserError(Fault("an address must not hold a password", hint=hint))
    copies = folder / FOLDER / hashlib.sha256(url.encode()).hexdigest()[:16]
    listing = copies / "listing.json"
    try:
        paths = _fetch(url, copies)
    except (OSError, ValueError, RuntimeError, ImportError, ClientError) as error:
        if (before := _listed(listing)) and isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            return before
        raise _fault(url, error) from error
    listing.write_text(json.dumps([path.relative_to(copies).as_posix() for path in paths]), encoding="utf-8")
    return paths


def _fetch(url: str, copies: Path) -> tuple[Path, ...]:
    from fsspec.core import url_to_fs

    store, pattern = url_to_fs(url)
    names = sorted(map(str, store.glob(pattern))) if _GLOB & set(pattern) else [pattern]
    if not names:
        raise UserError(Fault(f"no file matches {shorten(url, 200)!r}", hint="look at it with the store's own tools"))
    return tuple(_copy_of(store, name, copies) for name in names)


def _copy_of(store: Any, name: str, copies: Path) -> Path:  # noqa: ANN401  (a file system of fsspec has no type)
    """Return where a file of a store lies on this machine; fetch it if it is not here in its present version."""
    version = hashlib.sha256(f"{name}\n{store.ukey(name)}".encode()).hexdigest()[:16]
    path = copies / version / (PurePosixPath(urlsplit(name).path or name).name or "file")
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        store.get_file(name, str(beside))
        beside.replace(path)
    return path


def _listed(listing: Path) -> tuple[Path, ...]:
    """Return the files of the last run, none if one is missing."""
    try:
        names: Sequence[str] = json.loads(listing.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()  # never read before
    paths = tuple(listing.parent / name for name in names)
    return paths if all(path.is_file() for path in paths) else ()


def _fault(url: str, error: Exception) -> UserError:
    shown, why = shorten(url, 200), shorten(str(error), 200)
    if isinstance(error, ImportError):
        return UserError(Fault(f"{shown!r} needs a package of its store: {why}", hint="install it with pip"))
    if isinstance(error, FileNotFoundError):
        return UserError(Fault(f"there is no file {shown!r}"))
    return UserError(Fault(f"{shown!r} cannot be read: {type(error).__name__}: {why}", hint="try again with a network"))
