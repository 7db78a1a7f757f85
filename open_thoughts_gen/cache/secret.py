"""A secret that belongs to a response cache: random bytes in a file beside it, made when they are first asked for.

Prompts that must not be foreseen by whoever wrote the data in them take a code from it. Such a prompt is the same as
long as the secret is, so the cache goes on answering it; a cache that was moved without the file asks again.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from open_thoughts_gen.errors import Fault, UserError

_NUM_BYTES = 32


def secret_of(cache: Path) -> bytes:
    """Return the secret of a cache's file; every process that uses the cache gets the same.

    Raises:
        UserError: it can be neither read nor written.

    """
    path = cache.with_name(f"{cache.name}.secret")
    try:
        if not path.exists():
            _write_once(path, secrets.token_bytes(_NUM_BYTES))
        secret = path.read_bytes()
    except OSError as error:
        hint = "the cache's folder must be one where you may write; choose another with --cache"
        raise UserError(Fault(f"{path} cannot be used: {error.strerror}", hint=hint)) from error
    if len(secret) != _NUM_BYTES:
        raise UserError(Fault(f"{path} is not a secret of {_NUM_BYTES} bytes", hint="delete it, and another is made"))
    return secret


def _write_once(path: Path, secret: bytes) -> None:
    """Write the file whole, unless another process was first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(partial, path)
    finally:
        partial.unlink()
