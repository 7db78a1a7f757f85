"""Tokens of a model as words, for the rules that count n-grams of tokens.

The tokenizer is a local folder, or its `tokenizer.json`: nothing is downloaded. Needs the package `tokenizers`
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
        raise UserError(Fault("token n-grams need the package 'tokenizers'", hint=hint)) from error
    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        raise UserError(Fault("there is no tokenizer here", str(path), "name a folder with a tokenizer.json"))
    try:
        return Tokenizer.from_file(str(file))
    except Exception as error:
        if type(error) is not Exception:  # the package raises nothing more precise for a file that it cannot read
            raise
        raise UserError(Fault(f"this is not a tokenizer: {error}", str(file))) from error


def token_words(texts: Sequence[str], tokenizer: Tokenizer) -> Iterator[tuple[int, int, Words]]:
    """Yield the tokens of the texts from one place up to another, as `cut_words` does words."""
    for start in range(0, len(texts), BATCH):
        batch = list(texts[start : start + BATCH])
        tokens = [encoding.ids for encoding in tokenizer.encode_batch(batch, add_special_tokens=False)]
        owners = np.repeat(np.arange(len(batch), dtype=np.int32), [len(ids) for ids in tokens])
        flat = np.fromiter((token for ids in tokens for token in ids), np.uint64, owners.size)
        yield start, start + len(batch), Words(mixed(flat + np.uint64(1)), owners, len(batch))
