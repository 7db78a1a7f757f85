"""How a file is opened: its compression, its encoding, its delimiter; detected where they are not set.

Compression is seen from the first bytes (gzip, zstd), an encoding from its byte-order mark or, for UTF-16 and UTF-32
without one, from where the zero bytes stand. Everything else is UTF-8 unless `encoding` says otherwise: an 8-bit code
page cannot be told from another, so none is guessed. Bytes that the encoding does not know become a mark, by which
whoever splits the text into rows finds the row that they spoil.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias, cast

import zstandard

from open_thoughts_gen.errors import Fault, UserError

Format: TypeAlias = Literal["jsonl", "csv", "tsv", "parquet", "text"]
Compression: TypeAlias = Literal["gzip", "zstd"]

BAD_BYTES = "\udcff"  # stands in the text for bytes that the encoding does not know
_MARK_BAD_BYTES = "open_thoughts_gen.mark_bad_bytes"
_SAMPLE = 1 << 12
_CHUNK = 1 << 16  # bytes
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC: dict[bytes, Compression] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_UNREAD_MAGIC = {b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"PK\x03\x04": "zip", b"7z\xbc\xaf": "7z"}
_POINTER = b"version https://git-lfs.github.com/"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is to be read; what is None is detected.

    `trust_quotes` takes a quoted cell of a CSV file as it stands, even where the lines in it look like rows.
    """

    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = None
    trust_quotes: bool = False


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return BAD_BYTES, error.end


codecs.register_error(_MARK_BAD_BYTES, _mark)


def compression_of(path: Path) -> Compression | None:
    """Return how a file is compressed, as its first bytes say.

    Raises:
        UserError: it stands for a file that has not been downloaded, or is compressed in a way that is not read.

    """
    with path.open("rb") as file:
        start = file.read(40)
    if start.startswith(_POINTER):
        hint = "download the file itself, by `git lfs pull` or `hf download`"
        raise UserError(Fault("this is a Git LFS pointer, not the file", where=path.name, hint=hint))
    unread = next((name for magic, name in _UNREAD_MAGIC.items() if start.startswith(magic)), None)
    if unread is not None:
        hint = "decompress it first, or compress it by gzip or zstd"
        raise UserError(Fault(f"a file compressed by {unread} cannot be read", where=path.name, hint=hint))
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)


@contextmanager
def opened(path: Path, compression: Compression | None) -> Iterator[BinaryIO]:
    """Give the bytes of a file, decompressed.

    Raises:
        UserError: the compressed file is damaged or ends early.

    """
    try:
        with path.open("rb") as file:
            if compression == "gzip":
                yield cast(BinaryIO, gzip.GzipFile(fileobj=file))
            elif compression == "zstd":
                yield cast(BinaryIO, io.BufferedReader(_ZstdReader(file), _CHUNK))
            else:
                yield file
    except (gzip.BadGzipFile, zlib.error, zstandard.ZstdError, EOFError) as error:
        hint = "download or compress it again"
        raise UserError(Fault(f"the compressed file is damaged: {error}", where=path.name, hint=hint)) from error


class _ZstdReader(io.RawIOBase):
    """Decompresses frame after frame; zstandard's own reader does not notice that a file ends early."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unpacker = zstandard.ZstdDecompressor().decompressobj()
        self._has_begun = False
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (any writable buffer)
        while not self._ready:
            packed = (self._unpacker.unused_data if self._unpacker.eof else b"") or self._file.read(_CHUNK)
            if not packed:
                if self._has_begun and not self._unpacker.eof:
                    raise EOFError("it ends before its end was written")
                return 0
            if self._unpacker.eof:
                self._unpacker = zstandard.ZstdDecompressor().decompressobj()
            self._has_begun = True
            self._ready = self._unpacker.decompress(packed)
        num = min(len(buffer), len(self._ready))
        buffer[:num], self._ready = self._ready[:num], self._ready[num:]
        return num


@contextmanager
def text_of(path: Path, *, encoding: str, compression: Compression | None, newline: str) -> Iterator[io.TextIOWrapper]:
    """Give the text of a file, in which `BAD_BYTES` stands for what the encoding does not know."""
    with opened(path, compression) as file:
        text = io.TextIOWrapper(file, encoding=encoding, errors=_MARK_BAD_BYTES, newline=newline)
        yield text
        text.detach()


def encoding_of(path: Path, compression: Compression | None) -> str:
    """Return the encoding that the first bytes of a file show; UTF-8 where they show none."""
    with opened(path, compression) as file:
        start = file.read(_SAMPLE)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    if marked:
        return marked
    # Without a mark it is UTF-16 or UTF-32 where zero bytes stand as in Latin text of either, else UTF-8.
    columns = [start[index::4] for index in range(4)]
    are_zero = tuple(column.count(0) / max(1, len(column)) > 0.6 for column in columns)
    by_zeros: dict[tuple[bool, ...], str] = {
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
    }
    return by_zeros.get(are_zero, "utf-8-sig")
