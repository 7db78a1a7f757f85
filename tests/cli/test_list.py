"""The catalogue names every plug-in with a line on it, and its settings as they are declared."""

from __future__ import annotations

import ast
from typing import Literal, Optional, get_args  # noqa: F401  (named in a text below)

import pytest

from open_thoughts_gen import plugin
from open_thoughts_gen.cli import list as listing
from open_thoughts_gen.cli import main, setting_words
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.sources.family import Family


@pytest.mark.parametrize("kind", get_args(plugin.Kind))
def test_every_plugin_has_a_line(kind: plugin.Kind) -> None:
    lines = listing.first_lines(kind)
    assert list(lines) == plugin.names(kind)
    assert all(lines.values())


def test_kinds_are_known_in_the_singular_and_the_plural() -> None:
    assert [listing.kind_of(word) for word in ("family", "families", "filters")] == ["family", "family", "filter"]
    with pytest.raises(UserError, match=r"'filtre' is not a kind of plug-in, .*; did you mean 'filter'"):
        listing.kind_of("filtre")
    with pytest.raises(UserError, match=r"'openai' is a plug-in, not a kind of plug-in; write `list teacher openai`"):
        listing.kind_of("openai")


def test_the_name_of_a_plugin_alone_shows_its_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "teacher", "openai"]) == 0
    of_teacher = capsys.readouterr().out
    assert main(["list", "openai"]) == 0
    assert capsys.readouterr().out == of_teacher
    assert listing.kind_of_plugin("family") is None
    assert main(["list", "xyzzy"]) == 2
    assert "write one of source, teacher, " in capsys.readouterr().err


def test_a_key_of_the_recipe_shows_its_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "publish"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "license" in out
    assert "figure_by list of text [domain]" in out
    assert "(`list publish license` prints all " in out
    assert main(["list", "publish", "license"]) == 0
    assert "zlib" in capsys.readouterr().out
    assert main(["list", "publish", "licence"]) == 2
    assert "publish has no setting 'licence'; did you mean 'license'?" in capsys.readouterr().err
    assert main(["list", "until"]) == 0
    assert "max_attempts whole number required" in " ".join(capsys.readouterr().out.split())


def test_settings_are_read_from_the_file_of_a_plugin_that_cannot_be_imported() -> None:
    settings = {name: rest for name, *rest in listing.settings_in_file("verifier", "reasoning_gym")}
    declared = {name: rest for name, *rest in listing.settings_of(plugin.load("verifier", "reasoning_gym"), "")}
    assert settings
    assert {name: rest[2] for name, rest in settings.items()}.items() <= {n: r[2] for n, r in declared.items()}.items()
    for name in ("vllm", "curator"):
        assert listing.settings_in_file("teacher", name)


def test_a_type_reads_the_same_from_the_class_and_from_its_source() -> None:
    for source, words in (
        ("int | None", "whole number or null"),
        ("bool | Literal['auto', 'hidden']", "one of: true, false, auto, hidden"),
        ("Optional[Literal['csv', 'tsv']]", "one of: csv, tsv, null"),
        ("tuple[Literal['case', 'space'], ...]", "list of case, space"),
        ("dict[str, float]", "map of text to number"),
    ):
        annotation = eval(source)
        assert setting_words.type_in_words(annotation) == words
        assert setting_words.source_in_words(ast.parse(source, mode="eval").body) == words


def test_settings_are_shown_as_they_are_declared() -> None:
    settings = {name: rest for name, *rest in listing.settings_of(Family, "source family")}
    assert settings["family"][:2] == ["text", "required"]
    assert settings["settings"][:2] == ["map of text to any value", "{}"]
    assert settings["limit"] == ["whole number or null", "null", "the most problems to draw, twins not counted"]
