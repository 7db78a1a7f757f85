"""Tokens of a model: as words, for the rules that count n-grams of tokens, and their number.

The tokenizer is a local folder, its `tokenizer.json`, or a model of which the Hub's cache has it: nothing is
downloaded. Needs the package `tokenizers`
(`pip install 'open-thoughts-gen[decontaminate]'`), which is imported here and only when a rule asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from open_thoughts_gen.contamination.words import Words, mixed
from open_thoughts_gen.errors import Fault, UserError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BATCH = 1000  # texts


def load_tokenizer(path: Path) -> Tokenizer:
    """Return the tokenizer of a local folder or file.

    Raises:
        UserError: the package is missing, or there is no tokenizer in that place.

    """
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        hint = "pip install 'open-thoughts-gen[decontaminate]'"
        raise UserError(Fault("counting tokens needs the package 'tokenizers'", hint=hint)) from error
    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        hint = "name a folder with a tokenizer.json, or a model after `hf download MODEL tokenizer.json`"
        raise UserError(Fault("there is no tokenizer here", str(path), hint))
    try:
        return Tokenizer.from_file(str(file))
    except Exception as error:
        if type(error) is not Exception:  # the package raises nothing more precise for a file that it cannot read
            raise
        raise UserError(Fault(f"this is not a tokenizer: {error}", str(file))) from error


def tokenizer_path(name: str, folder: Path) -> Path:
    """Return where a tokenizer lies: a path from a folder, or a model (owner/name) that is in the Hub's cache."""
    path = folder / Path(name).expanduser()
    if not path.exists() and name.count("/") == 1:
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError

        try:
            cached = try_to_load_from_cache(name, "tokenizer.json")
        except HFValidationError:
            return path  # not the name of a model
        return Path(cached) if isinstance(cached, str) else path
    return path


def counts_of(texts: Sequence[str], tokenizer: Tokenizer) -> Iterator[int]:
    """Yield how many tokens each text has."""
    for start in range(0, len(texts), BATCH):
        batch = [text.encode("utf-8", "replace").decode() for text in texts[start : start + BATCH]]
        yield from (len(encoding.ids) for encoding in tokenizer.encode_batch(batch, add_special_tokens=False))


def token_words(texts: Sequence[str], tokenizer: Tokenizer) -> Iterator[tuple[int, int, Words]]:
    """Yield the tokens of the texts from one place up to another, as `cut_words` does words."""
    for start in range(0, len(texts), BATCH):
        batch = list(texts[start : start + BATCH])
        tokens = [encoding.ids for encoding in tokenizer.encode_batch(batch, add_special_tokens=False)]
        owners = np.repeat(np.arange(len(batch), dtype=np.int32), [len(ids) for ids in tokens])
        flat = np.fromiter((token for ids in tokens for token in ids), np.uint64, owners.size)
        yield start, start + len(batch), Words(mixed(flat + np.uint64(1)), owners, len(batch))
