"""The files that a source's `path:` names: one file, or a glob pattern, from the recipe's folder."""

from __future__ import annotations

import glob
from pathlib import Path

from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.text import shorten


def paths_of(pattern: str, folder: Path) -> tuple[Path, ...]:
    """Return the files in the order of their names.

    Raises:
        UserError: there is none, it is a folder, or the file system refuses it.

    """
    here = folder / Path(pattern).expanduser()
    try:
        if here.is_dir():
            hint = f"name its files: {pattern.rstrip('/')}/*.jsonl"
            raise UserError(Fault(f"{pattern!r} is a folder", hint=hint))
        matches = [here] if here.is_file() else [Path(match) for match in sorted(glob.glob(str(here), recursive=True))]
        files = [path for path in matches if path.is_file()]
        beside = [path.name for path in here.parent.iterdir()] if not files and here.parent.is_dir() else []
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        hint = "a relative path starts at the recipe's folder"
        raise UserError(Fault(f"the file {shorten(pattern, 60)!r} cannot be read: {why}", hint=hint)) from error
    if files:
        return tuple(files)
    near = did_you_mean(here.name, beside)
    hint = near if near.startswith("did") else "a relative path starts at the recipe's folder"
    raise UserError(Fault(f"there is no file {shorten(pattern, 200)!r}", hint=hint))
