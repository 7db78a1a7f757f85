"""Files at a URL: fetched once for each version, and there without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec import AbstractFileSystem, register_implementation
from fsspec.implementations.memory import MemoryFileSystem

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.files import Files
from open_thoughts_gen.tables.remote import FOLDER, fetched, is_url
from open_thoughts_gen.types import Question


class Store(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store that counts what is fetched, and can be out of reach."""

    protocol = "toystore"
    num_fetched = 0
    is_down = False

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + str(path).removeprefix("toystore://").strip("/")

    def info(self, path: str, **options: object) -> object:
        if self.is_down:
            raise ConnectionError("no route to the store")
        return super().info(path, **options)

    def get_file(self, *args: object, **options: object) -> None:
        Store.num_fetched += 1
        super().get_file(*args, **options)


@pytest.fixture
def store() -> Iterator[AbstractFileSystem]:
    register_implementation("toystore", Store, clobber=True)
    Store.num_fetched, Store.is_down = 0, False
    store = Store()
    store.pipe({"/box/b.jsonl": b'{"prompt": "b?"}\n', "/box/a.jsonl": b'{"prompt": "a?"}\n'})
    yield store
    store.store.clear()


def drawn(folder: Path, path: str) -> list[str]:
    context = Context(folder=folder, cache=folder / "cache" / "responses.sqlite")
    questions = Files(path=path).fresh(context).questions()
    return [each.prompt for each in questions if isinstance(each, Question)]


def test_files_are_fetched_once_for_each_version(store: AbstractFileSystem, tmp_path: Path) -> None:
    assert drawn(tmp_path, "toystore://box/*.jsonl") == ["a?", "b?"]
    assert Store.num_fetched == 2
    assert drawn(tmp_path, "toystore://box/*.jsonl") == ["a?", "b?"]
    assert Store.num_fetched == 2
    store.pipe("/box/b.jsonl", b'{"prompt": "another?"}\n')
    assert drawn(tmp_path, "toystore://box/*.jsonl") == ["a?", "another?"]
    assert Store.num_fetched == 3
    assert drawn(tmp_path, "toystore://box/a.jsonl") == ["a?"]
    assert list((tmp_path / "cache").iterdir()) == [tmp_path / "cache" / FOLDER]


def test_without_a_network_the_files_of_the_last_run_are_read(store: AbstractFileSystem, tmp_path: Path) -> None:
    assert drawn(tmp_path, "toystore://box/a.jsonl") == ["a?"]
    Store.is_down = True
    assert drawn(tmp_path, "toystore://box/a.jsonl") == ["a?"]
    with pytest.raises(UserError, match="no route to the store"):
        drawn(tmp_path, "toystore://box/b.jsonl")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("toystore://box/*.csv", "no file matches"),
        ("toystore://box/c.jsonl", "there is no file"),
        ("nosuchstore://box/c.jsonl", "cannot be read"),
        ("https://me:secret@example.org/a.jsonl", "must not hold a password"),
    ],
)
def test_what_is_not_there(store: AbstractFileSystem, tmp_path: Path, url: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        fetched(url, tmp_path)
    assert "secret" not in str(caught.value)


def test_paths_of_this_machine_are_no_urls() -> None:
    assert is_url("hf://datasets/a/b.jsonl")
    assert not any(map(is_url, ("a.jsonl", "C:/a.jsonl", "/a:b/*.jsonl")))
