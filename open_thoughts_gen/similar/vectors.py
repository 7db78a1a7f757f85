"""Embeddings of texts by a model of a local folder, and the nearest neighbours of each.

Two kinds of model are read: static ones of model2vec, which embed tens of thousands of texts a second on one core, and
any of sentence-transformers, if that is installed. Both are read from a folder; nothing is ever downloaded.

Up to `EXACT_NUM` texts every pair is compared. Beyond, neighbours are looked up in a graph (HNSW, by usearch), which
may miss some; it is built on one thread, in a fixed order, so that it is the same each time.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from model2vec import StaticModel
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError
from usearch.index import Index

from open_thoughts_gen.errors import Fault, UserError

Vectors = NDArray[np.float32]
Encoder = Callable[[Sequence[str]], Vectors]

EXACT_NUM = 30_000
_BLOCK = 512


def encoder_of(folder: Path) -> Encoder:
    """Return what turns texts into vectors of length one; a text of which a model knows no word is a zero vector.

    Raises:
        UserError: the folder is not there, or holds no model of the two kinds.

    """
    hint = "download a model once, for example: hf download minishlab/potion-base-8M --local-dir models/potion-base-8M"
    if not folder.is_dir():
        raise UserError(Fault(f"there is no folder {folder} with an embedding model", hint=hint))
    parts = folder / "modules.json"
    if parts.is_file() and not _is_static(folder, parts):
        return _sentence_encoder(folder)
    if not _is_static(folder, parts):
        message = f"{folder} holds no model of model2vec or sentence-transformers"
        raise UserError(Fault(message, hint=hint))
    try:
        model = StaticModel.from_pretrained(folder, normalize=True)
    except (ValueError, KeyError, OSError, SafetensorError) as error:
        raise UserError(Fault(f"the model in {folder} cannot be read: {error}", hint=hint)) from error
    return partial(_encoded, model.encode, use_multiprocessing=False)


def model_folder(name: str, folder: Path) -> Path:
    """Return where a model lies: a path from a folder, or a model (owner/name) that is in the Hub's cache."""
    path = folder / Path(name).expanduser()
    if path.exists() or name.count("/") != 1:
        return path
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError):
        return path  # neither a name nor here: who reads it says so


def neighbours(vectors: Vectors, num: int) -> tuple[NDArray[np.int64], Vectors]:
    """Return for each vector the places of its nearest others, the nearest first, and their cosine, -1..1.

    Where there are fewer than `num` others, places are -1 and cosines -1.
    """
    places = np.full((len(vectors), num), -1, dtype=np.int64)
    cosines = np.full((len(vectors), num), -1.0, dtype=np.float32)
    index = _graph(vectors) if len(vectors) > EXACT_NUM else None
    for start in range(0, len(vectors), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(vectors)))
        nearest, near = _nearest(vectors, rows, num + 1) if index is None else _looked_up(index, vectors[rows], num + 1)
        for row, its, how_near in zip(rows, nearest, near, strict=True):
            others = np.flatnonzero(its != row)[:num]
            places[row, : others.size], cosines[row, : others.size] = its[others], how_near[others]
    return places, cosines


def _nearest(vectors: Vectors, rows: NDArray[np.int64], num: int) -> tuple[NDArray[np.int64], Vectors]:
    cosines = vectors[rows] @ vectors.T
    num = min(num, len(vectors))
    nearest = np.argpartition(-cosines, num - 1, axis=1)[:, :num]
    near = np.take_along_axis(cosines, nearest, axis=1)
    order = np.lexsort((nearest, -near), axis=1)
    return np.take_along_axis(nearest, order, axis=1), np.take_along_axis(near, order, axis=1)


def _graph(vectors: Vectors) -> Index:
    index = Index(ndim=vectors.shape[1], metric="ip", dtype="f32")
    index.add(np.arange(len(vectors)), vectors, threads=1)
    return index


def _looked_up(index: Index, vectors: Vectors, num: int) -> tuple[NDArray[np.int64], Vectors]:
    matches = index.search(vectors, num)
    return np.asarray(matches.keys, dtype=np.int64), 1 - np.asarray(matches.distances, dtype=np.float32)


def _is_static(folder: Path, parts: Path) -> bool:
    """Return whether a folder holds a model of model2vec. `parts` is its list of modules, if it has one.

    Such a folder can also be read as a model of sentence-transformers, so that its files alone do not tell.
    """
    if not all((folder / name).is_file() for name in ("config.json", "model.safetensors", "tokenizer.json")):
        return False
    return not parts.is_file() or "StaticEmbedding" in parts.read_text("utf-8", "replace")


def _sentence_encoder(folder: Path) -> Encoder:
    try:
        library = importlib.import_module("sentence_transformers")
    except ImportError as error:
        message = f"the model in {folder} is one of sentence-transformers, which is not installed"
        raise UserError(Fault(message, hint="pip install sentence-transformers")) from error
    model = library.SentenceTransformer(str(folder), local_files_only=True)
    return partial(_encoded, model.encode, normalize_embeddings=True)


def _encoded(encode: Callable[..., ArrayLike], texts: Sequence[str], **options: bool) -> Vectors:
    plain = [text.encode("utf-8", "replace").decode() for text in texts]  # tokenizers refuse lone surrogates
    return np.asarray(encode(plain, **options), dtype=np.float32)
